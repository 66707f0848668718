# SPDX-License-Identifier: GPL-2.0-only
"""The actions of benchmarks and demo: load a driver, use memory, time its return."""

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from .. import MIB
from ..guest import Guest, balloon
from ..guest.control import GuestError, Job
from ..guest.rss import Sampler

NONE = "none"
STOCK = "stock"
STOCK_ORDER0 = "stock-order0"  # with page_reporting_order=0, which is the administrator's to set
OURS = "ours"
PAGE_REPORTING = "page_reporting"  # ours, where the kernel offers both engines
NATIVE = "native"
# Parameters of mm_hooks. Variants that are not listed do not load it.
PARAMETERS = {OURS: ("engine=auto",),
              PAGE_REPORTING: ("engine=page_reporting",),
              NATIVE: ("engine=native",)}
DRIVER = {NONE: "", STOCK: balloon.STOCK, STOCK_ORDER0: balloon.STOCK,
          **dict.fromkeys(PARAMETERS, balloon.OURS)}

BACK_SHARE = 0.95
FAST = 0.02  # seconds between two samples of the resident size


def is_ours(variant: str) -> bool:
    """Whether the variant runs our modules."""
    return variant in PARAMETERS


def is_native(variant: str) -> bool:
    """Whether the variant needs a kernel with the companion patch."""
    return variant == NATIVE


def guest(kernel: str, variant: str, **machine: Any) -> Guest:
    """A guest of 2 GiB for a variant. Use it in a "with" statement, then load() its driver."""
    machine.setdefault("memory_mb", 2048)
    machine.setdefault("balloon", ("free-page-reporting=on",))
    machine.setdefault("restores", False)
    return Guest(kernel, ours=is_ours(variant), **machine)


def load(target: Guest, variant: str) -> None:
    """Load a variant's driver and check that the device is bound to it."""
    if variant == STOCK_ORDER0:
        target.write("/sys/module/page_reporting/parameters/page_reporting_order", "0")
    if is_ours(variant):
        target.insmod("mm_hooks", *PARAMETERS[variant])
    if driver := DRIVER[variant]:
        target.insmod(driver)
    held = ", ".join(balloon.devices(target).values())
    if held != driver:
        raise GuestError(f"the balloon is held by {held or 'no driver'}, not by {variant}'s")


def settle(target: Guest, calm: float = 5, most: float = 45) -> int:
    """Wait until the resident size stayed within 2 MiB for calm seconds. Returns the size."""
    low = high = target.rss_bytes()
    begun = since = time.monotonic()
    while time.monotonic() - since < calm and time.monotonic() - begun < most:
        time.sleep(0.25)
        size = target.rss_bytes()
        low, high = min(low, size), max(high, size)
        if high - low > 2 * MIB:
            low = high = size
            since = time.monotonic()
    return target.rss_bytes()


def wait_for(what: str, true: Callable[[], bool], timeout: float, step: float = FAST) -> None:
    """Wait on the host until a condition is true."""
    deadline = time.monotonic() + timeout
    while not true():
        if time.monotonic() > deadline:
            raise GuestError(f"not in {timeout:.0f} s: {what}")
        time.sleep(step)


class Hog:
    """Memory that a program in the guest keeps until it is told to free it."""

    def __init__(self, target: Guest, mib: int, name: str = "hog", program: str = "memhog") -> None:
        self.guest = target
        self.mib = mib
        self._fifo = f"/tmp/{name}"
        target.sh(f"rm -f {self._fifo}; mkfifo {self._fifo}")
        self._job: Job = target.start(f"{program} {mib} --fifo {self._fifo}")

    def holds(self) -> bool:
        """Whether all of it was touched."""
        if self._job.status:
            raise GuestError(f"memhog ended early: {self._job.output.decode()}")
        return b"held" in self._job.output

    def wait_held(self, timeout: float = 180) -> None:
        """Wait until all of it was touched."""
        wait_for(f"{self.mib} MiB touched", self.holds, timeout)

    def free(self) -> float:
        """Order the free. Returns the host's time of the order, before the guest receives it."""
        told = time.monotonic()
        self.guest.start(f"echo >{self._fifo}")
        return told

    def freed(self) -> bool:
        """Whether the unmap has returned."""
        return b"freed" in self._job.output


def time_back(sampler: Sampler, limit: int, since: float, timeout: float = 60) -> float:
    """Seconds from since until the resident size is at or under limit."""
    try:
        wait_for(f"resident size under {limit // MIB} MiB",
                 lambda: sampler.first_below(limit, since) is not None, timeout)
    except GuestError as error:
        last = sampler.samples[-1][1] // MIB if sampler.samples else 0
        raise GuestError(f"{error}; it is {last} MiB") from None
    return (sampler.first_below(limit, since) or 0) - since


def cpu_seconds(pid: int) -> float:
    """CPU time that a process has used."""
    fields = Path("/proc", str(pid), "stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / 100


def host_faults(pid: int) -> int:
    """Page faults of a process so far. Each backs a page that had no memory."""
    return int(Path("/proc", str(pid), "stat").read_text().rsplit(")", 1)[1].split()[7])


def busy_share(seconds: float = 0.5) -> float:
    """The share of the machine's CPU time that other work uses."""
    def now() -> tuple[int, int]:
        ticks = [int(word) for word in
                 Path("/proc/stat").read_text().splitlines()[0].split()[1:]]
        return sum(ticks), ticks[3] + ticks[4]
    before = now()
    time.sleep(seconds)
    after = now()
    return 1 - (after[1] - before[1]) / max(1, after[0] - before[0])


def returned_bytes(sampler: Sampler) -> int:
    """All bytes that returned to the host during the sampling: the falls of the resident size."""
    sizes = [size for _, size in sampler.samples]
    return sum(max(0, before - after) for before, after in zip(sizes, sizes[1:]))


def by_size(one: Callable[[int], dict[str, float]], sizes_gib: tuple[int, ...],
            quick: bool) -> dict[str, float]:
    """The values of guests of these sizes, or of the first one only."""
    values: dict[str, float] = {}
    for size in sizes_gib[:1] if quick else sizes_gib:
        values |= one(size)
    return values
