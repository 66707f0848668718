# SPDX-License-Identifier: GPL-2.0-only
"""The pacer leaves memory alone that a guest maps, touches and unmaps all the time.

Guards: reports of memory that is reused raise the level, and few passes run during the churn.
After the churn the host reclaims the memory about as soon as with the stock driver, and the
level falls to 0.
"""

import re
import time

import pytest

from lab import MIB, Guest, check
from lab.guest import balloon
from lab.guest.control import GuestError

KERNELS = ("6.12",)
ALSO = ("6.1",)
pytestmark = [pytest.mark.timed, pytest.mark.timeout(600)]
CHURN_MB = 300
SECONDS = 15
# With fewer, each takes as long as the pacer's time limit of 2 s at level 0. Then a pass in each
# is right, unless the level rises.
ROUNDS = 8
TRIES = 4
ENDS = 6
RATIO = 1.5  # of the stock driver's time until the memory is reclaimed
FILL = "/tmp/fill"
FILL_MB = 128
STEP_MB = 8
LEVEL = f"{balloon.HOOKS}/level"


def _churn(guest: Guest, seconds: float) -> tuple[float, int, int]:
    """Churn. Returns the seconds until 95 % is reclaimed, the rounds, and the highest level."""
    free_mb = guest.rss_bytes() // MIB
    level = 0
    with guest.sample_rss(0.02) as sampler:
        job = guest.start(f"churn {CHURN_MB} {seconds}")
        while job.status is None:
            level = max(level, int(guest.try_sh(f"cat {LEVEL} 2>/dev/null")[1] or 0))
            time.sleep(0.1)
        ended = time.monotonic()
        status, said = guest.wait(job)
        check(not status, f"churn: {said}")
        used = max(size for when, size in sampler.samples if when <= ended)
        kept = max(balloon.unreportable_bytes(guest), free_mb * MIB)
        check(used - kept > CHURN_MB * MIB // 2, f"used {used}, afterwards {kept}")
        limit = used - (used - kept) * 95 // 100
        back = guest.poll("the host to reclaim the memory",
                          lambda: sampler.first_below(limit, ended), 90, 0.02)
    rounds = int(re.findall(r"iterations (\d+)", said)[0])
    return back - ended, rounds, level


def _paced_churn(guest: Guest) -> tuple[float, int, int, int]:
    """Churn in rounds that are short. Returns what _churn() does, and the passes."""
    for _ in range(TRIES):
        balloon.flush(guest)
        before = balloon.hooks(guest)
        ours, rounds, level = _churn(guest, SECONDS)
        seen = balloon.hooks(guest)
        passes = seen["passes"] - before["passes"]
        reported = (seen["reported_bytes"] - before["reported_bytes"]) // MIB
        print(f"ours: {rounds} rounds, {passes} passes, {reported} MiB reported, level {level}, "
              f"reclaimed {ours:.2f} s after the end")
        if rounds >= ROUNDS or level:
            return ours, rounds, level, passes
    raise GuestError(f"the machine is too slow: {rounds} rounds in {SECONDS} s")


def _check_calm(guest: Guest) -> None:
    """The level falls to 0.

    Only freed memory wakes the pacer, and the memory allocated for that is reused.
    """
    for left_mb in range(FILL_MB - STEP_MB, -1, -STEP_MB):
        guest.sh(f"truncate -s {left_mb}M {FILL}; sleep 3")
        if guest.read(LEVEL) == "0":
            return
    raise GuestError(f"level {guest.read(LEVEL)} after {FILL_MB // STEP_MB * 3} idle seconds: "
                     f"{balloon.hooks(guest)}")


def test_report_adaptive(kernel: str) -> None:
    """The stock driver first, then ours, in the same guest."""
    with Guest(kernel, memory_mb=768) as guest:
        guest.insmod(balloon.STOCK)
        guest.sh("memhog 400 --hold 0", 60)
        guest.poll("the end of the stock driver's reports", lambda: guest.rss_bytes() <
                   balloon.unreportable_bytes(guest) + STEP_MB * MIB, 60)
        # The end of a churn may come right before a pass, so several ends are tried.
        stock = max(_churn(guest, 0.1)[0] for _ in range(ENDS))
        print(f"stock: reclaimed {stock:.2f} s after the end")
        guest.rmmod(balloon.STOCK)
        device = balloon.load(guest)
        guest.sh(f"dd if=/dev/zero of={FILL} bs=1M count={FILL_MB} 2>/dev/null", 60)
        ours, rounds, level, passes = _paced_churn(guest)
        check(level > 0 or passes * 4 < rounds,
              f"{passes} passes in {rounds} rounds, and the level stayed 0")
        check(ours < stock * RATIO, f"reclaimed after {ours:.2f} s, stock driver {stock:.2f} s")
        _check_calm(guest)
        check(device.counters()["report_errors"] == 0, "a report failed")
        guest.finish()
