# SPDX-License-Identifier: GPL-2.0-only
"""Page faults while reporting is on: instructions, one task and two

Our own loops map 128 MiB, touch every page and unmap. They follow the description of
will-it-scale's page_fault1 (anonymous memory, huge pages) and page_fault2 (a private file mapping,
all written). The instructions of the whole guest are counted, passes included, as in cost.py and on
one CPU.

Each loop runs once to warm up, then its rounds are counted. Files are made and freed outside of
these. The counts of a guest without a driver are nearly equal in each boot. They differ by some
millionths with one task, and by a thousandth with two tasks, which share the pcplists. For time
see faulttime.py.
"""

import itertools

from lab import Guest
from lab.benches.bench import Metric
from lab.benches.measure import NONE, OURS, STOCK, guest, load, settle

KERNELS = ("6.12",)
VARIANTS = (NONE, STOCK, OURS)
KINDS = {"anon": "page_fault1", "file": "page_fault2"}
TASKS = (1, 2)
MIB_EACH = 128
# Rounds of each loop; quick or not.
COUNTED_ROUNDS = {False: 6, True: 2}
COUNTED = {False: {("anon", 1): 1, ("anon", 2): 2, ("file", 1): 2, ("file", 2): 8},
           True: dict.fromkeys(itertools.product(KINDS, TASKS), 1)}
METRICS = tuple(
    Metric(f"insn_{kind}_{tasks}", f"{name}, {tasks} task(s): for each page", "instructions",
           plot=True, digits=2, none_ratio_most=1.001)
    for kind, name in KINDS.items() for tasks in TASKS)


def loop(target: Guest, kind: str, tasks: int, rounds: int,
         stride: int = 1) -> tuple[int, float]:
    """Pages touched, in steps of this stride, and seconds of the guest's clock."""
    words = target.sh(f"pagefault {kind} {tasks} {max(1, rounds // tasks)} {MIB_EACH} {stride}",
                      280).split()
    return int(words[1]), float(words[3])


def loops(target: Guest, quick: bool) -> dict[str, float]:
    """Instructions per page of each loop, by the guest's clock."""
    found = {}
    for (kind, tasks), repeat in COUNTED[quick].items():
        loop(target, kind, tasks, COUNTED_ROUNDS[quick])
        said = [loop(target, kind, tasks, COUNTED_ROUNDS[quick]) for _ in range(repeat)]
        found[f"insn_{kind}_{tasks}"] = (sum(seconds for _, seconds in said) * 1e9
                                         / sum(pages for pages, _ in said))
    return found


def run(kernel: str, variant: str, quick: bool) -> dict[str, float]:
    """A guest whose instructions are counted."""
    with guest(kernel, variant, icount=True, boot_timeout=150, lifetime=1200) as target:
        load(target, variant)
        settle(target, calm=3)
        return loops(target, quick)
