# SPDX-License-Identifier: GPL-2.0-only
"""Sequences of a hostile host (tests/fake_host/fuzz.h), on any balloon driver."""

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from ..guest import Guest, balloon
from ..guest.control import GuestError
from .fakehost import FakeHost

FUZZ = "/sys/kernel/debug/fake_host/fuzz"
CASES = Path(__file__).resolve().parent / "fuzz.cases"
WARNED = "/sys/kernel/warn_count"
# By the virtio core, once, about a device that is gone or ignores its reset.
OF_THE_CORE = r"WARNING: .* virtio_dev_remove"
# By the virtio core, about invalid entries of a used ring, or a queue that cannot be created.
SAID = r"id [0-9]+ (is not a head|out of range)"
QUICK = ("delay_ms=10", "min_age_ms=0")  # of mm_hooks: reports follow at once
_AT = re.compile(r"fake_host: seed \d+, sequence (\d+)")


@dataclass
class Counts:
    """What one driver did with sequences.

    hangs: operations without progress for ten seconds
    wedged: of these, those that did not end when the host served the device again
    splats: warnings, oopses and panics of the kernel
    lost: pages that stayed in the balloon of a device that is gone
    violations: of the specification, while the host itself had broken no rule
    """

    sequences: int = 0
    ops: int = 0
    hangs: int = 0
    wedged: int = 0
    splats: int = 0
    lost: int = 0
    violations: int = 0

    def add(self, other: "Counts") -> None:
        """Sum up."""
        for field in fields(self):
            setattr(self, field.name, getattr(self, field.name) + getattr(other, field.name))

    def row(self) -> str:
        """All numbers, for a table."""
        return " | ".join(f"{getattr(self, field.name):,}" for field in fields(self))

    @classmethod
    def head(cls) -> str:
        """The names of the numbers, for a table."""
        return " | ".join(field.name for field in fields(cls))


def cases() -> list[str]:
    """The sequences that are kept: what was once found, and what reaches the most code."""
    return [line.split("#")[0].strip() for line in CASES.read_text().splitlines()
            if line.split("#")[0].strip()]


class Fuzz:
    """The sequences of a guest."""

    def __init__(self, guest: Guest, driver: str) -> None:
        self.guest = guest
        self.host = FakeHost(guest)
        self.driver = driver
        if driver == balloon.OURS:
            guest.insmod("mm_hooks", *QUICK)
        guest.insmod(driver)
        guest.write("/proc/sys/kernel/panic_on_warn", "0")
        self._warn_once()
        if driver == balloon.OURS:
            guest.write("/proc/sys/kernel/panic_on_warn", "1")
        self._warned = self._warnings()

    def _warn_once(self) -> None:
        """The core warns once about a device that is gone: now, so that it is not counted."""
        self.guest.allow(OF_THE_CORE, SAID)
        self.guest.sh("dmesg -n 2")  # each character to the console costs time; a panic is shown
        self.host.set("ones", 1)
        self.host.plug()
        self.host.unplug(surprise=True)

    def _warnings(self) -> int:
        return int(self.guest.read(WARNED), 0)

    def run(self, seed: int, first: int, count: int, guided: bool = False,
            timeout: float = 600) -> bool:
        """Run sequences. Returns whether they came to their end."""
        return self._go(f"{seed} {first} {count}{' guided' if guided else ''}", timeout)

    def replay(self, sequences: Sequence[str], timeout: float = 600) -> bool:
        """Run these sequences, in hexadecimal."""
        for sequence in sequences:
            self.guest.write(f"{FUZZ}/corpus", sequence)
        return self._go("replay", timeout)

    def _go(self, what: str, timeout: float) -> bool:
        said = self.guest.sh(f"echo {what} >{FUZZ}/run && cat {FUZZ}/wait", timeout)
        return said.strip() == "done"

    def numbers(self) -> dict[str, int]:
        """The file counts."""
        return {name: int(value) for name, value in
                (line.split() for line in self.guest.read(f"{FUZZ}/counts").splitlines())}

    def corpus(self) -> list[str]:
        """The sequences that reached new code, in hexadecimal."""
        return self.guest.read(f"{FUZZ}/corpus").splitlines()

    def counts(self) -> Counts:
        """What the sequences so far have found."""
        seen = self.numbers()
        return Counts(splats=self._warnings() - self._warned,
                      **{name: seen[name] for name in
                         ("sequences", "ops", "hangs", "wedged", "lost", "violations")})


@contextmanager
def fuzzing(kernel: str, driver: str = balloon.OURS, **machine: Any) -> Iterator[Fuzz]:
    """A guest for sequences. It counts instructions: a wait takes no time, and a seed repeats."""
    machine = {"balloon": None, "memory_mb": 384, "boot_timeout": 240, "icount": True,
               "machine": "pc", "accelerator": "tcg,thread=single,tb-size=256",
               "append": "log_buf_len=8M", **machine}
    with Guest(kernel, **machine) as guest:
        yield Fuzz(guest, driver)


def campaign(kernel: str, driver: str, seed: int, count: int, boots: int = 20,
             **machine: Any) -> Counts:
    """Run sequences in as many guests as it takes: a driver that is stuck gets a new one."""
    total, first = Counts(), 0
    for _ in range(boots):
        if first >= count:
            break
        with fuzzing(kernel, driver, **machine) as fuzz:
            first = _until_stuck(fuzz, seed, first, count, total)
    return total


def _until_stuck(fuzz: Fuzz, seed: int, first: int, count: int, total: Counts,
                 batch: int = 50) -> int:
    """Run sequences in one guest. Returns the number of the next sequence."""
    seen = Counts()
    try:
        while first < count:
            done = fuzz.run(seed, first, min(batch, count - first))
            seen = fuzz.counts()
            first = fuzz.numbers()["number"] + (not done)
            if not done:
                break
    except GuestError:
        at = _AT.findall(fuzz.guest.console.read_text(errors="replace"))
        if not at:
            raise
        seen.splats += 1
        first = int(at[-1]) + 1
    total.add(seen)
    return first
