# SPDX-License-Identifier: GPL-2.0-only
"""How much of the machine's processors had nothing to do lately."""

import os
import time
from collections import deque

SECONDS = 2.0
TICKS = os.sysconf("SC_CLK_TCK")


def _idle_seconds() -> float:
    """Seconds since boot that the processors together did nothing, waited for a disk, or
    did what gives way (nice)."""
    with open("/proc/stat", encoding="ascii") as stat:
        fields = stat.readline().split()
    return sum(int(fields[n]) for n in (2, 4, 5)) / TICKS


class Idle:
    """Looks back a while; looked at several times a second."""

    def __init__(self) -> None:
        self._seen: deque[tuple[float, float]] = deque()

    def forget(self) -> None:
        """What was before now says nothing: something was started."""
        self._seen.clear()

    def processors(self) -> float:
        """Processors that were idle, on average; 0 as long as too little was seen."""
        now = time.monotonic()
        self._seen.append((now, _idle_seconds()))
        while len(self._seen) > 1 and now - self._seen[1][0] >= SECONDS:
            self._seen.popleft()
        (then, before), (_, after) = self._seen[0], self._seen[-1]
        return (after - before) / (now - then) if now - then >= SECONDS else 0.0
