# SPDX-License-Identifier: GPL-2.0-only
"""kvmclock_fix follows the kernel's raw clock exactly, also under load."""

from lab import Guest, check

KERNELS = ("6.1",)
ALSO = ("lab", "6.12", "5.10")
CLOCK = "/sys/kernel/kvmclock_fix"
SOURCE = "/sys/devices/system/clocksource/clocksource0"


def _number(guest: Guest, name: str) -> int:
    return int(guest.read(f"{CLOCK}/{name}"))


def _check_tsc(guest: Guest) -> None:
    """Each reading lies between two readings of the kernel's own clock."""
    check(guest.read(f"{CLOCK}/vclock_mode") == "tsc", "not on the TSC")
    load = guest.start("churn 16 20")
    print(guest.sh(f"rawclock {CLOCK} 3000", 120))
    guest.wait(load)
    updates = _number(guest, "snapshot_updates")
    guest.sh("sleep 1")
    check(_number(guest, "snapshot_updates") > updates, "no updates")
    check(_number(guest, "raw_mult") > 0 and _number(guest, "raw_shift") > 0, "mult or shift")


def _check_other(guest: Guest) -> None:
    """On another clocksource the clock stands between two updates of the timekeeper."""
    others = [name for name in guest.read(f"{SOURCE}/available_clocksource").split()
              if name in ("hpet", "acpi_pm")]
    check(others, "there is no other clocksource")
    guest.write(f"{SOURCE}/current_clocksource", others[0])
    guest.poll("the other clocksource", lambda: guest.read(f"{CLOCK}/vclock_mode") == "other", 20)
    first = _number(guest, "raw_ns")
    guest.sh("sleep 1")
    check(_number(guest, "raw_ns") > first, "the clock does not advance")


def test_clock_snapshot(kernel: str) -> None:
    """On the TSC, on another clocksource, then unloaded."""
    with Guest(kernel, memory_mb=256, balloon=None, cpu="max,la57=off,+invtsc",
               append="clocksource=tsc tsc=reliable") as guest:
        guest.insmod("mm_hooks")
        guest.insmod("kvmclock_fix")
        _check_tsc(guest)
        _check_other(guest)
        guest.finish()
        check(guest.try_sh(f"test -e {CLOCK}")[0], "its folder is still there")
