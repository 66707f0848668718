# SPDX-License-Identifier: GPL-2.0-only
"""The balloon follows its target, stops at the guest's floor, and is idle there."""

import re
import time

from lab import MIB, Guest, check
from lab.benches.measure import cpu_seconds
from lab.guest import balloon

KERNELS = ("6.12",)
ALSO = ("6.1", "5.10", "lab-7.3", "6.12-arm64", "lab-arm64")
SIZE_MB = 192
FLOOR_MB = 96
ATTEMPTS = 6
CALM_S = 1.5
WINDOW_S = 4
SHARE = 0.25  # of a CPU, for the whole guest


def _meminfo(guest: Guest, name: str) -> int:
    """MiB of a line in /proc/meminfo."""
    found = re.search(rf"^{name}: +(\d+) kB", guest.read("/proc/meminfo"), re.M)
    return int(found[1]) // 1024 if found else -1


def _check_counted(guest: Guest, size_mb: int) -> None:
    """/proc/meminfo, where it has a Balloon line, counts the pages of the driver."""
    counted = _meminfo(guest, "Balloon")
    check(counted in (size_mb, -1), f"/proc/meminfo counts {counted} of {size_mb} MiB")


def _check_size(guest: Guest, device: balloon.Balloon, total: int) -> None:
    """Inflate, check guest and host, deflate in two steps."""
    guest.sh(f"memhog {SIZE_MB} --hold 0", 60)  # backed, so that inflation frees it
    used = guest.rss_bytes()
    device.resize(SIZE_MB)
    check(total - _meminfo(guest, "MemTotal") == SIZE_MB, "MemTotal does not follow the balloon")
    _check_counted(guest, SIZE_MB)
    freed = (used - guest.rss_bytes()) // MIB
    check(freed > SIZE_MB // 2, f"the host has reclaimed {freed} MiB")
    seen = device.counters()
    for name in ("actual_pages", "target_pages", "num_pages", "inflated_pages"):
        check(seen[name] == SIZE_MB * 256, f"{name} is {seen[name]}")
    device.resize(SIZE_MB // 2)
    device.resize(0)
    _check_counted(guest, 0)
    seen = device.counters()
    check(seen["deflated_pages"] == SIZE_MB * 256, f"counters after deflation: {seen}")
    check(_meminfo(guest, "MemTotal") == total, "MemTotal has changed")


def _calm_attempts(guest: Guest, device: balloon.Balloon) -> int:
    """Wait until no attempt follows for CALM_S.  Return the failed attempts until then."""
    seen = [(0, 0.0)]

    def is_calm() -> bool:
        failed, now = device.counters()["alloc_failures"], time.monotonic()
        if failed != seen[0][0]:
            seen[0] = (failed, now)
        return failed >= 2 and now - seen[0][1] >= CALM_S

    guest.poll("a long wait after the failed attempts", is_calm, 60, 0.2)
    return seen[0][0]


def _check_floor(guest: Guest, device: balloon.Balloon) -> None:
    """A target above the guest's memory: inflation stops and uses little CPU time."""
    device.ask(guest.machine.memory_mb - 4)
    guest.poll("the line about the floor",
               lambda: "inflation stopped at" in guest.sh("dmesg"), 60, 0.5)
    # Less is available during an attempt.
    guest.poll(f"floor_mb={FLOOR_MB} is left", lambda: FLOOR_MB * 0.7 <
               _meminfo(guest, "MemAvailable") < FLOOR_MB * 1.5, 30, 0.2)
    # A run that reclaims enough for the reserve begins a new row of short waits.
    before = _calm_attempts(guest, device)
    check(before <= ATTEMPTS, f"{before} failed attempts before the wait was long")
    # The guest's own clock runs on where QEMU waits for a CPU of a busy host.
    used = cpu_seconds(guest.process.pid)
    time.sleep(WINDOW_S)
    used = cpu_seconds(guest.process.pid) - used
    tries = device.counters()["alloc_failures"] - before
    print(f"{tries} attempts and {used:.1f} s of a CPU in {WINDOW_S} s")
    check(tries <= 1, f"{tries} attempts in {WINDOW_S} s")
    check(used < SHARE * WINDOW_S, f"the guest ran for {used:.1f} of {WINDOW_S} s")
    check("oom_kill 0" in guest.read("/proc/vmstat"), "the guest killed a process")


def _check_lower_floor(guest: Guest, device: balloon.Balloon) -> None:
    """A write to floor_mb takes effect at the next request."""
    held = device.held_mb()
    guest.write("/sys/module/balloon_report/parameters/floor_mb", str(FLOOR_MB // 2))
    device.ask(guest.machine.memory_mb - 4)
    guest.poll("a larger balloon", lambda: device.held_mb() >= held + FLOOR_MB // 3, 30, 0.5)


def test_balloon_resize(kernel: str) -> None:
    """One guest, all sizes."""
    with Guest(kernel, memory_mb=512, balloon=()) as guest:  # without reporting
        device = balloon.load(guest, f"floor_mb={FLOOR_MB}")
        total = _meminfo(guest, "MemTotal")
        _check_size(guest, device, total)
        _check_floor(guest, device)
        _check_lower_floor(guest, device)
        device.resize(0)
        check(_meminfo(guest, "MemTotal") == total, "MemTotal has changed")
        guest.finish()
