# SPDX-License-Identifier: GPL-2.0-only
"""What a busy program leaves in the lists of the processors is emptied out, once it is quiet.

Guards: the in-tree engine empties them without the companion patch, drain_mb=0 leaves
them alone, a flush empties them, and the memory comes back. How much a program leaves there
depends on when it is interrupted, and the kernel lets go of it too: so it may take several.
"""

import time

from lab import MIB, Guest, balloon, check

KERNELS = ("lab",)
ALSO = ("6.12", "lab-7.3")
CHURN = "churn 64 5 --nohuge"  # huge pages leave something between nothing and 60 MiB
DRAIN_MB = f"{balloon.PARAMETERS}/drain_mb"
QUIET = 2.0  # seconds, more than the pacer asks for
WAIT = 10.0  # seconds
LEFT = 16 * MIB  # twice drain_mb
TRIES = 5


def _drains(guest: Guest) -> int:
    return balloon.hooks(guest)["pcp_drains"]


def _churn(guest: Guest) -> tuple[int, int]:
    """Bytes in the lists at the end of a churn, and drains until then."""
    said = guest.sh(f"{CHURN} >/dev/null; cat {balloon.HOOKS}/pcp_drains; "
                    f"{balloon.LISTED}", 60)
    drains, _, listed = said.partition("\n")
    return balloon.parse_listed(listed), int(drains)


def _churn_leaves(guest: Guest) -> None:
    """Churn until something is left in the lists."""
    left = [0]
    while left[-1] < LEFT and len(left) <= TRIES:
        left.append(_churn(guest)[0])
    print(f"{[each // MIB for each in left[1:]]} MiB are in the lists after a churn")
    check(left[-1] >= LEFT, "churns leave nothing to empty")


def _check_empties(guest: Guest) -> None:
    """One of the churns is followed by a drain, and nothing is left."""
    for _ in range(TRIES):
        left, before = _churn(guest)
        until = time.monotonic() + WAIT
        while left >= LEFT and time.monotonic() < until:
            if _drains(guest) > before and balloon.listed_bytes(guest) < left // 2:
                return
            time.sleep(0.1)
        print(f"{left // MIB} MiB, of which nothing was emptied")
    check(False, "the lists are not emptied")


def run(kernel: str) -> None:
    """Left alone, emptied by a flush, emptied by itself."""
    with Guest(kernel, memory_mb=768) as guest:
        guest.insmod("mm_hooks", "engine=intree", "drain_mb=0")
        guest.insmod(balloon.OURS)
        _churn_leaves(guest)
        time.sleep(QUIET)
        check(_drains(guest) == 0, "drain_mb=0 was not obeyed")
        _churn_leaves(guest)
        balloon.flush(guest)
        check(_drains(guest) == 1, "a flush did not empty the lists")
        listed = balloon.listed_bytes(guest)
        check(listed < 8 * MIB, f"{listed} bytes are in the lists after a flush")
        guest.write(DRAIN_MB, "8")
        _check_empties(guest)
        balloon.flush(guest)
        check(balloon.hooks(guest)["report_errors"] == 0, "a report failed")
        guest.finish()
