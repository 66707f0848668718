# SPDX-License-Identifier: GPL-2.0-only
"""Lines that a kernel log must not contain."""

import re

# Extended regular expressions, for grep -E in the guest and for re here.
BAD = (
    r"WARNING: ", r"BUG: ", r"kernel BUG at", r"Oops[: ]", r"Kernel panic",
    r"general protection fault", r"Unable to handle kernel", r"KASAN: ", r"UBSAN: ",
    r"possible recursive locking", r"possible circular locking", r"suspicious RCU",
    r"inconsistent lock state", r"bad unlock balance", r"held lock freed",
    r"scheduling while atomic", r"sleeping function called", r"Bad page state",
    r"INFO: task .* blocked", r"rcu.*detected .*stall", r"soft lockup",
    r"workqueue lockup", r"ODEBUG: ", r"list_(add|del) corruption", r"refcount_t: ",
    r"kmemleak: [0-9]+ new suspected", r"page allocation failure",
    r"pagealloc: (memory corruption|single bit error)",
    r"turning off the locking correctness validator",
)
# Lines of kernels about themselves or the machine.
HARMLESS = (
    r"Unprivileged eBPF is enabled",
    r"Spectre V2 : WARNING",
)


def bad_lines(log: str, allowed: tuple[str, ...] = ()) -> list[str]:
    """The lines of a kernel log that no scenario may cause."""
    bad = re.compile("|".join(BAD))
    fine = re.compile("|".join(HARMLESS + allowed))
    return [line for line in log.splitlines()
            if bad.search(line) and not fine.search(line)]
