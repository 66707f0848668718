# SPDX-License-Identifier: GPL-2.0-only
"""Six times 256 MiB freed, one second apart: how long until each is back at the host

Six programs touch 256 MiB each in sequence and free it in that order, one second apart. The
memory that the host backs for each is recorded. When nothing more returns, at least 90 % must
be back. Part n is back when all parts before it and 95 % of its own share are back. Without a
balloon nothing returns, so only the rest at the host is measured.
"""

import time

from lab import Guest
from lab.benches.bench import Metric
from lab.benches.measure import (BACK_SHARE, FAST, NONE, OURS, STOCK, Hog, guest, load, settle,
                                 time_back)

VARIANTS = (NONE, STOCK, OURS)
WAVES = 6
WAVE_MIB = 256
METRICS = (
    *(Metric(f"wave{at}_s", f"95 % of part {at} back after", "s",
             plot=at in (1, WAVES), most=1.5) for at in range(1, WAVES + 1)),
    Metric("total_s", "first free until all is back", "s", plot=True),
    Metric("left", "of what was freed stays at the host", "%", digits=1),
)


def _hold(target: Guest, size: int) -> tuple[list[Hog], list[int]]:
    """Programs with a part each, and the memory that the host backs for each."""
    hogs, given = [], []
    for at in range(WAVES):
        hogs.append(Hog(target, WAVE_MIB, f"hog{at}"))
        hogs[-1].wait_held()
        before, size = size, settle(target, calm=0.5)
        given.append(size - before)
    return hogs, given


def _free(hogs: list[Hog]) -> list[float]:
    """Free one part after the other. Returns the times of the frees."""
    told = []
    begun = time.monotonic()
    for at, hog in enumerate(hogs):
        time.sleep(max(0, begun + at - time.monotonic()))
        told.append(hog.free())
    return told


def run(kernel: str, variant: str, quick: bool) -> dict[str, float]:
    """Allocate six parts, free them in sequence, watch."""
    with guest(kernel, variant) as target:
        load(target, variant)
        hogs, given = _hold(target, settle(target, calm=2.5))
        peak = settle(target, calm=1)
        with target.sample_rss(FAST) as sampler:
            told = _free(hogs)
            if variant != NONE:
                time_back(sampler, peak - int(0.9 * sum(given)), told[-1])
            share = (peak - settle(target, calm=5)) / sum(given)
            values = {"left": 100 * (1 - share)}
            if variant == NONE:
                return values
            took = [time_back(sampler, peak - int(share * (sum(given[:at]) +
                                                           BACK_SHARE * given[at])), when)
                    for at, when in enumerate(told)]
        values |= {f"wave{at}_s": seconds for at, seconds in enumerate(took, 1)}
        return {**values, "total_s": told[-1] + took[-1] - told[0]}
