# SPDX-License-Identifier: GPL-2.0-only
"""Page faults while reporting is on: time, one task and two

For kernels with the companion patch (--kernel bench). The loops of pagefault.py on two
processors: pages for each second of QEMU's processor time. Time is not as steady as
instructions are, so that with the driver is compared with that without it in the same guest,
by short turns, of which groups of four are told by their median. A variant takes eight minutes
of a machine that does nothing else.
"""

import itertools
import statistics

from lab import Guest
from lab.bench import Metric
from lab.measure import OURS, STOCK, cpu_seconds, guest, load, settle, unload
from pagefault import KINDS, TASKS, loop

KERNELS = ()
VARIANTS = (STOCK, OURS)
ROUNDS = {"anon": 4, "file": 2}
TURNS = (False, True, True, False)  # is the driver loaded?
GROUPS = {False: 5, True: 1}  # of turns; quick or not
METRICS = tuple(
    Metric(f"speed_{kind}_{tasks}", f"{name}, {tasks} task(s): pages in a processor second, "
           "by those without a driver", plot=True, digits=3, ratio_least=0.98)
    for kind, name in KINDS.items() for tasks in TASKS)


def _turn(target: Guest) -> dict[tuple[str, int], float]:
    """Seconds of QEMU's processors for each loop."""
    used = {}
    settle(target, calm=3)
    for kind, tasks in itertools.product(KINDS, TASKS):
        before = cpu_seconds(target.process.pid)
        loop(target, kind, tasks, ROUNDS[kind])
        used[kind, tasks] = cpu_seconds(target.process.pid) - before
    return used


def _group(target: Guest, variant: str) -> dict[str, float]:
    """Speed with the driver by that without, in one group of turns."""
    used = []
    for loaded in TURNS:
        if loaded:
            load(target, variant)
        used.append(_turn(target))
        if loaded:
            unload(target, variant)
    return {f"speed_{kind}_{tasks}":
            sum(turn[kind, tasks] for turn, loaded in zip(used, TURNS) if not loaded) /
            sum(turn[kind, tasks] for turn, loaded in zip(used, TURNS) if loaded)
            for kind, tasks in used[0]}


def run(kernel: str, variant: str, quick: bool) -> dict[str, float]:
    """A guest that runs all loops by turns, with the driver and without."""
    with guest(kernel, variant, cpus=2, lifetime=1200) as target:
        _turn(target)  # warms up
        groups = [_group(target, variant) for _ in range(GROUPS[quick])]
    return {name: statistics.median(group[name] for group in groups) for name in groups[0]}
