# SPDX-License-Identifier: GPL-2.0-only
"""Compaction migrates pages of the balloon, and none is lost."""

from lab import Guest, check
from lab.guest.balloon import Balloon, load

KERNELS = ("6.12",)
ALSO = ("6.1", "6.12-arm64")
SIZE_MB = 64
# Every second page of a tmpfs file is freed. So the free pages are scattered, and so is
# the balloon that then allocates them.
FRAGMENT = """dd if=/dev/zero of=/tmp/fill bs=1M count=120 2>/dev/null
scatter /tmp/fill"""


def _compact(balloon: Balloon) -> int:
    """Compact until pages of the balloon have moved. Returns how many."""
    for _ in range(5):
        balloon.guest.sh("echo 1 >/proc/sys/vm/compact_memory", 60)
        moved = balloon.counters()["migrated_pages"]
        if moved:
            break
    return moved


def test_balloon_compaction(kernel: str) -> None:
    """Scatter a balloon over memory, free the memory around it, compact, deflate."""
    with Guest(kernel, memory_mb=320) as guest:
        balloon = load(guest, "floor_mb=16")
        total = guest.sh("grep MemTotal /proc/meminfo")
        guest.sh(FRAGMENT, 60)
        balloon.resize(SIZE_MB)
        guest.sh("rm /tmp/fill")
        moved = _compact(balloon)
        check(moved > 0, "no page of the balloon moved")
        seen = int(guest.sh("grep balloon_migrate /proc/vmstat").split()[1])
        check(seen == moved, f"the kernel counts {seen} migrated pages, the driver {moved}")
        check(balloon.held_mb() == SIZE_MB, f"the balloon has {balloon.held_mb()} MiB")
        balloon.resize(0)
        counted = balloon.counters()
        check(counted["inflated_pages"] == counted["deflated_pages"] == SIZE_MB * 256,
              f"not all inflated pages were deflated: {counted}")
        check(guest.sh("grep MemTotal /proc/meminfo") == total, "MemTotal has changed")
        guest.finish()
