# SPDX-License-Identifier: GPL-2.0-only
"""What reporting costs the guest: instructions, in a guest of 1 GiB and one of 16 GiB

QEMU counts instructions (-icount shift=0,sleep=off): nanoseconds in the guest are
instructions. Counted is what the kernel's workers run in a window of guest time, the
same window of an idle guest subtracted. First all free memory is reported; then 512 MiB
are used and freed, and then 64 MiB: a pass should cost what is new, not what is known.
The lock is the longest section of zone->lock in the last part, as the native engine
times it.
"""

from lab import Guest
from lab.bench import Metric
from lab.measure import NATIVE, OURS, STOCK, load

KERNELS = ("6.12",)
VARIANTS = (STOCK, OURS)
SIZES_GIB = (1, 16)
METRICS = (
    *(Metric(f"gib_{size}", f"{size} GiB guest: for each GiB reported", "instructions",
             plot=True, digits=0, native_ratio_most=0.5) for size in SIZES_GIB),
    *(Metric(f"part_{size}", f"{size} GiB guest: 64 MiB freed, the rest known", "instructions",
             plot=True, digits=0, native_ratio_most=1) for size in SIZES_GIB),
    *(Metric(f"lock_{size}", f"{size} GiB guest: longest section of zone->lock", "instructions",
             digits=0) for size in SIZES_GIB),
)
HELD_MIB, PART_MIB = 512, 64
WINDOW = 12  # seconds of guest time: several passes of the stock driver
REPORT_ALL = 120
LOCK = "/sys/kernel/mm_hooks/native/longest_lock_ns"


def _workers(target: Guest) -> int:
    """Instructions of the kernel's workers so far."""
    return int(target.sh("cat $(grep -l '^kworker' /proc/[0-9]*/comm | sed s/comm/schedstat/) "
                         "2>/dev/null | awk '{s += $1} END {printf \"%.0f\", s}'"))


def _window(target: Guest, command: str) -> int:
    """Instructions of the workers from a command on."""
    before = _workers(target)
    target.sh(f"{command}; sleep {WINDOW}", 300)
    return _workers(target) - before


def _freed(target: Guest, mib: int, idle: int) -> int:
    """Instructions that freeing so much causes."""
    held = "/sys/module/filler/parameters/mib"
    target.sh(f"echo {mib} >{held}; sleep {WINDOW}", 300)
    return _window(target, f"echo 0 >{held}") - idle


def _one(kernel: str, variant: str, size_gib: int) -> dict[str, float]:
    with Guest(kernel, memory_mb=size_gib * 1024, ours=True, icount=True,
               boot_timeout=300, lifetime=900) as target:
        load(target, variant)
        target.insmod("filler")
        target.sh(f"sleep {REPORT_ALL}", 300)
        idle = _window(target, "true")
        whole = _freed(target, HELD_MIB, idle)
        if variant == NATIVE:
            target.write(LOCK, "0")
        values = {f"gib_{size_gib}": whole * 1024 / HELD_MIB,
                  f"part_{size_gib}": float(_freed(target, PART_MIB, idle))}
        if variant == NATIVE:
            values[f"lock_{size_gib}"] = float(target.read(LOCK))
        return values


def run(kernel: str, variant: str, quick: bool) -> dict[str, float]:
    """A small guest and a large one."""
    values: dict[str, float] = {}
    for size in SIZES_GIB[:1] if quick else SIZES_GIB:
        values |= _one(kernel, variant, size)
    return values
