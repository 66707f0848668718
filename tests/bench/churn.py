# SPDX-License-Identifier: GPL-2.0-only
"""Churn: map, touch and unmap 256 MiB for 30 s: throughput, then the return of memory

Throughput is the bytes touched per second, and per second of QEMU's CPU time. The latter is
also valid on a machine with other work. The memory is back when the resident size is within
5 % of 256 MiB of its size before the churn.

A machine's speed changes between two guests. So the CPU time per byte is also given as a ratio:
a guest with the stock driver churns in parallel (lab/beside.py). Host faults count how often the
host had to back a page of the guest (4 KiB or 2 MiB) during the churn.

The returned bytes are the sum of all falls of the resident size until then. A fault within the
same 5 ms as a return hides as much of it. The value without a balloon is noise.

Then the same memory is freed in pieces of 4 to 64 KiB, in a guest of its own.
"""

import statistics
import time

from lab import MIB, Guest
from lab.benches.bench import Metric
from lab.benches.measure import (BACK_SHARE, NONE, OURS, STOCK, cpu_seconds, guest, host_faults,
                                 is_ours, load, returned_bytes, settle, time_back)
from lab.guest import balloon
from lab.guest.beside import both, ratio

VARIANTS = (NONE, STOCK, OURS)
SIZE_MIB = 256
SAMPLE = 0.005
PAIRS = {False: 6, True: 1}  # rounds beside the stock driver; quick or not
PAIR_SECONDS = 5
PIECES = "pieces_"  # before the names of the second part
WAYS = {"": ("", ""), PIECES: (" --nohuge --pieces", "in pieces: ")}
METRICS = tuple(metric for way, (_, text) in WAYS.items() for metric in (
    Metric(f"{way}mib_per_s", f"{text}touched in a second", "MiB", plot=True, digits=0,
           ratio_least=0.97),
    Metric(f"{way}mib_per_cpu_s", f"{text}touched in a second of processor time", "MiB",
           plot=True, digits=0, ratio_least=0.97),
    Metric(f"{way}beside_stock",
           f"{text}processor time for each byte, against the stock driver beside it", digits=3,
           most=1.01),
    Metric(f"{way}host_faults", f"{text}host page faults in the churn", digits=0),
    Metric(f"{way}reported_mib", f"{text}reported in the churn", "MiB", digits=0),
    Metric(f"{way}passes", f"{text}reporting passes in the churn", digits=0),
    Metric(f"{way}back_s", f"{text}95 % back after the churn", "s", plot=True,
           most=1.3, native_most=1.0),
    Metric(f"{way}returned_mib", f"{text}came back to the host until then", "MiB", digits=0),
    Metric(f"{way}by_returned", f"{text}bytes reported / bytes returned", most=1.1,
           native_most=1.05),
))


def _reported(target: Guest, variant: str) -> dict[str, int]:
    return balloon.hooks(target) if is_ours(variant) else {}


def _churn(target: Guest, seconds: int, words: str) -> tuple[dict[str, float], float]:
    """Throughput, the host's faults, and the time of the end."""
    faults, used = host_faults(target.process.pid), cpu_seconds(target.process.pid)
    said = target.sh(f"churn {SIZE_MIB} {seconds}{words}", timeout=seconds * 3 + 60).split()
    ended = time.monotonic()
    used = cpu_seconds(target.process.pid) - used
    touched = int(said[3]) / MIB
    return {"mib_per_s": touched / float(said[5]), "mib_per_cpu_s": touched / used,
            "host_faults": host_faults(target.process.pid) - faults}, ended


def _beside_stock(kernel: str, variant: str, quick: bool, words: str) -> float:
    """CPU time per byte, divided by that of the stock driver in parallel."""
    def time_each(target: Guest) -> float:
        return 1 / _churn(target, PAIR_SECONDS, words)[0]["mib_per_cpu_s"]

    with guest(kernel, variant) as ours, guest(kernel, STOCK) as stock:
        load(ours, variant)
        load(stock, STOCK)
        both(ours, stock, time_each)  # warms up
        return statistics.median(ratio(both(ours, stock, time_each))
                                 for _ in range(PAIRS[quick]))


def _once(kernel: str, variant: str, quick: bool, words: str) -> dict[str, float]:
    """Settle, churn, watch the memory return."""
    with guest(kernel, variant) as target:
        load(target, variant)
        target.sh(f"churn {SIZE_MIB} 0.1", timeout=60)
        base = settle(target, calm=1 if variant == NONE else 5)
        before = _reported(target, variant)
        with target.sample_rss(SAMPLE) as sampler:
            values, ended = _churn(target, 8 if quick else 30, words)
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
    values["beside_stock"] = _beside_stock(kernel, variant, quick, words)
    return values


def run(kernel: str, variant: str, quick: bool) -> dict[str, float]:
    """Free all at once, then in pieces."""
    return {f"{way}{name}": value for way, (words, _) in WAYS.items()
            for name, value in _once(kernel, variant, quick, words).items()}
