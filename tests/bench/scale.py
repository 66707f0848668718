# SPDX-License-Identifier: GPL-2.0-only
"""Large guests: what one freed block costs in a guest of 1, 64 and 256 GiB

For kernels with the companion patch (--kernel bench). Instructions as in engine.py. All free
memory is reported, then one block is freed again and again. A pass should cost the unreported
memory, whatever the guest's size is. The host backs the memory that the guest touches: of 256 GiB
that are the 4 GiB of its memory map. The memory that the modules take is the fall of MemFree from
before they are loaded until all is reported.
"""

from engine import CALM, LOCK, freeing
from lab import Guest
from lab.benches.bench import Metric
from lab.benches.measure import OURS, STOCK, by_size, is_native, load
from lab.hosts.fakehost import meminfo

KERNELS = ()
VARIANTS = (STOCK, OURS)
SIZES_GIB = (1, 64, 256)
SMALLEST, LARGEST = SIZES_GIB[0], SIZES_GIB[-1]
BLOCK_MIB = 4
MOST = 3600  # seconds of guest time to report all
METRICS = (
    *(Metric(f"block_{size}", f"{size} GiB guest: one block of {BLOCK_MIB} MiB freed",
             "instructions", plot=True, digits=0) for size in SIZES_GIB),
    Metric("growth", "that, the largest guest against the smallest", "times", native_most=1.05),
    *(Metric(f"lock_{size}", f"{size} GiB guest: longest section of zone->lock", "instructions",
             digits=0) for size in SIZES_GIB),
    Metric("lock_growth", "that, the largest guest against the smallest", "times",
           native_most=1.05),
    *(Metric(f"taken_{size}", f"{size} GiB guest: memory that the modules take", "MiB", digits=1)
      for size in SIZES_GIB),
)


def _report_all(target: Guest) -> None:
    """Wait as long as the stock driver takes, which reports 256 MiB every two seconds."""
    seconds = min(MOST, target.machine.memory_mb // 256 * 2 + 60)
    target.sh(f"sleep {seconds}", 1800)


def _one(kernel: str, variant: str, size_gib: int) -> dict[str, float]:
    """A guest of this size."""
    with Guest(kernel, memory_mb=size_gib * 1024, ours=True, icount=True, boot_timeout=900,
               lifetime=3600) as target:
        target.insmod("filler")
        target.sh(f"sleep {CALM}", 300)
        without, _ = freeing(target, BLOCK_MIB)
        free = meminfo(target, "MemFree")
        load(target, variant)
        _report_all(target)
        values = {f"taken_{size_gib}": free - meminfo(target, "MemFree")}
        if is_native(variant):
            target.write(LOCK, "0")
        whole, _ = freeing(target, BLOCK_MIB)
        values[f"block_{size_gib}"] = whole - without
        if is_native(variant):
            values[f"lock_{size_gib}"] = float(target.read(LOCK))
        return values


def run(kernel: str, variant: str, quick: bool) -> dict[str, float]:
    """A small guest, then the large ones."""
    values = by_size(lambda size: _one(kernel, variant, size), SIZES_GIB, quick)
    for name, wanted in (("growth", "block"), ("lock_growth", "lock")):
        if f"{wanted}_{LARGEST}" in values:
            values[name] = values[f"{wanted}_{LARGEST}"] / values[f"{wanted}_{SMALLEST}"]
    return values
