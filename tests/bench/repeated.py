# SPDX-License-Identifier: GPL-2.0-only
"""Six times 256 MiB freed, one second apart: how long until each is back at the host

Six programs hold 256 MiB each and free them a second apart. The n-th is back when
the resident size has fallen by 95 % of n times 256 MiB.
"""

import time

from lab import MIB
from lab.bench import Metric
from lab.measure import BACK_SHARE, FAST, OURS, STOCK, Hog, guest, load, settle, time_back

VARIANTS = (STOCK, OURS)
WAVES = 6
WAVE_MIB = 256
METRICS = (
    *(Metric(f"wave{at}_s", f"95 % of part {at} back after", "s",
             plot=at in (1, WAVES)) for at in range(1, WAVES + 1)),
    Metric("total_s", "first free until all is back", "s", plot=True),
)


def run(kernel: str, variant: str, quick: bool) -> dict[str, float]:
    """Hold six parts, free them by turns, watch."""
    with guest(kernel, variant) as target:
        load(target, variant)
        settle(target, calm=2.5)
        hogs = [Hog(target, WAVE_MIB, f"hog{at}") for at in range(WAVES)]
        for hog in hogs:
            hog.wait_held()
        peak = settle(target, calm=1)
        told = []
        with target.sample_rss(FAST) as sampler:
            begun = time.monotonic()
            for at, hog in enumerate(hogs):
                time.sleep(max(0, begun + at - time.monotonic()))
                told.append(hog.free())
            gone = [(at + 1) * BACK_SHARE * WAVE_MIB * MIB for at in range(WAVES)]
            took = [time_back(sampler, peak - int(size), when)
                    for size, when in zip(gone, told)]
        values = {f"wave{at}_s": seconds for at, seconds in enumerate(took, 1)}
        return {**values, "total_s": told[-1] + took[-1] - told[0]}
