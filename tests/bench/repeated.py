# SPDX-License-Identifier: GPL-2.0-only
"""Six times 256 MiB freed, one second apart: how long until each is back at the host

Six programs touch 256 MiB one after the other and free them in that order, a second
apart. What the host had to give for each is noted, and what it has back when nothing
more comes, 90 % of that at least; the n-th part is back when the parts before it and
95 % of its own share of that are. Without a balloon nothing comes back: only what stays
at the host is noted.
"""

import time

from lab import Guest
from lab.bench import Metric
from lab.measure import (BACK_SHARE, FAST, NONE, OURS, STOCK, Hog, guest, load, settle,
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
    """Programs that hold a part each, and what the host had to give for it."""
    hogs, given = [], []
    for at in range(WAVES):
        hogs.append(Hog(target, WAVE_MIB, f"hog{at}"))
        hogs[-1].wait_held()
        before, size = size, settle(target, calm=0.5)
        given.append(size - before)
    return hogs, given


def _free(hogs: list[Hog]) -> list[float]:
    """Free one part after the other; when each was told."""
    told = []
    begun = time.monotonic()
    for at, hog in enumerate(hogs):
        time.sleep(max(0, begun + at - time.monotonic()))
        told.append(hog.free())
    return told


def run(kernel: str, variant: str, quick: bool) -> dict[str, float]:
    """Hold six parts, free them by turns, watch."""
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
