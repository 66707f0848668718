# SPDX-License-Identifier: GPL-2.0-only
"""7/8 of a guest freed at once, guests of 1 to 16 GiB: how long until 95 % is back

For kernels with the companion patch (--kernel bench). The memory was used by touching
one byte of each page from a module (tests/filler): a guest under emulation clears pages
at 100 MB/s. Beside it, what the host itself takes to discard as many bytes with
madvise(MADV_DONTNEED), 64 MiB at a time, in the same run. Without a balloon nothing comes
back: only what stays at the host is noted.
"""

import contextlib
import mmap
import time

from lab import MIB, Guest, balloon
from lab.bench import Metric
from lab.measure import BACK_SHARE, FAST, NONE, OURS, STOCK, is_ours, load, settle, time_back

KERNELS = ()
VARIANTS = (NONE, STOCK, OURS)
SIZES_GIB = (1, 2, 4, 8, 16)
METRICS = (
    *(Metric(f"back_{size}", f"{size} GiB guest: 95 % back after", "s", plot=True,
             native_most=4 if size == 16 else 1) for size in SIZES_GIB),
    Metric("host_16", "the host alone, bytes of the 16 GiB guest", "s"),
    Metric("by_host_16", "16 GiB guest against the host alone", "times", native_most=3),
    *(Metric(f"ratio_{size}", f"{size} GiB guest: bytes reported by bytes returned",
             native_most=1.1) for size in SIZES_GIB),
    *(Metric(f"left_{size}", f"{size} GiB guest: of what was freed stays at the host", "%",
             digits=1) for size in SIZES_GIB),
)
MIB_HELD = "/sys/module/filler/parameters/mib"
CHUNK = 64 * MIB


def host_alone(size: int) -> float:
    """Seconds in which this host discards so many bytes that were touched.

    QEMU asks for huge pages for the guest's memory, which are discarded faster.
    """
    with mmap.mmap(-1, size, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS) as area:
        with contextlib.suppress(OSError):  # a host without huge pages: as QEMU, without them
            area.madvise(mmap.MADV_HUGEPAGE)
        for at in range(0, size, 4096):
            area[at] = 1
        begun = time.monotonic()
        for at in range(0, size, CHUNK):
            area.madvise(mmap.MADV_DONTNEED, at, min(CHUNK, size - at))
        return time.monotonic() - begun


def _reported(target: Guest, variant: str) -> int:
    return balloon.hooks(target)["reported_bytes"] if is_ours(variant) else 0


def _one(kernel: str, variant: str, size_gib: int) -> dict[str, float]:
    """The figures of a guest of that size, by the names of their metrics."""
    values: dict[str, float] = {}
    memory_mb = size_gib * 1024
    with Guest(kernel, memory_mb=memory_mb, ours=True, boot_timeout=180) as target:
        load(target, variant)
        target.insmod("filler")
        settle(target, calm=2.5)
        target.sh(f"echo {memory_mb * 7 // 8} >{MIB_HELD}", 300)
        peak = settle(target, calm=1.5)
        freed = int(target.read(MIB_HELD)) * MIB
        before = _reported(target, variant)
        with target.sample_rss(FAST) as sampler:
            told = time.monotonic()
            job = target.start(f"echo 0 >{MIB_HELD}")
            if variant != NONE:
                values[f"back_{size_gib}"] = time_back(
                    sampler, peak - int(BACK_SHARE * freed), told, 180)
        target.wait(job)
        returned = peak - settle(target, calm=3)
        if is_ours(variant):
            reported = _reported(target, variant) - before
            values[f"ratio_{size_gib}"] = reported / max(1, returned)
        return {**values, f"left_{size_gib}": 100 * (1 - returned / freed)}


def run(kernel: str, variant: str, quick: bool) -> dict[str, float]:
    """A guest of each size, then the host alone."""
    values: dict[str, float] = {}
    for size in SIZES_GIB[:2] if quick else SIZES_GIB:
        values |= _one(kernel, variant, size)
    if not quick and variant != NONE:
        values["host_16"] = host_alone(14 << 30)
        values["by_host_16"] = values["back_16"] / values["host_16"]
    return values
