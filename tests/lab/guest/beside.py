# SPDX-License-Identifier: GPL-2.0-only
"""Two guests in parallel: the cost of the same work in each at the same time.

The speed of a machine that is a guest itself changes by half within a minute, and its CPUs
differ. So both guests work at the same time, each on one CPU of the machine. Then they exchange
CPUs. So the differences of the CPUs cancel out.
"""

import os
import statistics
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TypeVar

from .guest import Guest

Result = TypeVar("Result")


def _pin(target: Guest, processor: int) -> None:
    """Bind a guest's threads to one CPU."""
    for task in Path("/proc", str(target.process.pid), "task").iterdir():
        try:
            os.sched_setaffinity(int(task.name), {processor})
        except ProcessLookupError:
            pass  # one of QEMU's workers that has just ended


def both(first: Guest, second: Guest,
         work: Callable[[Guest], Result]) -> list[tuple[Result, Result]]:
    """The results of the same work in both guests, on each CPU."""
    low, high, *_ = sorted(os.sched_getaffinity(0)) * 2
    turns = []
    for processors in ((low, high), (high, low)):
        for target, processor in zip((first, second), processors):
            _pin(target, processor)
        with ThreadPoolExecutor() as pool:
            one, other = pool.map(work, (first, second))
        turns.append((one, other))
    return turns


def ratio(turns: list[tuple[float, float]]) -> float:
    """The first guest's cost / the second guest's cost, over both CPUs."""
    return statistics.geometric_mean(one / other for one, other in turns)
