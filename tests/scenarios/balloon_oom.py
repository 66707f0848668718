# SPDX-License-Identifier: GPL-2.0-only
"""A guest that runs out of memory deflates the balloon instead of killing a process."""

import re

from lab import Guest, check
from lab.guest import balloon

KERNELS = ("6.12",)
ALSO = ("6.1",)
SIZE_MB = 192
BEYOND_MB = 96


def _meminfo(guest: Guest, name: str) -> int:
    found = re.search(rf"^{name}: +(\d+) kB", guest.read("/proc/meminfo"), re.M)
    return int(found[1]) // 1024 if found else -1


def test_balloon_oom(kernel: str) -> None:
    """A program allocates more than the balloon has left."""
    with Guest(kernel, memory_mb=448,
               balloon=("free-page-reporting=on", "deflate-on-oom=on")) as guest:
        device = balloon.load(guest, "oom_mb=8")
        total = _meminfo(guest, "MemTotal")
        device.resize(SIZE_MB)
        check(_meminfo(guest, "MemTotal") == total,
              "MemTotal follows the balloon although DEFLATE_ON_OOM is on")
        want = _meminfo(guest, "MemAvailable") + BEYOND_MB
        said = guest.sh(f"memhog {want} --hold 0", 120)
        check(f"freed {want}" in said, f"memhog said: {said}")
        check("oom_kill 0" in guest.read("/proc/vmstat"), "a process was killed")
        seen = device.counters()
        taken = seen["oom_deflated_pages"]
        check(taken > BEYOND_MB * 256 // 2, f"deflated in the OOM notifier: {seen}")
        check(taken <= seen["deflated_pages"], f"more than all deflation: {seen}")
        check(seen["actual_pages"] == SIZE_MB * 256 - taken, f"the balloon's size: {seen}")
        check(device.host_mb() == device.held_mb(), "the device was not told the size")
        device.resize(SIZE_MB)  # the balloon can grow to its target again
        guest.finish()
