# SPDX-License-Identifier: GPL-2.0-only
"""Memory that is free in small blocks only: every second run of a file's pages."""

import time
from collections.abc import Iterator
from contextlib import contextmanager

from .. import MIB, check
from . import balloon
from .control import GuestError
from .guest import Guest

FILE = "/tmp/scattered"
FILE_MB = 384
FREED = FILE_MB * MIB // 2
BACK = FREED * 9 // 10
LOOKS = 100  # at a busy guest, ten seconds
_RUN_PAGES = 16  # every second 64 KiB is freed
_SECONDS = 40


def fill(guest: Guest) -> int:
    """Fill the file. Returns what the host backs."""
    guest.sh(f"dd if=/dev/zero of={FILE} bs=1M count={FILE_MB} 2>/dev/null", 120)
    return guest.rss_bytes()


def punch(guest: Guest) -> None:
    """Free half of the file in small blocks."""
    guest.sh(f"scatter {FILE} {_RUN_PAGES}", 60)


def scatter(guest: Guest) -> int:
    """Fill and free. Returns what the host backs in between."""
    before = fill(guest)
    punch(guest)
    return before


@contextmanager
def churning(guest: Guest) -> Iterator[None]:
    """A program allocates and frees 128 MiB all the time."""
    job = guest.start("churn 128 600")
    time.sleep(1)
    try:
        yield
        if job.status is not None:
            raise GuestError(f"churn ended: {guest.wait(job)}")
    finally:
        guest.try_sh("killall churn")
        guest.poll("the end of churn", lambda: job.status is not None, 20)


def check_returned(guest: Guest, before: int) -> None:
    """The host reclaims the small blocks by itself."""
    started = time.monotonic()
    try:
        guest.poll("the host to reclaim the small blocks",
                   lambda: guest.rss_bytes() < before - BACK, _SECONDS, 0.2)
    except GuestError as error:
        left = (guest.rss_bytes() - before + FREED) // MIB
        raise GuestError(f"{error}\n{left} of {FREED // MIB} MiB are left\n"
                         f"{balloon.hooks(guest)}\n{guest.read('/proc/buddyinfo')}") from None
    print(f"{BACK // MIB} MiB in small blocks back after {time.monotonic() - started:.1f} s")


def check_flush(guest: Guest) -> None:
    """A flush returns the small blocks at once, however young they are."""
    balloon.tune(guest, "min_age_ms", 60000)
    before = scatter(guest)
    balloon.flush(guest)
    after = guest.rss_bytes()
    check(after < before - BACK, f"{(before - after) // MIB} of {FREED // MIB} MiB returned")


def check_left(guest: Guest, low_order: int) -> None:
    """Blocks below low_order are left, also by a flush, until it is auto again."""
    balloon.tune(guest, "low_order", low_order)
    before = scatter(guest)
    balloon.flush(guest)
    time.sleep(5)
    check(before - guest.rss_bytes() < BACK // 4, f"low_order={low_order}: smaller blocks returned")
    balloon.tune(guest, "low_order", "auto")
    check_returned(guest, before)
