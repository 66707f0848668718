# SPDX-License-Identifier: GPL-2.0-only
"""The balloon follows its target, stops at the guest's floor, and waits there calmly."""

import re
import time

from lab import MIB, Guest, balloon, check

KERNELS = ("6.12",)
ALSO = ("6.1", "5.10", "lab-7.3")
SIZE_MB = 192
FLOOR_MB = 96
# Clock ticks (a hundredth of a second) of all kworkers.
KWORKERS = ("cat /proc/[0-9]*/stat 2>/dev/null | grep '(kworker' | "
            "awk '{ sum += $(NF - 37) + $(NF - 38) } END { print sum + 0 }'")


def _meminfo(guest: Guest, name: str) -> int:
    """MiB of a line in /proc/meminfo."""
    found = re.search(rf"^{name}: +(\d+) kB", guest.read("/proc/meminfo"), re.M)
    return int(found[1]) // 1024 if found else -1


def _check_counted(guest: Guest, size_mb: int) -> None:
    """The kernel counts the balloon's pages as the driver does, where it has a line for it."""
    counted = _meminfo(guest, "Balloon")
    check(counted in (size_mb, -1), f"/proc/meminfo counts {counted} of {size_mb} MiB")


def _check_size(guest: Guest, device: balloon.Balloon, total: int) -> None:
    """Inflate, look at both sides, deflate in two steps."""
    guest.sh(f"memhog {SIZE_MB} --hold 0", 60)  # so that the host has it to lose
    used = guest.rss_bytes()
    device.resize(SIZE_MB)
    check(total - _meminfo(guest, "MemTotal") == SIZE_MB, "MemTotal does not follow the balloon")
    _check_counted(guest, SIZE_MB)
    freed = (used - guest.rss_bytes()) // MIB
    check(freed > SIZE_MB // 2, f"the host has got {freed} MiB back")
    seen = device.counters()
    for name in ("actual_pages", "target_pages", "asked_pages", "inflated_pages"):
        check(seen[name] == SIZE_MB * 256, f"{name} is {seen[name]}")
    device.resize(SIZE_MB // 2)
    device.resize(0)
    _check_counted(guest, 0)
    seen = device.counters()
    check(seen["deflated_pages"] == SIZE_MB * 256, f"counters after deflation: {seen}")
    check(_meminfo(guest, "MemTotal") == total, "MemTotal is not what it was")


def _check_floor(guest: Guest, device: balloon.Balloon) -> None:
    """More than there is: it stops, and asks the CPU for next to nothing."""
    device.ask(guest.machine.memory_mb - 4)
    guest.poll("the line about the floor",
               lambda: "the guest has no more to give" in guest.sh("dmesg"), 60, 0.5)
    # Less is left while a try is under way.
    guest.poll(f"floor_mb={FLOOR_MB} is left", lambda: FLOOR_MB * 0.7 <
               _meminfo(guest, "MemAvailable") < FLOOR_MB * 1.5, 30, 0.2)
    before = device.counters()["alloc_failures"], int(guest.sh(KWORKERS))
    time.sleep(4)
    tries = device.counters()["alloc_failures"] - before[0]
    check(tries <= 8, f"{tries} attempts in 4 s")
    ticks = int(guest.sh(KWORKERS)) - before[1]
    check(ticks < 100, f"kworkers ran for {ticks} of 400 ticks")
    check("oom_kill 0" in guest.read("/proc/vmstat"), "the guest killed a process")


def _check_lower_floor(guest: Guest, device: balloon.Balloon) -> None:
    """floor_mb can be changed while loaded; the next request finds it."""
    held = device.held_mb()
    guest.write("/sys/module/balloon_report/parameters/floor_mb", str(FLOOR_MB // 2))
    device.ask(guest.machine.memory_mb - 4)
    guest.poll("a larger balloon", lambda: device.held_mb() >= held + FLOOR_MB // 3, 30, 0.5)


def run(kernel: str) -> None:
    """One guest through all sizes."""
    with Guest(kernel, memory_mb=512, balloon=()) as guest:  # reporting would be first
        device = balloon.load(guest, f"floor_mb={FLOOR_MB}")
        total = _meminfo(guest, "MemTotal")
        _check_size(guest, device, total)
        _check_floor(guest, device)
        _check_lower_floor(guest, device)
        device.resize(0)
        check(_meminfo(guest, "MemTotal") == total, "MemTotal is not what it was")
        guest.finish()
