# SPDX-License-Identifier: GPL-2.0-only
"""The pacer drains the pcplists after their use, and not during it.

The guest counts instructions, so its work in a second is the same on any machine.
"""

import pytest

from lab import MIB, Guest, check
from lab.guest import balloon

KERNELS = ("lab",)
ALSO = ("lab-6.1", "lab-7.3", "lab-arm64")
TIMEOUT = 500
pytestmark = pytest.mark.timeout(TIMEOUT)
# A loop that allocates 32 MiB from the pcplists page by page and frees them.
LOOP = "pagefault file 1 20 32"
COUNTERS = ("pcp_drains", "checks")


def _use(guest: Guest) -> None:
    """Run the loop, during which no drain runs."""
    files = " ".join(f"{balloon.HOOKS}/{name}" for name in COUNTERS)
    lines = guest.sh(f"cat {files}; {LOOP}; cat {files}", 300).splitlines()
    drains, checks = (int(after) - int(before)
                      for before, after in zip(lines[:2], lines[-2:], strict=True))
    print(f"{lines[2]}: {checks} checks of the pacer, {drains} drains")
    check(checks > 0, "the pacer had nothing to decide")
    check(drains == 0, f"the pcplists were drained {drains} times while in use")


def test_native_lists(kernel: str) -> None:
    """In use, then idle."""
    with Guest(kernel, memory_mb=768, icount=True, boot_timeout=300,
               lifetime=TIMEOUT) as guest:
        guest.insmod("mm_hooks", "engine=native")
        guest.insmod(balloon.OURS)
        _use(guest)
        held = balloon.listed_bytes(guest)
        guest.poll("the drain",
                   lambda: balloon.listed_bytes(guest) < 8 * MIB, 60, 0.5)
        drains = balloon.hooks(guest)["pcp_drains"]
        print(f"{held // MIB} MiB in the pcplists after the loop, then {drains} drains")
        check(held < 8 * MIB or drains > 0, "the pcplists were emptied without a drain")
        check(balloon.hooks(guest)["report_errors"] == 0, "a report failed")
        guest.finish()
