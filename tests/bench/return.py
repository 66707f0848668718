# SPDX-License-Identifier: GPL-2.0-only
"""1.5 of 2 GiB freed at once: how long until 95 % is back at the host

The time runs from the host's command to free. It includes the command's way into the guest and
the unmap. The resident size is sampled every 20 ms. Without a balloon nothing returns, so only
the rest at the host is measured, five seconds after the free.
"""

from lab import MIB
from lab.benches.bench import Metric
from lab.benches.measure import (BACK_SHARE, FAST, NONE, OURS, STOCK, Hog, guest, load, settle,
                                 time_back)

KERNELS = ("6.12", "6.1")
VARIANTS = (NONE, STOCK, OURS)
METRICS = (
    Metric("back_s", "95 % back after", "s", plot=True, most=1.5, native_most=1.0),
    Metric("half_s", "50 % back after", "s"),
    Metric("peak_mib", "resident at the peak", "MiB", digits=0),
    Metric("end_mib", "resident at the end", "MiB", digits=0),
)
FREED_MIB = 1536


def run(kernel: str, variant: str, quick: bool) -> dict[str, float]:
    """Touch, wait until the size is stable, free, watch."""
    with guest(kernel, variant) as target:
        load(target, variant)
        settle(target, calm=2.5)
        hog = Hog(target, FREED_MIB)
        hog.wait_held()
        peak = settle(target, calm=1)
        values = {"peak_mib": peak / MIB}
        with target.sample_rss(FAST) as sampler:
            told = hog.free()
            if variant == NONE:
                settle(target, calm=5)
            else:
                limit = peak - int(BACK_SHARE * FREED_MIB * MIB)
                values["back_s"] = time_back(sampler, limit, told)
                values["half_s"] = time_back(sampler, peak - FREED_MIB * MIB // 2, told)
        return {**values, "end_mib": target.rss_bytes() / MIB}
