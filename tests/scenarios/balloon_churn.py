# SPDX-License-Identifier: GPL-2.0-only
"""Inflation and deflation do not make the pacer back off.

Guards: inflation counts no reuse and does not raise the level. Pages that deflation frees
are not reported again. Memory that a program frees next returns to the host as fast as
without the inflation before it.
"""

import statistics
import time

import pytest

from lab import MIB, Guest, check
from lab.guest import balloon

KERNELS = ("6.12",)
ALSO = ("lab", "6.1", "bench")
pytestmark = [pytest.mark.timed, pytest.mark.timeout(500)]
MEMORY_MB = 1024
SIZE_MB, TIMES = 600, 3
HOG_MB, LEFT_MB = 256, 16
PAIRS = 3
UNTIMED = ("lab",)  # its checks would dominate the times: one inflation, untimed
RATIO = 1.1  # of the time without an inflation
# The pacer checks each 100 ms (delay_ms), so the times are two or three of these. A level more
# doubles the number of checks.
CHECK_SECONDS = 0.1
# The shells that read the counters use this much; the balloon moves 1800 MiB.
NOISE_MB = 16
REPORTED_SHARE = 0.1


def _back(guest: Guest) -> float:
    """Use memory and free it. Returns the seconds until the host has reclaimed it."""
    guest.sh(f"memhog {HOG_MB} --hold 0", 60)
    freed = time.monotonic()
    guest.poll("the host to reclaim the memory",
               lambda: balloon.left_bytes(guest, 9) < LEFT_MB * MIB, 60, 0.02)
    return time.monotonic() - freed


def _inflate(guest: Guest, device: balloon.Balloon) -> dict[str, int]:
    """Inflate and deflate. Returns the rise of the counters and the highest level."""
    before = balloon.hooks(guest)
    level = 0
    for _ in range(TIMES):
        for size_mb in (SIZE_MB, 0):
            # Ask QEMU, as each read of a counter in the guest is a shell that uses memory.
            device.ask(size_mb)
            guest.poll("the balloon", lambda size=size_mb: device.host_mb() == size, 100, 0.2)
            level = max(level, balloon.hooks(guest)["level"])
    guest.poll("the last report", lambda: not _reports(guest), 60)
    after = balloon.hooks(guest)
    rise = {name: after[name] - before[name] for name in ("reused_bytes", "reported_bytes")}
    return rise | {"level": max(level - before["level"], 0)}


def _reports(guest: Guest) -> bool:
    """Whether anything is reported within a second."""
    before = balloon.hooks(guest)["reported_bytes"]
    time.sleep(1)
    return balloon.hooks(guest)["reported_bytes"] != before


def test_balloon_churn(kernel: str) -> None:
    """Compare pairs in one guest: after an inflation, and after a pause of the same length."""
    with Guest(kernel, memory_mb=MEMORY_MB, lifetime=480) as guest:
        device = balloon.load(guest)
        balloon.flush(guest)
        _back(guest)
        after, without = [], []
        for _ in range(1 if kernel in UNTIMED else PAIRS):
            begun = time.monotonic()
            rise = _inflate(guest, device)
            print({name: value // (MIB if "bytes" in name else 1)
                   for name, value in rise.items()})
            check(rise["reused_bytes"] < NOISE_MB * MIB, f"inflation counts as reuse: {rise}")
            check(not rise["level"], f"inflation raises the level: {rise}")
            check(rise["reported_bytes"] < REPORTED_SHARE * TIMES * SIZE_MB * MIB,
                  f"deflated pages are reported again: {rise}")
            if kernel in UNTIMED:
                continue
            lasted = time.monotonic() - begun
            after.append(_back(guest))
            time.sleep(lasted)
            without.append(_back(guest))
        print(f"reclaimed after an inflation {after}, without {without}")
        check(kernel in UNTIMED or
              statistics.median(after) <= RATIO * statistics.median(without) + CHECK_SECONDS,
              f"reclaimed after an inflation {after}, without {without}")
        guest.finish()
