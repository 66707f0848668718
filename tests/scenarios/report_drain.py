# SPDX-License-Identifier: GPL-2.0-only
"""What a busy program leaves in the lists of the processors is emptied out, once it is quiet.

Guards: the in-tree engine empties them without the companion patch, drain_mb=0 leaves
them alone, a flush empties them, and the memory comes back.
"""

import time

from lab import MIB, Guest, balloon, check

KERNELS = ("lab",)
ALSO = ("6.12", "lab-7.3")
PARAMETERS = "/sys/module/mm_hooks/parameters"
CHURN_MB = 200
SECONDS = 8
DRAIN_MB = f"{PARAMETERS}/drain_mb"
QUIET = 2.0  # seconds, more than the pacer asks for


def _drains(guest: Guest) -> int:
    return balloon.hooks(guest)["pcp_drains"]


def _churn(guest: Guest) -> int:
    """Bytes in the lists at the end of a churn."""
    guest.sh(f"churn {CHURN_MB} {SECONDS}", 60)
    return balloon.listed_bytes(guest)


def run(kernel: str) -> None:
    """Left alone, emptied by a flush, emptied by itself."""
    with Guest(kernel, memory_mb=768) as guest:
        guest.insmod("mm_hooks", "engine=intree", "drain_mb=0")
        guest.insmod(balloon.OURS)
        left = _churn(guest)
        print(f"{left // MIB} MiB are in the lists after a churn")
        check(left > 8 * MIB, "the churn leaves nothing to empty")
        time.sleep(QUIET)
        check(_drains(guest) == 0, "drain_mb=0 was not obeyed")
        _churn(guest)
        balloon.flush(guest)
        check(_drains(guest) == 1, "a flush did not empty the lists")
        check(balloon.listed_bytes(guest) < 8 * MIB, f"{balloon.listed_bytes(guest)} bytes are in the lists after a flush")
        guest.write(DRAIN_MB, "8")
        said = guest.sh(f"churn {CHURN_MB} {SECONDS} && cat {balloon.HOOKS}/pcp_drains", 60)
        before = int(said.split()[-1])
        guest.poll("the lists to be emptied",
                   lambda: _drains(guest) > before and balloon.listed_bytes(guest) < left // 2, 30, 0.1)
        balloon.flush(guest)
        check(balloon.hooks(guest)["report_errors"] == 0, "a report failed")
        guest.finish()
