# SPDX-License-Identifier: GPL-2.0-only
"""A guest that maps, touches and unmaps the same memory all the time is left alone.

Guards: reports that turn out to be mistakes raise the level, and few passes run while
memory comes and goes; when that ends the memory is back at the host about as soon as
with the stock driver, and the level falls to 0 again.
"""

import re
import time

from lab import MIB, Guest, balloon, check
from lab.control import GuestError

KERNELS = ("6.12",)
ALSO = ("6.1",)
TIMED = True
TIMEOUT = 400
CHURN_MB = 300
SECONDS = 15
RATIO = 1.5  # of the stock driver's time until memory is back
FILL = "/tmp/fill"
FILL_MB = 128
STEP_MB = 8
LEVEL = f"{balloon.HOOKS}/level"


def _churn(guest: Guest, seconds: float) -> tuple[float, int, int]:
    """Churn: seconds until 95 % of it is back after the end, rounds, the highest level."""
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
        back = guest.poll("memory back at the host",
                          lambda: sampler.first_below(limit, ended), 90, 0.02)
    rounds = int(re.findall(r"iterations (\d+)", said)[0])
    return back - ended, rounds, level


def _check_calm(guest: Guest) -> None:
    """The level is 0 again.

    Only what is freed makes anybody look, and what is allocated for that would be one
    more mistake.
    """
    for left_mb in range(FILL_MB - STEP_MB, -1, -STEP_MB):
        guest.sh(f"truncate -s {left_mb}M {FILL}; sleep 3")
        if guest.read(LEVEL) == "0":
            return
    raise GuestError(f"level {guest.read(LEVEL)} after {FILL_MB // STEP_MB * 3} calm seconds")


def run(kernel: str) -> None:
    """The stock driver first, then ours, on the same guest."""
    with Guest(kernel, memory_mb=768) as guest:
        guest.insmod(balloon.STOCK)
        guest.sh("memhog 400 --hold 0", 60)
        guest.poll("the stock driver is through", lambda: guest.rss_bytes() <
                   balloon.unreportable_bytes(guest) + STEP_MB * MIB, 60)
        # A single round takes its whole delay; many may end just before a pass.
        delay, _, _ = _churn(guest, 0.1)
        stock, rounds, _ = _churn(guest, SECONDS)
        stock = max(stock, delay)
        print(f"stock: {rounds} rounds, back {stock:.2f} s after the end or after one round")
        guest.rmmod(balloon.STOCK)
        device = balloon.load(guest)
        guest.sh(f"dd if=/dev/zero of={FILL} bs=1M count={FILL_MB} 2>/dev/null", 60)
        balloon.flush(guest)
        before = balloon.hooks(guest)
        ours, rounds, level = _churn(guest, SECONDS)
        seen = balloon.hooks(guest)
        passes = seen["passes"] - before["passes"]
        reported = (seen["reported_bytes"] - before["reported_bytes"]) // MIB
        print(f"ours: {rounds} rounds, {passes} passes, {reported} MiB reported, level {level}, "
              f"back {ours:.2f} s after the end")
        check(level > 0 or passes * 4 < rounds,
              f"{passes} passes in {rounds} rounds, and the level stayed 0")
        check(ours < stock * RATIO, f"back after {ours:.2f} s, the stock driver {stock:.2f} s")
        _check_calm(guest)
        check(device.counters()["report_errors"] == 0, "a report failed")
        guest.finish()
