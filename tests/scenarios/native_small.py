# SPDX-License-Identifier: GPL-2.0-only
"""The native engine returns small blocks by default, when they are old and the guest is quiet.

Guards: no small block is isolated while a program allocates all the time. What is returned is
reported once. A forget reports all of it again. A flush returns small blocks at once, low_order
is obeyed, and large blocks that merge from small ones are returned too.
"""

import time
from collections.abc import Iterator

import pytest

from lab import MIB, Guest, check
from lab.guest import balloon
from lab.guest.scattered import (BACK, FILE, FREED, LOOKS, check_flush, check_left, check_returned,
                                 churning, fill, punch, scatter)
from lab.suite.parts import shared

KERNELS = ("lab",)
ALSO = ("lab-6.1", "lab-7.3", "lab-kasan", "lab-arm64")
TIMEOUT = 1200
pytestmark = pytest.mark.timeout(TIMEOUT)
LARGE = 9  # an order: 2 MiB
AGAIN = 1.1  # bytes reported, of those returned
IDLE_S = 15
NOISE = 8 * MIB
SECONDS = 12  # two of age, then two passes
ABOVE = 5  # an order above that of the scattered blocks
DEFAULTS = (f"rm -f {FILE}; killall churn; cd {balloon.PARAMETERS}; echo auto >low_order; "
            "echo 100 >min_age_ms")


@pytest.fixture(scope="module", name="guest")
def _guest(kernel: str, request: pytest.FixtureRequest) -> Iterator[Guest]:
    """One guest for all parts."""
    with Guest(kernel, memory_mb=1024, lifetime=TIMEOUT, boot_timeout=240) as guest, shared(request, guest):
        balloon.load(guest)
        check(guest.read(f"{balloon.HOOKS}/engine") == "native", "auto is not native here")
        yield guest


@pytest.fixture(autouse=True)
def _defaults(guest: Guest) -> None:
    """Each part begins with the defaults, and with everything reported."""
    guest.try_sh(DEFAULTS)
    balloon.flush(guest)


def _reported(guest: Guest) -> int:
    return balloon.hooks(guest)["reported_bytes"]


def _isolated(guest: Guest) -> int:
    """Small blocks that were isolated so far."""
    return sum(sum(files["isolated_blocks"][:LARGE]) for files in balloon.zones(guest).values())


def test_quiet(guest: Guest) -> None:
    """They return soon, and are reported once. An idle guest reports none again."""
    check("small" in guest.read(f"{balloon.HOOKS}/capabilities").split(), "no capability small")
    fill(guest)
    balloon.flush(guest)
    before, reported = guest.rss_bytes(), _reported(guest)
    punch(guest)
    started = time.monotonic()
    check_returned(guest, before)
    seconds = time.monotonic() - started
    check(seconds < SECONDS, f"they returned after {seconds:.0f} s")
    time.sleep(3)
    once = _reported(guest)
    reported, returned = once - reported, before - guest.rss_bytes()
    time.sleep(IDLE_S)
    again = _reported(guest) - once
    print(f"{reported // MIB} MiB reported, {returned // MIB} MiB returned; in {IDLE_S} idle "
          f"seconds {again >> 10} KiB reported")
    check(reported < returned * AGAIN, f"{reported // MIB} of {returned // MIB} MiB reported")
    check(again < NOISE, f"{again // MIB} MiB were reported while idle")


def test_busy(guest: Guest) -> None:
    """While a program allocates all the time, no small block is isolated."""
    before = fill(guest)
    with churning(guest):
        punch(guest)
        isolated = _isolated(guest)
        time.sleep(LOOKS / 10)
        isolated = _isolated(guest) - isolated
    check(isolated == 0, f"{isolated} small blocks were isolated")
    check_returned(guest, before)


def test_forget(guest: Guest) -> None:
    """A forget clears the flags, so that all small blocks are reported once more."""
    scatter(guest)
    balloon.flush(guest)
    before, isolated = _reported(guest), _isolated(guest)
    guest.write(f"{balloon.HOOKS}/forget", "1")
    small = balloon.free_bytes(guest, 0) - balloon.free_bytes(guest, LARGE)
    free = balloon.free_bytes(guest, 0)
    guest.poll("all of it to be reported again",
               lambda: _reported(guest) - before > free - NOISE, 40, 0.2)
    blocks = _isolated(guest) - isolated
    print(f"{(_reported(guest) - before) // MIB} of {free // MIB} MiB reported again, "
          f"{small // MIB} of them small, {blocks} small blocks")
    check(small > BACK, f"only {small // MIB} MiB are free in small blocks")
    check(blocks > BACK >> 16, f"{blocks} small blocks were isolated")


def test_flush(guest: Guest) -> None:
    """A flush returns them at once. What merges with them later becomes large, and returns."""
    check_flush(guest)
    balloon.check_all_back(guest)
    balloon.tune(guest, "min_age_ms", 100)
    large = balloon.free_bytes(guest, LARGE)
    guest.sh(f"rm {FILE}")
    guest.poll("the host to reclaim all free memory",
               lambda: balloon.left_bytes(guest, 0) < 2 * NOISE, 40, 0.2)
    large = balloon.free_bytes(guest, LARGE) - large
    check(large > FREED, f"only {large // MIB} MiB became free in large blocks")


def test_low_order(guest: Guest) -> None:
    """Smaller blocks than low_order are left, also by a flush."""
    check_left(guest, ABOVE)


def test_end(guest: Guest) -> None:
    """No report failed, the guest does without the module, and the verdict is good."""
    seen = balloon.Balloon(guest).counters()
    check(seen["report_errors"] == seen["host_timeouts"] == 0, f"errors: {seen}")
    guest.rmmod(balloon.OURS, "mm_hooks")
    guest.sh(f"rm -f {FILE}; memhog 600 --hold 0", 120)
    balloon.load(guest)
    balloon.flush(guest)
    guest.finish()
