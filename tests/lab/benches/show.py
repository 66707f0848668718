# SPDX-License-Identifier: GPL-2.0-only
"""The demo: two guests, the same work, and the memory that the host backs for each."""

import shutil
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from .. import MIB, Skip, kernels
from ..guest import Guest, accel
from ..guest.control import GuestError
from ..guest.side import Side
from ..kernels import modules
from ..proc import say
from ..roots import debian, root
from . import bench, measure
from .measure import BACK_SHARE, FAST, OURS, STOCK, Hog

SERIES = "6.12"
BALLOON = ("free-page-reporting=on",)
NAMES = {STOCK: "stock driver", OURS: "vmhooks"}
# The same image boots with the stock driver if the kernel does not load ours.
NOT_OURS = "module_blacklist=balloon_report,mm_hooks"
TEMPLATE = Path(__file__).resolve().parent.parent.parent / "bench" / "demo.gp"


@dataclass(frozen=True)
class Scale:
    """The sizes and times of the demo."""

    memory_mb: int   # of each guest
    used_mib: int    # the part that is used and freed
    hold: float      # seconds between the last touch and the free
    watch: float     # longest wait: a driver may leave more than 5 %
    after: float     # seconds shown after the slower guest is done
    plain: bool      # guests without Debian's user space


FULL = Scale(2048, 1536, 3.0, 30.0, 3.0, plain=False)
QUICK = Scale(768, 512, 1.0, 15.0, 1.0, plain=True)


