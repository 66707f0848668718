# SPDX-License-Identifier: GPL-2.0-only
"""A guest out of memory takes it from the balloon and kills nobody."""

import re

from lab import Guest, balloon, check

KERNELS = ("6.12",)
ALSO = ("6.1",)
SIZE_MB = 192
BEYOND_MB = 96


def _meminfo(guest: Guest, name: str) -> int:
    found = re.search(rf"^{name}: +(\d+) kB", guest.read("/proc/meminfo"), re.M)
    return int(found[1]) // 1024 if found else -1


def run(kernel: str) -> None:
    """A program takes more than the balloon has left."""
    with Guest(kernel, memory_mb=448,
               balloon=("free-page-reporting=on", "deflate-on-oom=on")) as guest:
        device = balloon.load(guest, "oom_mb=8")
        total = _meminfo(guest, "MemTotal")
        device.resize(SIZE_MB)
        check(_meminfo(guest, "MemTotal") == total,
              "MemTotal follows the balloon although the guest may take it back")
        want = _meminfo(guest, "MemAvailable") + BEYOND_MB
        said = guest.sh(f"memhog {want} --hold 0", 120)
        check(f"freed {want}" in said, f"memhog said: {said}")
        check("oom_kill 0" in guest.read("/proc/vmstat"), "a process was killed")
        seen = device.counters()
        taken = seen["oom_deflated_pages"]
        check(taken > BEYOND_MB * 256 // 2, f"taken from the balloon: {seen}")
        check(taken <= seen["deflated_pages"], f"more than was deflated: {seen}")
        check(seen["actual_pages"] == SIZE_MB * 256 - taken, f"the balloon's size: {seen}")
        check(device.host_mb() == device.held_mb(), "the host was not told the size")
        device.resize(SIZE_MB)  # what the host asks for again, it gets again
        guest.finish()
