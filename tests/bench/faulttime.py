# SPDX-License-Identifier: GPL-2.0-only
"""Page faults while reporting is on: time, one task and two

For kernels with the companion patch (--kernel bench). The loops of pagefault.py on two
processors, by QEMU's processor time. Each variant has a guest with the stock driver beside it
(lab/beside.py), and what is told is the median of the ratios of their times. Stock beside stock
says how exact that is. The loops go through their memory in steps of a prime: one after the
other the page that is copied and its copy often share a place in QEMU's translation buffer, and
then a loop takes two to four times as long, whatever the driver. A variant takes five minutes
of a machine that does nothing else. The host's page faults tell what of that time is memory
which comes back, for with a driver the guest executes the same instructions (pagefault.py).
"""

import itertools
import statistics
from functools import partial
from typing import NamedTuple

from lab import Guest
from lab.bench import Metric
from lab.beside import both, ratio
from lab.measure import NATIVE_LOW0, NONE, OURS, STOCK, cpu_seconds, guest, host_faults, load
from pagefault import KINDS, TASKS, loop

KERNELS = ()
VARIANTS = (NONE, STOCK, OURS, NATIVE_LOW0)
ROUNDS = {"anon": 4, "file": 2}
STRIDE = 4099  # pages
PAIRS = {False: 6, True: 1}  # of turns of each loop; quick or not
LOOPS = tuple(itertools.product(KINDS, TASKS))
METRICS = tuple(
    Metric(f"time_{kind}_{tasks}", f"{KINDS[kind]}, {tasks} task(s): processor time, by that of "
           "the stock driver beside it", plot=True, digits=3, most=1.02)
    for kind, tasks in LOOPS) + tuple(
    Metric(f"faults_{kind}_{tasks}", f"{KINDS[kind]}, {tasks} task(s): the host's page faults",
           digits=0)
    for kind, tasks in LOOPS)


class Used(NamedTuple):
    """What a loop has taken of QEMU: seconds of processors, and page faults."""

    seconds: float
    faults: int


def _used(target: Guest, kind: str, tasks: int) -> Used:
    pid = target.process.pid
    seconds, faults = cpu_seconds(pid), host_faults(pid)
    loop(target, kind, tasks, ROUNDS[kind], STRIDE)
    return Used(cpu_seconds(pid) - seconds, host_faults(pid) - faults)


def run(kernel: str, variant: str, quick: bool) -> dict[str, float]:
    """Two guests, that variant's and stock's, run all loops side by side."""
    with (guest(kernel, variant, cpus=2, lifetime=1200) as ours,
          guest(kernel, STOCK, cpus=2, lifetime=1200) as stock):
        load(ours, variant)
        load(stock, STOCK)
        times: dict[tuple[str, int], list[float]] = {}
        faults: dict[tuple[str, int], list[int]] = {}
        for pair, (kind, tasks) in itertools.product(range(PAIRS[quick] + 1), LOOPS):
            turns = both(ours, stock, partial(_used, kind=kind, tasks=tasks))
            if pair:  # the first one warms up
                times.setdefault((kind, tasks), []).append(
                    ratio([(one.seconds, other.seconds) for one, other in turns]))
                faults.setdefault((kind, tasks), []).extend(one.faults for one, _ in turns)
    found = {}
    for kind, tasks in LOOPS:
        found[f"time_{kind}_{tasks}"] = statistics.median(times[kind, tasks])
        found[f"faults_{kind}_{tasks}"] = statistics.mean(faults[kind, tasks])
    return found
