# SPDX-License-Identifier: GPL-2.0-only
"""Checkerboard: 63 of every 64 pages are freed, so that no block of 2 MiB is free

The pages are those of a file in memory of 1200 MiB, of which holes are punched. No program asks for
compaction. The share of the freed memory that is back at the host is read after some time, and the
time until most of it is back.
"""

import time

from lab import MIB
from lab.benches.bench import Metric
from lab.benches.measure import (BACK_SHARE, FAST, OURS, STOCK, STOCK_ORDER0, guest, is_ours, load,
                                 returned_bytes, settle)
from lab.guest import balloon

KERNELS = ("6.12",)
VARIANTS = (STOCK, STOCK_ORDER0, OURS)
SIZE_MIB, FREED_PAGES, KEPT_PAGES = 1200, 63, 1
SECONDS = (20, 40)
METRICS = (
    *(Metric(f"share_{after}", f"returned within {after} s", "%", plot=True, digits=0)
      for after in SECONDS),
    Metric("back_s", "95 % back", "s", digits=1, most=40),
    Metric("by_returned", "bytes reported / bytes returned", most=1.1, native_most=1.05),
)
FILE = "/tmp/checkerboard"


def run(kernel: str, variant: str, quick: bool) -> dict[str, float]:
    """Fill the file, punch the holes, watch."""
    size = SIZE_MIB // 4 if quick else SIZE_MIB
    freed = size * MIB * FREED_PAGES // (FREED_PAGES + KEPT_PAGES)
    with guest(kernel, variant) as target:
        load(target, variant)
        target.sh("mount -o remount,size=90% /tmp")  # half of the memory otherwise
        target.sh(f"dd if=/dev/zero of={FILE} bs=1M count={size} 2>/dev/null", 180)
        before = settle(target)
        reported = balloon.hooks(target)["reported_bytes"] if is_ours(variant) else 0
        with target.sample_rss(FAST) as sampler:
            target.sh(f"scatter {FILE} {FREED_PAGES} {KEPT_PAGES}", 120)
            begun = time.monotonic()
            values: dict[str, float] = {}
            for after in SECONDS:
                time.sleep(begun + after - time.monotonic())
                values[f"share_{after}"] = 100 * (before - target.rss_bytes()) / freed
            back = sampler.first_below(int(before - BACK_SHARE * freed), begun)
        if back:
            values["back_s"] = back - begun
        if is_ours(variant):
            reported = balloon.hooks(target)["reported_bytes"] - reported
            values["by_returned"] = reported / returned_bytes(sampler)
        return values
