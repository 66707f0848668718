# SPDX-License-Identifier: GPL-2.0-only
"""Churn: map, touch and unmap 256 MiB for 30 s: throughput, then the return of memory

Throughput is bytes touched in a second, and in a second of QEMU's processor time, which
says the same on a machine that has other work. The memory is back when the resident size is
within 5 % of 256 MiB of what it was before the churn. As the speed of a machine changes
between two guests, the time for each byte is also told by that of a guest with the stock
driver which churns beside it (lab/beside.py). Host faults count how often the guest had to
be given memory (4 KiB or 2 MiB) in the churn. What came back is the sum of all falls of the
resident size until then; what the guest takes in the same 5 ms as some comes back hides as
much of it; what none shows is noise. On the bench kernel the native engine also reports
small blocks (low_order), as residual.py has it.
"""

import statistics
import time

from lab import MIB, Guest, balloon
from lab.bench import Metric
from lab.beside import both, ratio
from lab.measure import (BACK_SHARE, NATIVE_LOW0, NATIVE_LOW4, NONE, OURS, STOCK, cpu_seconds,
                         guest, host_faults, is_ours, load, returned_bytes, settle, time_back)

VARIANTS = (NONE, STOCK, OURS, NATIVE_LOW4, NATIVE_LOW0)
SIZE_MIB = 256
SAMPLE = 0.005
PAIRS = {False: 6, True: 1}  # of turns beside the stock driver; quick or not
PAIR_SECONDS = 5
METRICS = (
    Metric("mib_per_s", "touched in a second", "MiB", plot=True, digits=0, ratio_least=0.97),
    Metric("mib_per_cpu_s", "touched in a second of processor time", "MiB", plot=True,
           digits=0, ratio_least=0.97),
    Metric("beside_stock", "processor time for each byte, by that of the stock driver beside it",
           digits=3, native_most=1.03),
    Metric("host_faults", "host page faults in the churn", digits=0),
    Metric("reported_mib", "reported in the churn", "MiB", digits=0),
    Metric("passes", "reporting passes in the churn", digits=0),
    Metric("back_s", "95 % back after the churn", "s", plot=True, most=1.5, native_most=1.3),
    Metric("returned_mib", "came back to the host until then", "MiB", digits=0),
    Metric("by_returned", "bytes reported by bytes returned", native_most=1.1),
)


def _reported(target: Guest, variant: str) -> dict[str, int]:
    return balloon.hooks(target) if is_ours(variant) else {}


def _churn(target: Guest, seconds: int) -> tuple[dict[str, float], float]:
    """Throughput and the host's faults, and when it ended."""
    faults, used = host_faults(target.process.pid), cpu_seconds(target.process.pid)
    words = target.sh(f"churn {SIZE_MIB} {seconds}", timeout=seconds * 3 + 60).split()
    ended = time.monotonic()
    used = cpu_seconds(target.process.pid) - used
    touched = int(words[3]) / MIB
    return {"mib_per_s": touched / float(words[5]), "mib_per_cpu_s": touched / used,
            "host_faults": host_faults(target.process.pid) - faults}, ended


def _time_each(target: Guest) -> float:
    """Processor time for each MiB."""
    return 1 / _churn(target, PAIR_SECONDS)[0]["mib_per_cpu_s"]


def _beside_stock(kernel: str, variant: str, quick: bool) -> float:
    """Processor time for each byte by that with the stock driver, which works beside it."""
    with guest(kernel, variant) as ours, guest(kernel, STOCK) as stock:
        load(ours, variant)
        load(stock, STOCK)
        both(ours, stock, _time_each)  # warms up
        return statistics.median(ratio(both(ours, stock, _time_each))
                                 for _ in range(PAIRS[quick]))


def run(kernel: str, variant: str, quick: bool) -> dict[str, float]:
    """Settle, churn, watch the memory come back."""
    with guest(kernel, variant) as target:
        load(target, variant)
        target.sh(f"churn {SIZE_MIB} 0.1", timeout=60)
        base = settle(target, calm=1 if variant == NONE else 5)
        before = _reported(target, variant)
        with target.sample_rss(SAMPLE) as sampler:
            values, ended = _churn(target, 8 if quick else 30)
            now = _reported(target, variant)
            if variant != NONE:
                limit = base + int((1 - BACK_SHARE) * SIZE_MIB * MIB)
                values["back_s"] = time_back(sampler, limit, ended)
                settle(target, calm=3)
        values["returned_mib"] = returned_bytes(sampler) / MIB
        if is_ours(variant):
            begun, after = before["reported_bytes"], _reported(target, variant)
            values["reported_mib"] = (now["reported_bytes"] - begun) / MIB
            values["passes"] = now["passes"] - before["passes"]
            values["by_returned"] = (after["reported_bytes"] - begun) / MIB / \
                values["returned_mib"]
    values["beside_stock"] = _beside_stock(kernel, variant, quick)
    return values
