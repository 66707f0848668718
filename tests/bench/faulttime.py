# SPDX-License-Identifier: GPL-2.0-only
"""Page faults while reporting is on: time, one task and two

For kernels with the companion patch (--kernel bench). The loops of pagefault.py on two
processors: pages for each second of QEMU's processor time. Time is not as steady as
instructions are, so that with the driver is compared with that without it in the same guest,
by short turns, of which groups of four are told by their median. A variant takes eight minutes
of a machine that does nothing else. The host's page faults tell what of that time is memory
which comes back, for with a driver the guest executes the same instructions (pagefault.py).
"""

import itertools
import statistics
from typing import NamedTuple

from lab import Guest
from lab.bench import Metric
from lab.measure import (NATIVE_LOW0, OURS, STOCK, cpu_seconds, guest, host_faults, load, settle,
                         unload)
from pagefault import KINDS, TASKS, loop

KERNELS = ()
VARIANTS = (STOCK, OURS, NATIVE_LOW0)
ROUNDS = {"anon": 4, "file": 2}
TURNS = (False, True, True, False)  # is the driver loaded?
GROUPS = {False: 5, True: 1}  # of turns; quick or not
METRICS = tuple(
    Metric(f"speed_{kind}_{tasks}", f"{name}, {tasks} task(s): pages in a processor second, "
           "by those without a driver", plot=True, digits=3, ratio_least=0.98)
    for kind, name in KINDS.items() for tasks in TASKS) + tuple(
    Metric(f"faults_{kind}_{tasks}", f"{name}, {tasks} task(s): the host's page faults", digits=0)
    for kind, name in KINDS.items() for tasks in TASKS)


class Used(NamedTuple):
    """What a loop has taken of QEMU: seconds of processors, and page faults."""

    seconds: float
    faults: int


def _turn(target: Guest) -> dict[tuple[str, int], Used]:
    used = {}
    settle(target, calm=3)
    pid = target.process.pid
    for kind, tasks in itertools.product(KINDS, TASKS):
        seconds, faults = cpu_seconds(pid), host_faults(pid)
        loop(target, kind, tasks, ROUNDS[kind])
        used[kind, tasks] = Used(cpu_seconds(pid) - seconds, host_faults(pid) - faults)
    return used


def _group(target: Guest, variant: str) -> dict[str, float]:
    """Speed with the driver by that without, and faults with it, in one group of turns."""
    used = []
    for loaded in TURNS:
        if loaded:
            load(target, variant)
        used.append(_turn(target))
        if loaded:
            unload(target, variant)
    found = {}
    for kind, tasks in used[0]:
        with_it, without = ([turn[kind, tasks] for turn, loaded in zip(used, TURNS)
                             if loaded == wanted] for wanted in (True, False))
        found[f"speed_{kind}_{tasks}"] = (sum(each.seconds for each in without) /
                                          sum(each.seconds for each in with_it))
        found[f"faults_{kind}_{tasks}"] = statistics.mean(each.faults for each in with_it)
    return found


def run(kernel: str, variant: str, quick: bool) -> dict[str, float]:
    """A guest that runs all loops by turns, with the driver and without."""
    with guest(kernel, variant, cpus=2, lifetime=1200) as target:
        _turn(target)  # warms up
        groups = [_group(target, variant) for _ in range(GROUPS[quick])]
    return {name: statistics.median(group[name] for group in groups) for name in groups[0]}
