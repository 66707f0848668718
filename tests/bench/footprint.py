# SPDX-License-Identifier: GPL-2.0-only
"""Footprint: the host's memory over time, of a guest that builds with pauses

Some builds follow one another, as in residual.py, with a pause after each. Their files are deleted
before the next one. After the last the guest idles for a minute. The page cache stays. The integral
of the resident size over the time says what the guest costs its host: a host with many such guests
needs the mean of each, not the maximum. The time of the builds is QEMU's CPU time, in the integral
too, since the machine has other work. That of the pauses is the host's.
"""

import time

from lab import MIB
from lab.benches import build
from lab.benches.bench import Metric
from lab.benches.measure import NONE, OURS, STOCK, STOCK_ORDER0, cpu_seconds
from lab.guest import Guest
from lab.guest.rss import Sampler

KERNELS = ("6.12",)
VARIANTS = (NONE, STOCK, STOCK_ORDER0, OURS)
BUILDS, JOBS = 3, 20
PAUSE, AFTER = 20, 60  # seconds
METRICS = (
    Metric("integral", "the host's memory, integral over the run", "GiB x s", plot=True, digits=1,
           ratio_most=0.7, native_ratio_most=0.65),
    Metric("mean", "its mean", "MiB", digits=0),
    Metric("pauses", "its mean in the pauses", "MiB", plot=True, digits=0),
    Metric("after", "at the end of the minute", "MiB", digits=0),
    Metric("work_s", "time of the builds", "s", digits=1, ratio_most=1.01),
    Metric("seconds", "the whole run", "s", digits=0),
)


def _integral(sampler: Sampler, since: float, until: float) -> float:
    """Bytes times seconds of the resident size."""
    inside = [(when, size) for when, size in sampler.samples if since <= when <= until]
    return sum(size * (later - when) for (when, size), (later, _) in zip(inside, inside[1:]))


def _mean(sampler: Sampler, since: float, until: float) -> float:
    """The mean of the resident size."""
    return _integral(sampler, since, until) / (until - since)


def _build(target: Guest, jobs: int, sampler: Sampler) -> tuple[float, float]:
    """A build: its CPU time, and the mean of the resident size in it."""
    begun, used = time.monotonic(), cpu_seconds(target.process.pid)
    target.sh(f"rm -rf {build.FOLDER}/*", 60)
    build.start(target, jobs)
    build.end(target)
    return cpu_seconds(target.process.pid) - used, _mean(sampler, begun, time.monotonic())


def run(kernel: str, variant: str, quick: bool) -> dict[str, float]:
    """Builds, pauses, and a minute."""
    work, pauses, pause_s, whole = 0.0, 0.0, 0.0, 0.0
    with build.machine(kernel, variant) as target, target.sample_rss() as sampler:
        begun = time.monotonic()
        for number in range(1 if quick else BUILDS):
            took, mean = _build(target, JOBS // 4 if quick else JOBS, sampler)
            work += took
            whole += took * mean
            paused = time.monotonic()
            time.sleep(5 if quick else AFTER if number == BUILDS - 1 else PAUSE)
            ended = time.monotonic()
            pauses += _integral(sampler, paused, ended)
            pause_s += ended - paused
        whole += pauses
        return {"integral": whole / MIB / 1024, "mean": whole / MIB / (work + pause_s),
                "pauses": pauses / MIB / pause_s, "after": sampler.samples[-1][1] / MIB,
                "work_s": work, "seconds": ended - begun}