class Show:
    """Prepare, boot, play and finish; close in any case."""

    def __init__(self, out: Path, scale: Scale) -> None:
        self.out = out
        self._state: root.Root | None = None
        self._scale = scale
        self._sides: list[Side] = []
        self._freed_at = 0.0
        self._lines = 0  # lines of the figure on the terminal

    # Prepare and boot

    def prepare(self) -> None:
        """Fetch and build what is missing. Only the first time is slow."""
        say("guests run under " + accel.choose().split(",")[0])
        if not self._scale.plain:
            try:
                say(f"Debian 12 with kernel {SERIES}, our modules installed by DKMS "
                    "(a few minutes the first time)")
                self._state = debian.with_package()
                debian.disk(self._state)
                return
            except Skip as why:
                say(f"{why}: showing guests with a small user space instead")
        say(f"kernel {SERIES} and our modules, built for it")
        modules.build(kernels.get(SERIES))

    def _open(self, variant: str) -> Callable[[], Guest]:
        state = self._state
        if not state:
            return lambda: measure.guest(SERIES, variant, memory_mb=self._scale.memory_mb)
        words = NOT_OURS if variant == STOCK else ""
        return lambda: debian.RootGuest(SERIES, state, append=words, balloon=BALLOON,
                                        memory_mb=self._scale.memory_mb)

    def _prepare(self, variant: str) -> Callable[[Guest], str]:
        def prepare(guest: Guest) -> str:
            if isinstance(guest, debian.RootGuest):
                guest.booted()
                guest.sh("ln -sf /opt/memhog /usr/local/bin/memhog")
                driver = guest.balloon_driver()
                if driver != measure.DRIVER[variant]:
                    raise GuestError(f"the balloon is held by {driver or 'no driver'}")
            else:
                measure.load(guest, variant)
            return guest.sh("uname -r").strip()
        return prepare

    def boot(self) -> None:
        """Boot both at the same time."""
        say(f"booting two guests of {self._scale.memory_mb} MiB (10 to 40 s)")
        for variant in (STOCK, OURS):
            self._sides.append(Side(NAMES[variant], self._open(variant),
                                    self._prepare(variant), FAST))
        begun = shown = time.monotonic()
        while not all(side.ready.wait(0.1) for side in self._sides):
            if time.monotonic() - shown > 5:
                shown = time.monotonic()
                say(f"booting: {shown - begun:.0f} s")
        for side, variant in zip(self._sides, (STOCK, OURS)):
            if side.error:
                raise GuestError(f"{side.name}: {side.error}")
            say(f"{side.name}: kernel {side.said}, balloon held by {measure.DRIVER[variant]}")

    # Play

    def play(self) -> None:
        """Use memory in both, free it in both, watch."""
        hogs = [Hog(side.guest, self._scale.used_mib) for side in self._sides]
        self._watch(f"a program in each guest uses {self._scale.used_mib} MiB",
                    lambda: all([hog.holds() for hog in hogs]), 240)
        held = time.monotonic() + self._scale.hold
        self._watch("both hold it", lambda: time.monotonic() > held, self._scale.hold + 5)
        self._freed_at = min(hog.free() for hog in hogs)
        watch = self._scale.watch
        until = self._freed_at + watch
        self._watch("both have freed it", lambda: time.monotonic() > until
                    or all(self.back(side) is not None for side in self._sides), watch + 5)
        end = time.monotonic() + self._scale.after
        self._watch("both have freed it", lambda: time.monotonic() > end, self._scale.after + 5)

    def _watch(self, what: str, done: Callable[[], bool], timeout: float) -> None:
        """Show the figure until this is done."""
        live = sys.stdout.isatty()
        if not live:
            say(what)
        deadline = time.monotonic() + timeout
        shown = 0.0
        while not done():
            self._check(time.monotonic() < deadline, f"no end in {timeout:.0f} s: {what}")
            for side in self._sides:
                self._check(side.guest.process.poll() is None, f"{side.name}: QEMU has died")
            if time.monotonic() - shown >= (0.2 if live else 1):
                shown = time.monotonic()
                self._draw(what, live)
            time.sleep(FAST)

    def _check(self, fine: bool, text: str) -> None:
        if not fine:
            raise GuestError(text)

    def _draw(self, what: str, live: bool) -> None:
        if not live:
            print("   ".join(f"{side.name} {size(side):5d} MiB" for side in self._sides),
                  flush=True)
            return
        width = max(10, min(60, shutil.get_terminal_size().columns - 45))
        since = f" {time.monotonic() - self._freed_at:.1f} s ago" if self._freed_at else ""
        lines = [f"{what}{since}", *(bar(side.name, size(side), self._scale.memory_mb, width,
                                         self.back(side)) for side in self._sides)]
        up = f"\033[{self._lines}A" if self._lines else ""
        print(up + "".join(f"\r\033[K{line}\n" for line in lines), end="", flush=True)
        self._lines = len(lines)

    # The result

    def peak(self, side: Side) -> int:
        """Bytes that the host backed just before the free."""
        before = [held for when, held in list(side.sampler.samples) if when <= self._freed_at]
        return before[-1] if before else 0

    def back(self, side: Side) -> float | None:
        """Seconds from the free until 95 % was back at the host. None before that."""
        if not self._freed_at:
            return None
        limit = self.peak(side) - int(BACK_SHARE * self._scale.used_mib * MIB)
        when = side.sampler.first_below(limit, self._freed_at)
        return when - self._freed_at if when else None

    def finish(self) -> str:
        """Write table, samples and picture. Returns the table."""
        rows = [("", "held at most", "95 % back after", "held at the end")]
        for side in self._sides:
            rows.append((side.name, f"{self.peak(side) // MIB} MiB", self._after(side, 2),
                         f"{size(side)} MiB"))
        how = "installed by DKMS" if self._state else "loaded by hand"
        head = (f"{self._scale.used_mib} MiB freed in a guest of {self._scale.memory_mb} MiB, "
                f"kernel {self._sides[-1].said}, vmhooks {how}")
        table = "\n".join([head, "", *(f"{a:14}{b:>14}{c:>18}{d:>18}" for a, b, c, d in rows)])
        (self.out / "demo.txt").write_text(table + "\n")
        self._plot()
        return table

    def _plot(self) -> None:
        blocks = []
        for side in self._sides:
            rows = [f"{when - self._freed_at:.3f}\t{held / MIB:.1f}\t{side.name}"
                    for when, held in side.sampler.samples]
            blocks.append("\n".join(["seconds\tmib\tguest", *rows]))
        (self.out / "demo.tsv").write_text("\n\n\n".join(blocks) + "\n")
        stock, ours = self._sides
        bench.plot(TEMPLATE, data=self.out / "demo.tsv", out=self.out / "demo.png",
                   freed=self._scale.used_mib, memory=self._scale.memory_mb,
                   stock=f"95 % back: {self._after(stock, 1)}", **self._mark("stock", stock),
                   ours=f"95 % back: {self._after(ours, 1)}", **self._mark("ours", ours))

    def _after(self, side: Side, digits: int) -> str:
        back = self.back(side)
        return f"{back:.{digits}f} s" if back is not None else f"not in {self._scale.watch:.0f} s"

    def _mark(self, name: str, side: Side) -> dict[str, float]:
        """The mark of a guest in the picture: when 95 % was back, or the last sample."""
        back = self.back(side)
        if back is None:
            return {f"{name}_s": self._scale.watch, f"{name}_mib": size(side)}
        limit = self.peak(side) / MIB - BACK_SHARE * self._scale.used_mib
        return {f"{name}_s": back, f"{name}_mib": limit}

    def close(self) -> None:
        """End both guests."""
        for side in self._sides:
            side.kill()


def size(side: Side) -> int:
    """MiB of a guest that the host backs now."""
    samples = side.sampler.samples
    return samples[-1][1] // MIB if samples else 0


def bar(name: str, mib: int, memory_mb: int, width: int, back: float | None) -> str:
    """One line of the live figure."""
    full = min(width, round(width * mib / memory_mb))
    text = f"{name:13}[{'#' * full}{'.' * (width - full)}] {mib:5d} MiB"
    return text + (f"  back in {back:.1f} s" if back is not None else "")
