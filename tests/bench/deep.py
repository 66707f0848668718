# SPDX-License-Identifier: GPL-2.0-only
"""7/8 of a guest freed at once, guests of 1 to 16 GiB: how long until 95 % is back

For kernels with the companion patch (--kernel bench). A module (tests/filler) touches one byte
of each page, as a guest under emulation clears pages at 100 MB/s only. Without a balloon no
memory returns, so only the rest at the host is measured.

The host alone is measured in the same run: madvise(MADV_DONTNEED) of as many bytes, 64 MiB at a
time, in pages of the same size. QEMU asks for huge pages for the guest's memory. The largest
guest also runs with small ones.

Huge pages are discarded twenty times faster. That takes less time than any driver waits for
memory to stay free. So with huge pages the time after that wait is compared, too: from 5 % to
95 %, with the same part of the host's loop.
"""

import mmap
import time

from lab import MIB, Guest
from lab.benches.bench import Metric
from lab.benches.measure import BACK_SHARE, NONE, OURS, STOCK, is_ours, load, settle, time_back
from lab.guest import balloon

KERNELS = ()
VARIANTS = (NONE, STOCK, OURS)
SIZES_GIB = (1, 2, 4, 8, 16)
LARGEST = SIZES_GIB[-1]
METRICS = (
    *(Metric(f"back_{size}", f"{size} GiB guest: 95 % back after", "s", plot=True,
             native_most=4 if size == LARGEST else 1) for size in SIZES_GIB),
    Metric("first", f"{LARGEST} GiB guest: 5 % back after", "s"),
    Metric("host", "the host alone, as many bytes", "s", digits=3),
    Metric("by_host", "95 % back after, against the host alone", "times", native_most=3),
    Metric("rest_by_host", "from 5 % to 95 %, against the host alone", "times", native_most=3),
    Metric("small_back", f"{LARGEST} GiB guest, small pages at the host: 95 % back after", "s",
           native_most=4),
    Metric("small_first", "small pages: 5 % back after", "s"),
    Metric("small_host", "small pages: the host alone, as many bytes", "s", digits=3),
    Metric("small_by_host", "small pages: 95 % back after, against the host alone", "times",
           native_most=3),
    *(Metric(f"ratio_{size}", f"{size} GiB guest: bytes reported / bytes returned",
             native_most=1.1) for size in SIZES_GIB),
    *(Metric(f"left_{size}", f"{size} GiB guest: of what was freed stays at the host", "%",
             digits=1) for size in SIZES_GIB),
)
MIB_HELD = "/sys/module/filler/parameters/mib"
CHUNK = 64 * MIB
FIRST_SHARE = 0.05
OFTEN = 0.005  # seconds between two samples: huge pages are discarded within 0.1 s


def host_alone(size: int, small: bool) -> float:
    """Seconds in which this host discards this many touched bytes."""
    with mmap.mmap(-1, size, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS) as area:
        try:
            area.madvise(mmap.MADV_NOHUGEPAGE if small else mmap.MADV_HUGEPAGE)
        except OSError:
            pass  # a host without huge pages: QEMU does without them, too
        for at in range(0, size, 4096):
            area[at] = 1
        begun = time.monotonic()
        for at in range(0, size, CHUNK):
            area.madvise(mmap.MADV_DONTNEED, at, min(CHUNK, size - at))
        return time.monotonic() - begun


def _reported(target: Guest, variant: str) -> int:
    return balloon.hooks(target)["reported_bytes"] if is_ours(variant) else 0


def _one(kernel: str, variant: str, size_gib: int, small: bool = False) -> dict[str, float]:
    """A guest of this size: the metrics back, first, ratio and left."""
    values: dict[str, float] = {}
    memory_mb = size_gib * 1024
    with Guest(kernel, memory_mb=memory_mb, small_pages=small, boot_timeout=180,
               restores=False) as target:
        load(target, variant)
        target.insmod("filler")
        settle(target, calm=2.5)
        target.sh(f"echo {memory_mb * 7 // 8} >{MIB_HELD}", 300)
        peak = settle(target, calm=1.5)
        freed = int(target.read(MIB_HELD)) * MIB
        before = _reported(target, variant)
        with target.sample_rss(OFTEN) as sampler:
            told = time.monotonic()
            job = target.start(f"echo 0 >{MIB_HELD}")
            if variant != NONE:
                values["back"], values["first"] = (
                    time_back(sampler, peak - int(share * freed), told, 180)
                    for share in (BACK_SHARE, FIRST_SHARE))
        target.wait(job)
        returned = peak - settle(target, calm=3)
        if is_ours(variant):
            values["ratio"] = (_reported(target, variant) - before) / max(1, returned)
        return {**values, "left": 100 * (1 - returned / freed)}


def _beside_the_host(kernel: str, variant: str, small: bool) -> dict[str, float]:
    """The largest guest, and the host alone with pages of the same size."""
    values = _one(kernel, variant, LARGEST, small)
    if variant == NONE:
        return values
    host = host_alone((LARGEST << 30) * 7 // 8, small)
    return {**values, "host": host, "by_host": values["back"] / host,
            "rest_by_host": (values["back"] - values["first"])
            / ((BACK_SHARE - FIRST_SHARE) * host)}


def run(kernel: str, variant: str, quick: bool) -> dict[str, float]:
    """A guest of each size, the largest one also with small pages at the host."""
    values: dict[str, float] = {}
    for size in SIZES_GIB[:2] if quick else SIZES_GIB:
        largest = size == LARGEST
        one = _beside_the_host(kernel, variant, False) if largest \
            else _one(kernel, variant, size)
        for name in ("back", "ratio", "left"):
            if name in one:
                values[f"{name}_{size}"] = one.pop(name)
        if largest:
            values |= one
    if not quick:
        small = _beside_the_host(kernel, variant, True)
        values |= {f"small_{name}": value for name, value in small.items()}
    return values
