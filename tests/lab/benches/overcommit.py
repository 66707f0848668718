# SPDX-License-Identifier: GPL-2.0-only
"""Guests that have more memory together than their host: bursts of work, one after the other.

A burst fills a file in memory, and frees all but one page in 64 of it. So a guest keeps little,
but scattered over all that it used. The host has room for the guests and for the bursts of a few
of them. If the memory of earlier bursts does not come back, the kernel of the host kills a guest.
"""

import time
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from .. import MIB
from ..guest import Guest
from ..guest.control import GuestError
from ..guest.limit import Limit, limit
from ..guest.qmp import QmpError
from ..guest.side import Side
from ..proc import say
from . import bench, measure
from .show import NAMES

TEMPLATE = Path(__file__).resolve().parent.parent.parent / "bench" / "overcommit.gp"
FREED_PAGES, KEPT_PAGES = 63, 1
INTERVAL = 0.2


@dataclass(frozen=True)
class Scale:
    """The sizes and times of a run."""

    guests: int
    memory_mb: int  # of each guest
    host_mb: int    # for all of them, QEMU included
    burst_mb: int
    rounds: int     # bursts of each guest
    pause: float    # seconds between a burst and the next one
    after: float    # seconds shown after the last


FULL = Scale(guests=8, memory_mb=1024, host_mb=3072, burst_mb=640, rounds=1, pause=2, after=5)
QUICK = Scale(guests=4, memory_mb=512, host_mb=1280, burst_mb=320, rounds=1, pause=2, after=2)


@dataclass
class Result:
    """What the guests with one driver did. Samples are (seconds since the first burst, bytes)."""

    finished: int = 0
    killed: int = 0
    lost: dict[int, float] = field(default_factory=dict)  # number of a guest to its end
    samples: list[list[tuple[float, int]]] = field(default_factory=list)

    def totals(self) -> list[tuple[float, int]]:
        """The sum over the guests, at the times of the first one that lives longest."""
        longest = max(self.samples, key=len)
        return [(when, sum(_at(each, when) for each in self.samples)) for when, _ in longest]


def _at(samples: list[tuple[float, int]], when: float) -> int:
    """The last sample before a time, 0 after the end of a guest."""
    if not samples or when > samples[-1][0] + 5 * INTERVAL:
        return 0
    return max((sample for sample in samples if sample[0] <= when), default=(0.0, 0))[1]


def _burst(guest: Guest, mib: int) -> None:
    """Use memory, keep little of it. What the burst before kept is freed first."""
    guest.sh(f"rm -f /tmp/burst; dd if=/dev/zero of=/tmp/burst bs=1M count={mib} 2>/dev/null && "
             f"scatter /tmp/burst {FREED_PAGES} {KEPT_PAGES}", 120)


class Run:
    """The guests with one driver, from their boot to their end."""

    def __init__(self, kernel: str, variant: str, scale: Scale) -> None:
        self._kernel = kernel
        self._variant = variant
        self._scale = scale
        self._sides: list[Side] = []
        self.result = Result()

    def _open(self, group: Limit) -> Guest:
        return measure.guest(self._kernel, self._variant, memory_mb=self._scale.memory_mb,
                             qemu=group.command(), boot_timeout=300, lifetime=1800)

    def _prepare(self, guest: Guest) -> str:
        measure.load(guest, self._variant)
        return guest.sh("mount -o remount,size=90% /tmp")  # half of the memory otherwise

    def _boot(self, group: Limit) -> None:
        """Two at a time, as each needs a CPU."""
        for number in range(self._scale.guests):
            self._sides.append(Side(f"guest {number}", partial(self._open, group),
                                    self._prepare, INTERVAL))
            if number % 2 or number == self._scale.guests - 1:
                for side in self._sides:
                    if not side.ready.wait(300) or side.error:
                        raise GuestError(f"{side.name}: {side.error or 'no boot'}")
                say(f"{NAMES[self._variant]}: {number + 1} guests run")

    def _work(self, begun: float) -> None:
        """All rounds of bursts. A guest that was killed is left out."""
        scale, lost = self._scale, self.result.lost
        for turn in range(scale.rounds * scale.guests):
            number = turn % scale.guests
            side = self._sides[number]
            if number not in lost:
                try:
                    _burst(side.guest, scale.burst_mb)
                except (GuestError, QmpError):
                    if side.guest.process.poll() is None:
                        raise
                    say(f"{NAMES[self._variant]}: {side.name} ended in burst {turn + 1}")
            for other, each in enumerate(self._sides):
                if each.guest.process.poll() is not None:
                    lost.setdefault(other, time.monotonic() - begun)
            say(f"{NAMES[self._variant]}: burst {turn + 1} of {scale.rounds * scale.guests}, "
                f"{sum(each.guest.process.poll() is None for each in self._sides)} guests live")
            time.sleep(scale.pause)
        time.sleep(scale.after)

    def play(self) -> Result:
        """Boot, work, and end the guests."""
        with limit(self._scale.host_mb) as group:
            try:
                self._boot(group)
                begun = time.monotonic()
                self._work(begun)
                self.result.samples = [
                    [(when - begun, size) for when, size in list(side.sampler.samples)
                     if when >= begun] for side in self._sides]
                self.result.killed = group.kills()
                self.result.finished = self._scale.guests - len(self.result.lost)
            finally:
                for side in self._sides:
                    side.kill()
        return self.result


def table(kernel: str, scale: Scale, results: dict[str, Result]) -> str:
    """The result in words."""
    head = (f"{scale.guests} guests of {scale.memory_mb} MiB on {scale.host_mb} MiB, kernel "
            f"{kernel}: {scale.rounds} burst(s) of {scale.burst_mb} MiB each, one page in "
            f"{FREED_PAGES + KEPT_PAGES} kept")
    rows = [("", "finished", "killed", "together at most", "in the mean")]
    for variant, result in results.items():
        sizes = [size for _, size in result.totals()]
        rows.append((NAMES[variant], f"{result.finished} of {scale.guests}", str(result.killed),
                     f"{max(sizes) // MIB} MiB", f"{sum(sizes) // len(sizes) // MIB} MiB"))
    return "\n".join([head, "", *(f"{a:14}{b:>10}{c:>8}{d:>18}{e:>14}" for a, b, c, d, e in rows)])


def write(out: Path, scale: Scale, results: dict[str, Result]) -> None:
    """The samples, and the picture of each guest's resident size over time."""
    blocks = []
    for variant, result in results.items():
        for number, samples in enumerate([*result.samples, result.totals()]):
            name = f"guest {number}" if number < scale.guests else "all"
            rows = [f"{when:.2f}\t{size / MIB:.1f}" for when, size in samples]
            blocks.append("\n".join([f"{NAMES[variant]}\t{name}", *rows]))
    data = out / "overcommit.tsv"
    data.write_text("\n\n\n".join(blocks) + "\n")
    last = max(when for result in results.values() for when, _ in result.totals())
    bench.plot(TEMPLATE, data=data, out=out / "overcommit.png", guests=scale.guests,
               limit=scale.host_mb, last=last,
               **{variant: f"{NAMES[variant]}: {result.finished} of {scale.guests} guests finish"
                  for variant, result in results.items()})
