# SPDX-License-Identifier: GPL-2.0-only
"""Pages of the balloon move when memory is compacted, and none is lost."""

from lab import Guest, check
from lab.balloon import Balloon, load

KERNELS = ("6.12",)
ALSO = ("6.1",)
SIZE_MB = 64
# Every second page of a tmpfs file is given back: the free pages that are left
# are scattered, and so is the balloon that then takes them.
FRAGMENT = """dd if=/dev/zero of=/tmp/fill bs=1M count=120 2>/dev/null
scatter /tmp/fill"""


def _compact(balloon: Balloon) -> int:
    """Compact until some pages have moved; how many did."""
    for _ in range(5):
        balloon.guest.sh("echo 1 >/proc/sys/vm/compact_memory", 60)
        moved = balloon.counters()["migrated_pages"]
        if moved:
            break
    return moved


def run(kernel: str) -> None:
    """Scatter a balloon over memory, free memory around it, compact, deflate."""
    with Guest(kernel, memory_mb=320) as guest:
        balloon = load(guest, "floor_mb=16")
        total = guest.sh("grep MemTotal /proc/meminfo")
        guest.sh(FRAGMENT, 60)
        balloon.resize(SIZE_MB)
        guest.sh("rm /tmp/fill")
        moved = _compact(balloon)
        check(moved > 0, "no page of the balloon moved")
        seen = int(guest.sh("grep balloon_migrate /proc/vmstat").split()[1])
        check(seen == moved, f"the kernel counts {seen} moved pages, we {moved}")
        check(balloon.held_mb() == SIZE_MB, f"the balloon has {balloon.held_mb()} MiB")
        balloon.resize(0)
        counted = balloon.counters()
        check(counted["inflated_pages"] == counted["deflated_pages"] == SIZE_MB * 256,
              f"in and out differ: {counted}")
        check(guest.sh("grep MemTotal /proc/meminfo") == total, "MemTotal is not what it was")
        guest.finish()
