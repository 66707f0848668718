# SPDX-License-Identifier: GPL-2.0-only
"""Page faults while reporting is on: instructions and time, one task and two

For kernels with the companion patch (--kernel bench). Our own loops after the description
of will-it-scale's page_fault1 (anonymous memory, huge pages) and page_fault2 (a private
file mapping of which each page is written): map 128 MiB, touch every page, unmap. What
is counted is the whole guest, reporting passes included. Instructions as in cost.py, on
one processor; time on two, as pages for each second of QEMU's processor time. The native engine
also reports small blocks (low_order), as residual.py has it.

Each loop runs once to warm up; then its rounds are counted, and files are made and freed
outside of them. So much is counted that a guest without a driver shows the same number in
each boot: to some millionths with one task, to a thousandth with two that share the lists
of the processor. Time is not so steady, so that with the driver is compared with that
without it in the same guest, by short turns, of which groups of four are told by their median.
"""

import itertools
import statistics

from lab import Guest
from lab.bench import Metric
from lab.measure import (NATIVE_LOW0, NATIVE_LOW4, NONE, OURS, STOCK, cpu_seconds, guest, load,
                         settle, unload)

KERNELS = ()
VARIANTS = (NONE, STOCK, OURS, NATIVE_LOW4, NATIVE_LOW0)
KINDS = {"anon": "page_fault1", "file": "page_fault2"}
TASKS = (1, 2)
MIB_EACH = 128
ROUNDS = {"anon": 4, "file": 2}
TURNS = (False, True, True, False)  # is the driver loaded?
GROUPS = {False: 5, True: 1}  # of turns; quick or not
# Loops of that many rounds; quick or not.
COUNTED_ROUNDS = {False: 6, True: 2}
COUNTED = {False: {("anon", 1): 1, ("anon", 2): 2, ("file", 1): 2, ("file", 2): 8},
           True: dict.fromkeys(itertools.product(KINDS, TASKS), 1)}
METRICS = (
    *(Metric(f"insn_{kind}_{tasks}", f"{name}, {tasks} task(s): for each page", "instructions",
             plot=True, digits=2, none_ratio_most=1.002)
      for kind, name in KINDS.items() for tasks in TASKS),
    *(Metric(f"speed_{kind}_{tasks}", f"{name}, {tasks} task(s): pages in a processor second, "
             "by those without a driver", digits=3, ratio_least=0.98)
      for kind, name in KINDS.items() for tasks in TASKS),
)


def _loop(target: Guest, kind: str, tasks: int, rounds: int) -> tuple[int, float]:
    """Pages touched and the guest's seconds."""
    words = target.sh(f"pagefault {kind} {tasks} {max(1, rounds // tasks)} {MIB_EACH}", 280).split()
    return int(words[1]), float(words[3])


def loops(target: Guest, quick: bool) -> dict[str, float]:
    """Instructions for each page of each loop: the guest's clock counts them."""
    found = {}
    for (kind, tasks), repeat in COUNTED[quick].items():
        _loop(target, kind, tasks, COUNTED_ROUNDS[quick])
        said = [_loop(target, kind, tasks, COUNTED_ROUNDS[quick]) for _ in range(repeat)]
        found[f"insn_{kind}_{tasks}"] = (sum(seconds for _, seconds in said) * 1e9
                                         / sum(pages for pages, _ in said))
    return found


def _counted(kernel: str, variant: str, quick: bool) -> dict[str, float]:
    with guest(kernel, variant, icount=True, boot_timeout=150, lifetime=1200) as target:
        load(target, variant)
        settle(target, calm=3)
        return loops(target, quick)


def _turn(target: Guest) -> dict[tuple[str, int], float]:
    """Seconds of QEMU's processors for each loop."""
    used = {}
    settle(target, calm=3)
    for kind, tasks in itertools.product(KINDS, TASKS):
        before = cpu_seconds(target.process.pid)
        _loop(target, kind, tasks, ROUNDS[kind])
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


def _timed(kernel: str, variant: str, quick: bool) -> dict[str, float]:
    with guest(kernel, variant, cpus=2, lifetime=1200) as target:
        _turn(target)  # warms up
        groups = [_group(target, variant) for _ in range(GROUPS[quick])]
    return {name: statistics.median(group[name] for group in groups) for name in groups[0]}


def run(kernel: str, variant: str, quick: bool) -> dict[str, float]:
    """A guest whose instructions are counted, and one whose time is."""
    return {**_counted(kernel, variant, quick), **_timed(kernel, variant, quick)}
