# SPDX-License-Identifier: GPL-2.0-only
"""A guest that hints its free pages migrates to a second QEMU and goes on there.

Guards: allocated memory arrives intact although the guest writes all the time. The hinted
blocks are free again. The balloon and reporting work at the destination. Both ends run
Debian 13's QEMU: under TCG, 7.2 loses pages of a guest with either driver.
"""

from lab import MIB, Guest, check
from lab.guest import balloon, newqemu

KERNELS = ("6.12",)
HELD_MB = 96
FREED_MB = 224
BANDWIDTH = 64 * MIB
BALLOON = ("free-page-hint=on", "free-page-reporting=on", "iothread=io0")


def _prepare(guest: Guest) -> None:
    """Hold a pattern, write all the time, have much free memory that is not zero."""
    guest.insmod("mm_hooks", "delay_ms=60000")  # free memory stays unreported until it is hinted
    guest.insmod(balloon.OURS)
    balloon.hold_pattern(guest, HELD_MB)
    guest.sh(f"memhog {FREED_MB} --hold 0", 60)
    guest.start("churn 4 1000 --nohuge --pause 5")


def _check_arrived(guest: Guest) -> None:
    device = balloon.Balloon(guest)
    balloon.check_pattern(guest)
    guest.sh("killall churn")
    seen = device.counters()
    print(f"{seen['hint_blocks']} blocks hinted")
    check(seen["hint_blocks"] * 4 > FREED_MB // 2, f"hinted: {seen}")
    guest.poll("the hinted blocks are free again",
               lambda: device.counters()["hint_retained_pages"] == 0, 30, 0.2)
    device.resize(64)
    device.resize(0)
    balloon.tune(guest, "delay_ms", 100)
    before = balloon.hooks(guest)["reported_bytes"]
    guest.sh(f"memhog {FREED_MB} --hold 0", 60)
    balloon.flush(guest)
    check(balloon.hooks(guest)["reported_bytes"] > before, "nothing is reported any more")


def test_balloon_migrate(kernel: str) -> None:
    """Migrate the guest and check it at the destination."""
    with Guest(kernel, memory_mb=512, balloon=BALLOON, qemu=newqemu.command()) as source:
        _prepare(source)
        with source.migrate(max_bandwidth=BANDWIDTH) as guest:
            moved = guest.migration["ram"]
            print(f"moved {moved['normal'] * 4 // 1024} MiB in "
                  f"{moved['dirty-sync-count']} rounds")
            _check_arrived(guest)
            guest.finish()
