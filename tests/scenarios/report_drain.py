# SPDX-License-Identifier: GPL-2.0-only
"""The pacer drains the pcplists once a busy guest is idle.

Guards: the engine for stock kernels drains them without the companion patch. drain_mb=0 leaves
them alone. A flush drains them, and the host reclaims the memory. How much a program leaves in
the pcplists depends on preemption, and the kernel drains them, too. So a check may take several
attempts.
"""

import time

from lab import MIB, Guest, check
from lab.guest import balloon

KERNELS = ("lab",)
ALSO = ("6.12", "lab-7.3")
CHURN = "churn 64 5 --nohuge"  # with huge pages 0 to 60 MiB are left
DRAIN_MB = f"{balloon.PARAMETERS}/drain_mb"
QUIET = 2.0  # seconds, more than the pacer needs
WAIT = 10.0  # seconds
LEFT = 16 * MIB  # twice drain_mb
TRIES = 5


def _drains(guest: Guest) -> int:
    return balloon.hooks(guest)["pcp_drains"]


def _churn(guest: Guest) -> tuple[int, int]:
    """Bytes in the pcplists at the end of a churn, and drains until then."""
    said = guest.sh(f"{CHURN} >/dev/null; cat {balloon.HOOKS}/pcp_drains; "
                    f"{balloon.LISTED}", 60)
    drains, _, listed = said.partition("\n")
    return balloon.parse_listed(listed), int(drains)


def _churn_leaves(guest: Guest) -> None:
    """Churn until the pcplists hold enough."""
    left = [0]
    while left[-1] < LEFT and len(left) <= TRIES:
        left.append(_churn(guest)[0])
    print(f"{[each // MIB for each in left[1:]]} MiB are in the pcplists after a churn")
    check(left[-1] >= LEFT, "churns leave nothing to drain")


def _check_empties(guest: Guest) -> None:
    """A drain follows one of the churns and leaves nothing."""
    for _ in range(TRIES):
        left, before = _churn(guest)
        until = time.monotonic() + WAIT
        while left >= LEFT and time.monotonic() < until:
            if _drains(guest) > before and balloon.listed_bytes(guest) < left // 2:
                return
            time.sleep(0.1)
        print(f"{left // MIB} MiB, not drained")
    check(False, "the pcplists are not drained")


def test_report_drain(kernel: str) -> None:
    """Left alone, drained by a flush, drained by the pacer."""
    with Guest(kernel, memory_mb=768) as guest:
        guest.insmod("mm_hooks", "engine=page_reporting", "drain_mb=0")
        guest.insmod(balloon.OURS)
        _churn_leaves(guest)
        time.sleep(QUIET)
        check(_drains(guest) == 0, "drain_mb=0 was not obeyed")
        _churn_leaves(guest)
        balloon.flush(guest)
        check(_drains(guest) == 1, "a flush did not drain the pcplists")
        listed = balloon.listed_bytes(guest)
        check(listed < 8 * MIB, f"{listed} bytes are in the pcplists after a flush")
        guest.write(DRAIN_MB, "8")
        _check_empties(guest)
        balloon.flush(guest)
        check(balloon.hooks(guest)["report_errors"] == 0, "a report failed")
        guest.finish()
