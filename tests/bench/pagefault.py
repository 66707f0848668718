# SPDX-License-Identifier: GPL-2.0-only
"""Page faults while reporting is on: instructions and time, one task and two

For kernels with the companion patch (--kernel bench). Our own loops after the description
of will-it-scale's page_fault1 (anonymous memory, huge pages) and page_fault2 (a private
file mapping of which each page is written): map 128 MiB, touch every page, unmap. What
is counted is the whole guest, reporting passes included. Instructions as in cost.py, on
one processor; time on two, as pages a second of QEMU's processor time. The native engine
also reports small blocks (low_order), as residual.py has it.

From one boot to the next page_fault2 varies by 0.5 %, as the kernel's memory lies. So the
loops run before the driver is loaded, too, and what counts is the instructions of a page
by those in the same guest before. A guest without a driver changes as well, as it grows
older: what is judged is that of the driver by that of none. Of each loop the median of
some rounds counts, after one that warms up.
"""

import statistics

from lab import Guest
from lab.bench import Metric
from lab.measure import (NATIVE_LOW0, NATIVE_LOW4, NONE, OURS, STOCK, cpu_seconds, guest, load,
                         settle)

KERNELS = ()
VARIANTS = (NONE, STOCK, OURS, NATIVE_LOW4, NATIVE_LOW0)
KINDS = {"anon": "page_fault1", "file": "page_fault2"}
TASKS = (1, 2)
MIB_EACH = 128
ROUNDS = {"anon": 30, "file": 12}
SIZES = {False: (6, 3), True: (2, 1)}  # rounds of a loop, loops; quick or not
METRICS = (
    *(Metric(f"to_before_{kind}_{tasks}", f"{name}, {tasks} task(s): instructions by those before",
             plot=True, digits=4, none_ratio_most=1.002)
      for kind, name in KINDS.items() for tasks in TASKS),
    *(Metric(f"insn_{kind}_{tasks}", f"{name}, {tasks} task(s): for each page", "instructions",
             digits=1)
      for kind, name in KINDS.items() for tasks in TASKS),
    *(Metric(f"pages_{kind}_{tasks}", f"{name}, {tasks} task(s): in a processor second",
             "1000 pages", digits=1, ratio_least=0.98)
      for kind, name in KINDS.items() for tasks in TASKS),
)


def _loop(target: Guest, kind: str, tasks: int, rounds: int) -> tuple[int, float]:
    """Pages touched and the guest's seconds."""
    words = target.sh(f"pagefault {kind} {tasks} {max(1, rounds // tasks)} {MIB_EACH}", 280).split()
    return int(words[1]), float(words[3])


def loops(target: Guest, rounds: int, repeat: int) -> dict[str, float]:
    """Instructions for each page of each loop: the guest's clock counts them."""
    found = {}
    for kind in KINDS:
        for tasks in TASKS:
            _loop(target, kind, tasks, rounds)
            said = (_loop(target, kind, tasks, rounds) for _ in range(repeat))
            found[f"{kind}_{tasks}"] = statistics.median(
                seconds * 1e9 / pages for pages, seconds in said)
    return found


def _counted(kernel: str, variant: str, quick: bool) -> dict[str, float]:
    with guest(kernel, variant, icount=True, boot_timeout=150, lifetime=1200) as target:
        before = loops(target, *SIZES[quick])
        load(target, variant)
        settle(target, calm=3)
        after = loops(target, *SIZES[quick])
    return {**{f"to_before_{name}": after[name] / before[name] for name in after},
            **{f"insn_{name}": value for name, value in after.items()}}


def _timed(kernel: str, variant: str, rounds: dict[str, int]) -> dict[str, float]:
    values = {}
    with guest(kernel, variant, cpus=2) as target:
        load(target, variant)
        settle(target, calm=3)
        for kind in KINDS:
            for tasks in TASKS:
                used = cpu_seconds(target.process.pid)
                pages, _ = _loop(target, kind, tasks, rounds[kind])
                used = cpu_seconds(target.process.pid) - used
                values[f"pages_{kind}_{tasks}"] = pages / used / 1000
    return values


def run(kernel: str, variant: str, quick: bool) -> dict[str, float]:
    """A guest whose instructions are counted, and one whose time is."""
    rounds = {kind: 4 if quick else count for kind, count in ROUNDS.items()}
    return {**_counted(kernel, variant, quick), **_timed(kernel, variant, rounds)}
