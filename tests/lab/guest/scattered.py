# SPDX-License-Identifier: GPL-2.0-only
"""Memory that is free in small blocks only: every second run of a file's pages."""

import time
from collections.abc import Iterator
from contextlib import contextmanager

from .. import MIB
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
    guest.poll("the host to reclaim the small blocks",
               lambda: guest.rss_bytes() < before - BACK, _SECONDS, 0.2)
    print(f"{BACK // MIB} MiB in small blocks back after {time.monotonic() - started:.1f} s")
