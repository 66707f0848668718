# SPDX-License-Identifier: GPL-2.0-only
"""After a build: what the host still holds, against what the guest uses

The workload is like a build: small files on a disk, page cache, and mapped memory of which
programs keep single pages. It leaves fragmented free memory. The resident size is read when it
has not fallen for some seconds. This is done after the work and after drop_caches. The guest uses
all memory except MemFree and the pcplists. The minimum counts.

Most hosts run khugepaged. It puts a huge page where it finds one small page in use
(max_ptes_none, default 511). So it fills the holes again, at most 16 MiB in ten seconds,
whatever the guest does. The memory that it filled on the whole machine in the last minute is
shown, too. Bytes reported / bytes returned are left out if less than NOISE_MIB returned.
"""

import time
from pathlib import Path

from lab import MIB, Guest
from lab.benches import build
from lab.benches.bench import Metric
from lab.benches.measure import (FAST, NONE, OURS, STOCK, STOCK_ORDER0, is_ours, returned_bytes,
                                 settle)
from lab.guest import balloon
from lab.guest.rss import Sampler
from lab.hosts.fakehost import meminfo

KERNELS = ("6.12",)
VARIANTS = (NONE, STOCK, STOCK_ORDER0, OURS)
JOBS = 48
CALM, CALM_MIB, MOST = 15, 4, 300
NEAR = 1.05  # of what the guest uses
MINUTE = 60
NOISE_MIB = 32
COLLAPSED = Path("/sys/kernel/mm/transparent_hugepage/khugepaged/pages_collapsed")
METRICS = (
    Metric("used", "the guest uses, in the end", "MiB", digits=0),
    Metric("work", "the host holds after the work", "MiB", digits=0),
    Metric("dropped", "the host holds after drop_caches", "MiB", plot=True, digits=0),
    Metric("ratio", "that against what the guest uses", "times", plot=True, most=NEAR),
    Metric("near_s", f"{NEAR} times reached after drop_caches", "s", digits=1, most=10),
    Metric("later", "a minute later: the host holds more", "MiB", digits=0),
    Metric("filled", "in that minute its khugepaged filled", "MiB", digits=0),
    Metric("reported", "reported until then", "MiB", digits=0),
    Metric("by_returned", "bytes reported / bytes returned", most=1.1, native_most=1.05),
)


def _used_mib(target: Guest) -> float:
    free = meminfo(target, "MemFree") + balloon.listed_bytes(target) / MIB
    return target.machine.memory_mb - free


def _reported(target: Guest, variant: str) -> int:
    return balloon.hooks(target)["reported_bytes"] if is_ours(variant) else 0


def _fallen(target: Guest, calm: float = CALM) -> float:
    """The minimum of the resident MiB, until it has not fallen for calm seconds."""
    begun = now = fell = time.monotonic()
    least = mark = target.rss_bytes() / MIB
    while now - fell < calm and now - begun < MOST:
        time.sleep(0.25)
        now = time.monotonic()
        least = min(least, target.rss_bytes() / MIB)
        if least < mark - CALM_MIB:
            mark, fell = least, now
    return least


def _filled_mib() -> int:
    """MiB that the host's khugepaged has collapsed so far, on the whole machine."""
    return int(COLLAPSED.read_text()) * 2 if COLLAPSED.exists() else 0


def _later(target: Guest, least: float) -> dict[str, float]:
    """The growth of the resident size during an idle minute."""
    before = _filled_mib()
    time.sleep(MINUTE)
    return {"later": target.rss_bytes() / MIB - least, "filled": _filled_mib() - before}


def _by_returned(reported: int, returned: int) -> dict[str, float]:
    """Both as one number, if it exceeds the noise of a process's size."""
    values = {"reported": reported / MIB}
    if returned > NOISE_MIB * MIB:
        values["by_returned"] = reported / returned
    return values


def _held(target: Guest, quick: bool, sampler: Sampler) -> dict[str, float]:
    """The resident size after the work and after drop_caches, and what the guest uses."""
    build.start(target, JOBS // 8 if quick else JOBS)
    work = settle(target, calm=8)
    target.sh("sync", 60)
    begun = time.monotonic()
    target.sh("echo 3 >/proc/sys/vm/drop_caches", 60)
    dropped = _fallen(target)
    used = _used_mib(target)
    values = {"work": work / MIB, "dropped": dropped, "used": used, "ratio": dropped / used}
    near = sampler.first_below(int(used * NEAR * MIB), begun)
    return values | ({"near_s": near - begun} if near else {})


def run(kernel: str, variant: str, quick: bool) -> dict[str, float]:
    """Build, drop the caches, wait."""
    with build.machine(kernel, variant) as target:
        before = _reported(target, variant)
        with target.sample_rss(FAST) as sampler:
            values = _held(target, quick, sampler)
        if is_ours(variant):
            values |= _by_returned(_reported(target, variant) - before, returned_bytes(sampler))
        if variant != NONE:
            values |= _later(target, values["dropped"])
        return values
