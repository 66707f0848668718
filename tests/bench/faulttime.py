# SPDX-License-Identifier: GPL-2.0-only
"""Page faults while reporting is on: time, one task and two

For kernels with the companion patch (--kernel bench). The loops of pagefault.py on two CPUs, by
QEMU's CPU time. A guest with the stock driver runs in parallel to each variant (lab/beside.py).
The result is the median of the ratios of their times. Stock beside stock shows the precision.

The loops step through their memory by a prime. Otherwise a copied page and its copy often share
an entry in QEMU's translation buffer. Then a loop takes two to four times as long with any
driver. A variant takes five minutes of an otherwise idle machine. The host's page faults show
how much of the time is the return of memory. With a driver the guest executes the same
instructions (pagefault.py).
"""

import itertools
import statistics
from functools import partial
from typing import NamedTuple

from lab import Guest
from lab.benches.bench import Metric
from lab.benches.measure import (NONE, OURS, STOCK, cpu_seconds, guest, host_faults,
                                 load)
from lab.guest.beside import both, ratio
from pagefault import KINDS, TASKS, loop

KERNELS = ()
VARIANTS = (NONE, STOCK, OURS)
ROUNDS = {"anon": 4, "file": 2}
STRIDE = 4099  # pages
PAIRS = {False: 6, True: 1}  # rounds of each loop; quick or not
LOOPS = tuple(itertools.product(KINDS, TASKS))
METRICS = tuple(
    Metric(f"time_{kind}_{tasks}", f"{KINDS[kind]}, {tasks} task(s): processor time, against "
           "the stock driver beside it", plot=True, digits=3, most=1.02)
    for kind, tasks in LOOPS) + tuple(
    Metric(f"faults_{kind}_{tasks}", f"{KINDS[kind]}, {tasks} task(s): the host's page faults",
           digits=0)
    for kind, tasks in LOOPS)


class Used(NamedTuple):
    """QEMU's CPU seconds and page faults during a loop."""

    seconds: float
    faults: int


def _used(target: Guest, kind: str, tasks: int) -> Used:
    pid = target.process.pid
    seconds, faults = cpu_seconds(pid), host_faults(pid)
    loop(target, kind, tasks, ROUNDS[kind], STRIDE)
    return Used(cpu_seconds(pid) - seconds, host_faults(pid) - faults)


def run(kernel: str, variant: str, quick: bool) -> dict[str, float]:
    """Two guests, with this variant and with the stock driver, run all loops in parallel."""
    with (guest(kernel, variant, cpus=2, lifetime=1200) as ours,
          guest(kernel, STOCK, cpus=2, lifetime=1200) as stock):
        load(ours, variant)
        load(stock, STOCK)
        times: dict[tuple[str, int], list[float]] = {}
        faults: dict[tuple[str, int], list[int]] = {}
        for pair, (kind, tasks) in itertools.product(range(PAIRS[quick] + 1), LOOPS):
            turns = both(ours, stock, partial(_used, kind=kind, tasks=tasks))
            if pair:  # the first pair warms up
                times.setdefault((kind, tasks), []).append(
                    ratio([(one.seconds, other.seconds) for one, other in turns]))
                faults.setdefault((kind, tasks), []).extend(one.faults for one, _ in turns)
    found = {}
    for kind, tasks in LOOPS:
        found[f"time_{kind}_{tasks}"] = statistics.median(times[kind, tasks])
        found[f"faults_{kind}_{tasks}"] = statistics.mean(faults[kind, tasks])
    return found
