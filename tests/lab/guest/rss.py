# SPDX-License-Identifier: GPL-2.0-only
"""How much of a guest's memory the host backs.

The exact value is the Rss of the mapping of the guest's RAM in /proc/PID/smaps. Reading it walks
the page tables (about 20 ms for 2 GiB in small pages). So the sampler reads the kernel's RssAnon
counter, which is cheap. It subtracts the memory that is not guest RAM. Every CALIBRATE seconds
it measures that against smaps.
"""

import re
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path

CALIBRATE = 2.0
_ENTRY = re.compile(rb"([0-9a-f]+)-([0-9a-f]+) .... ")


def ram_bytes(pid: int, ranges: list[tuple[int, int]]) -> int:
    """Resident bytes of the mappings that overlap these address ranges."""
    total = 0
    inside = False
    for line in Path("/proc", str(pid), "smaps").read_bytes().splitlines():
        if entry := _ENTRY.match(line):
            start, end = int(entry[1], 16), int(entry[2], 16)
            inside = any(start < high and end > low for low, high in ranges)
        elif inside and line.startswith(b"Rss:"):
            total += int(line.split()[1]) * 1024
    return total


def anon_bytes(pid: int) -> int:
    """Resident anonymous bytes of a whole process."""
    text = Path("/proc", str(pid), "status").read_bytes()
    at = text.index(b"RssAnon:")
    return int(text[at:].split(None, 2)[1]) * 1024


@dataclass
class Sampler:
    """Samples guest RAM in the background: a list of (time.monotonic(), bytes)."""

    pid: int
    ranges: list[tuple[int, int]]
    interval: float = 0.05
    samples: list[tuple[float, int]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def _run(self) -> None:
        other = 0
        calibrated = -CALIBRATE
        while not self._stop.wait(self.interval):
            try:
                now = time.monotonic()
                anon = anon_bytes(self.pid)
                if now - calibrated >= CALIBRATE:
                    calibrated = now
                    other = anon - ram_bytes(self.pid, self.ranges)
                self.samples.append((now, max(0, anon - other)))
            except (OSError, ValueError, IndexError):
                return  # the process has ended

    def stop(self) -> list[tuple[float, int]]:
        """Stop the sampling. Returns the samples."""
        self._stop.set()
        self._thread.join(5)
        return self.samples

    def first_below(self, limit: int, since: float = 0) -> float | None:
        """The time of the first sample at or below limit, since a time."""
        for when, size in list(self.samples):
            if when >= since and size <= limit:
                return when
        return None

    def __enter__(self) -> "Sampler":
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()
