# SPDX-License-Identifier: GPL-2.0-only
"""A stock kernel's page reporting returns small blocks, when they are old and the guest is quiet.

Guards: page_reporting_order is lowered for those passes only, stays where an administrator has
set it, and is the kernel's default after the unload. A flush returns small blocks at once.
"""

import time
from collections.abc import Iterator

import pytest

from lab import Guest, check
from lab.guest import balloon
from lab.guest.scattered import (BACK, FILE, LOOKS, check_flush, check_left, check_returned,
                                 churning, scatter)
from lab.suite.parts import shared

KERNELS = ("6.12",)
ALSO = ("lab",)
pytestmark = pytest.mark.timeout(400)
ORDER = "/sys/module/page_reporting/parameters/page_reporting_order"


def _load(guest: Guest) -> balloon.Balloon:
    guest.insmod("mm_hooks", "engine=page_reporting")
    guest.insmod(balloon.OURS)
    return balloon.Balloon(guest)


@pytest.fixture(scope="module", name="guest")
def _guest(kernel: str, request: pytest.FixtureRequest) -> Iterator[Guest]:
    """One guest for all parts."""
    with Guest(kernel, memory_mb=1024) as guest, shared(request, guest):
        _load(guest)
        yield guest


@pytest.fixture(autouse=True)
def _defaults(guest: Guest) -> None:
    """Each part begins with the defaults, and with everything reported."""
    guest.try_sh(f"rm -f {FILE}; killall churn; echo 9 >{ORDER}; cd {balloon.PARAMETERS}; "
                 "echo auto >low_order; echo 100 >min_age_ms")
    balloon.flush(guest)


def test_quiet(guest: Guest) -> None:
    """They return, and the order is what it was."""
    check("small" in guest.read(f"{balloon.HOOKS}/capabilities").split(), "no capability small")
    before = scatter(guest)
    check_returned(guest, before)
    guest.poll("the default order", lambda: guest.read(ORDER) == "9", 10)


def test_busy(guest: Guest) -> None:
    """While a program allocates all the time, no small block is reported."""
    with churning(guest):
        before = scatter(guest)
        orders = set()
        for _ in range(LOOKS):
            orders.add(guest.read(ORDER))
            time.sleep(0.1)
    check(orders == {"9"}, f"page_reporting_order was {orders}")
    check_returned(guest, before)


def test_flush(guest: Guest) -> None:
    """A flush returns them at once."""
    check_flush(guest)
    check(guest.read(ORDER) == "9", f"order {guest.read(ORDER)} after a flush")


def test_administrator(guest: Guest) -> None:
    """An order that was set by hand stays, until it is the default again."""
    guest.write(ORDER, "5")
    guest.poll("the module to notice", lambda: "small" not in
               guest.read(f"{balloon.HOOKS}/capabilities").split(), 20)
    before = scatter(guest)
    balloon.flush(guest)
    check(guest.read(ORDER) == "5", f"order {guest.read(ORDER)}, 5 was written")
    check(before - guest.rss_bytes() < BACK, "blocks below the order were reported")
    guest.rmmod(balloon.OURS)
    guest.rmmod("mm_hooks")
    check(guest.read(ORDER) == "5", f"order {guest.read(ORDER)} after the unload")
    _load(guest)
    check(guest.read(ORDER) == "5", f"order {guest.read(ORDER)} after a load")
    guest.write(ORDER, "9")
    check_returned(guest, before)


def test_off(guest: Guest) -> None:
    """low_order=9 turns it off, also while it runs."""
    check_left(guest, 9)


def test_unload(guest: Guest) -> None:
    """The unload leaves the kernel's default, and nothing else."""
    guest.rmmod(balloon.OURS)
    guest.rmmod("mm_hooks")
    check(guest.read(ORDER) == "9", f"order {guest.read(ORDER)} after the unload")
    guest.finish()
