# SPDX-License-Identifier: GPL-2.0-only
"""Freed memory is reported soon, counted and traced, and an idle guest runs nothing of ours."""

import re
import time

import pytest

from lab import MIB, Guest, check
from lab.guest import balloon

KERNELS = ("6.12", "6.1")
ALSO = ("5.10", "6.12-arm64")
pytestmark = pytest.mark.timed
HOG_MB = 600
SMALL_MB = 320  # much more than the eighth of a zone that the pcplists may keep
TRACE = "/sys/kernel/tracing"


def _return_seconds(guest: Guest, size_mb: int) -> float:
    """Use and free memory. Returns the seconds until the host has reclaimed 95 % of it.

    Only blocks of 2 MiB and more count, as smaller ones are not reported.
    """
    job = guest.start(f"memhog {size_mb} --fifo /tmp/hog")
    guest.poll("memory in use", lambda: b"held" in job.output, 120)
    used = guest.rss_bytes()
    with guest.sample_rss(0.02) as sampler:
        freed = time.monotonic()
        guest.sh("echo >/tmp/hog")
        guest.wait(job)
        kept = balloon.unreportable_bytes(guest)
        limit = used - (used - kept) * 95 // 100
        check(used - kept > size_mb * MIB * 4 // 10, f"used {used}, afterwards {kept}")
        back = guest.poll("the host to reclaim the memory",
                          lambda: sampler.first_below(limit, freed), 90, 0.02)
    return back - freed


def _check_capabilities(guest: Guest, kernel: str) -> None:
    """The engine for stock kernels has all of its capabilities here.

    Older kernels do not export page_reporting_order, and have no small blocks.
    """
    small = "" if kernel in ("6.1", "5.10") else " small"
    said = guest.read(f"{balloon.HOOKS}/capabilities")
    check(said == f"clock report paced{small} flush forget", f"capabilities: {said}")


def _agree(guest: Guest, device: balloon.Balloon) -> bool:
    """Whether both counters agree. A report between the two readings is in one only."""
    ours, devices = balloon.hooks(guest), device.counters()
    return all(ours[name] == devices[name]
               for name in ("reported_bytes", "reports", "report_errors"))


def _switch_trace(guest: Guest, on: int) -> tuple[int, int]:
    """Switch the trace. Returns the bytes reported just before and just after."""
    said = guest.sh(f"cd {balloon.HOOKS}; cat reported_bytes; echo {on} >{TRACE}/tracing_on; "
                    "cat reported_bytes").split()
    return int(said[0]), int(said[1])


def _check_counters(guest: Guest, device: balloon.Balloon, before: dict[str, int]) -> None:
    after = balloon.hooks(guest)
    rise = {name: after[name] - before[name] for name in after}
    check(rise["reported_bytes"] > HOG_MB * MIB * 7 // 10, f"mm_hooks counts: {rise}")
    for name in ("requests", "passes", "checks", "reports"):
        check(rise[name] > 0, f"{name} does not count: {rise}")
    check(rise["report_errors"] == 0, f"errors: {rise}")
    guest.poll("the device to count what mm_hooks counts", lambda: _agree(guest, device))
    free = int(re.findall(r"MemFree: +(\d+)", guest.sh("cat /proc/meminfo"))[0]) * 1024
    known = after["reported_free_bytes"]
    check(free * 0.6 < known < free * 1.1, f"reported_free_bytes is {known}, {free} are free")


def _check_trace(guest: Guest, on: tuple[int, int], off: tuple[int, int]) -> None:
    """Everything that was reported while the trace was on is in it."""
    trace = guest.read(f"{TRACE}/trace")
    for event in ("mmh_pace: request", "mmh_pace: check"):
        check(event in trace, f"no {event} in the trace:\n{trace[:2000]}")
    sizes = re.findall(r"mmh_report: .*bytes=(\d+) status=0", trace)
    total = sum(int(size) for size in sizes)
    check(off[0] - on[1] <= total <= off[1] - on[0],
          f"mmh_report: {total} bytes traced, counted at its ends {on} and {off}")


def _check_delay(guest: Guest) -> None:
    """delay_ms can be changed at run time."""
    balloon.tune(guest, "delay_ms", 1000)
    slow = _return_seconds(guest, SMALL_MB)
    print(f"with delay_ms=1000: {slow:.2f} s")
    check(slow > 0.9, f"reclaimed after {slow:.2f} s with delay_ms=1000")
    balloon.tune(guest, "delay_ms", 100)


def _check_idle(guest: Guest) -> None:
    """As long as nothing is freed, nothing of ours runs."""
    balloon.flush(guest)
    counters = f"cd {balloon.HOOKS}; cat requests passes checks reported_bytes"
    said = guest.sh(f"sleep 3; {counters}; sleep 10; {counters}").split()
    check(said[:4] == said[4:], f"requests, passes, checks, bytes while idle: {said}")


def test_report_basic(kernel: str) -> None:
    """The stock driver first, then ours, in the same guest."""
    with Guest(kernel, memory_mb=1024) as guest:
        guest.insmod(balloon.STOCK)
        stock = _return_seconds(guest, HOG_MB)
        guest.rmmod(balloon.STOCK)
        device = balloon.load(guest)
        _check_capabilities(guest, kernel)
        balloon.flush(guest)
        before = balloon.hooks(guest)
        guest.sh(f"cd {TRACE}; echo 1 >events/mm_hooks/enable; "
                 "echo 1 >events/balloon_report/enable")
        on = _switch_trace(guest, 1)
        ours = _return_seconds(guest, HOG_MB)
        balloon.flush(guest)
        off = _switch_trace(guest, 0)
        print(f"95 % reclaimed: stock {stock:.2f} s, ours {ours:.2f} s")
        check(ours * 3 < stock, f"ours takes {ours:.2f} s, the stock driver {stock:.2f} s")
        _check_counters(guest, device, before)
        _check_trace(guest, on, off)
        _check_delay(guest)
        _check_idle(guest)
        guest.finish()
