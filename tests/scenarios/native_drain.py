# SPDX-License-Identifier: GPL-2.0-only
"""A flush drains the pcplists while another drain runs.

The kernel skips a drain of all zones while another one runs. tests/slow_drain drains zone
DMA nearly all the time. A flush has to drain the pcplists of zone Movable nevertheless.
"""

import re

from lab import MIB, Guest, check
from lab.guest import balloon

KERNELS: tuple[str, ...] = ()
ALSO = ("lab", "lab-6.1", "lab-7.3")
DRAINS = "/sys/module/slow_drain/parameters/drains"
MOVABLE_MB = 384
HOG_MB = 160
ROUNDS = 4
STRAY = 2 * MIB  # freed between the drain and the reading


def _listed(guest: Guest) -> int:
    """Bytes in the pcplists of zone Movable."""
    said = guest.read("/proc/zoneinfo").split("zone  Movable")[1]
    return sum(int(count) << 12 for count in re.findall(r"^ +count: +(\d+)$", said, re.M))


def _round(guest: Guest) -> tuple[int, int]:
    """Bytes in the pcplists before a flush beside another drain, and after it."""
    guest.sh(f"memhog {HOG_MB} --nohuge --hold 0", 60)
    before = _listed(guest)
    other = guest.start(f"echo 6000 >{DRAINS}")
    guest.sh("sleep 0.3")
    balloon.flush(guest)
    after = _listed(guest)
    check(other.status is None, "the other drain has ended")
    check(not guest.wait(other, 120)[0], "the other drain failed")
    return before, after


def test_native_drain(kernel: str) -> None:
    """Several rounds, as the other drain leaves gaps."""
    with Guest(kernel, memory_mb=640, cpus=2, append=f"movablecore={MOVABLE_MB}M") as guest:
        balloon.load(guest)
        guest.insmod("slow_drain")
        balloon.tune(guest, "drain_mb", 0)
        balloon.flush(guest)
        rounds = [_round(guest) for _ in range(ROUNDS)]
        print("pcplists of zone Movable before a flush and after it, KiB: " +
              ", ".join(f"{before >> 10} {after >> 10}" for before, after in rounds))
        for before, after in rounds:
            check(before > 2 * STRAY, f"only {before >> 10} KiB were in the pcplists")
            check(after <= STRAY, f"{after >> 10} KiB are left in the pcplists")
        guest.finish()
