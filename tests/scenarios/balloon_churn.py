# SPDX-License-Identifier: GPL-2.0-only
"""The balloon's own traffic is no use of memory: the pacer does not back off for it.

Guards: inflation takes nothing into use (retaken_bytes, level), what deflation gives back
is not reported once more, and what a program frees next is back as soon as without.
"""

import statistics
import time

from lab import MIB, Guest, balloon, check

KERNELS = ("6.12",)
ALSO = ("lab", "6.1", "bench")
TIMED = True
TIMEOUT = 500
MEMORY_MB = 1024
SIZE_MB, TIMES = 600, 3
HOG_MB, LEFT_MB = 256, 16
PAIRS = 3
UNTIMED = ("lab",)  # its checks cost more than what is timed: one inflation, no times
RATIO = 1.1  # of the time without a balloon
# What the shells that look at the guest use meanwhile; the balloon moved 1800 MiB.
NOISE_MB = 16
REPORTED_SHARE = 0.1


def _back(guest: Guest) -> float:
    """Use memory and free it: seconds until the host has it."""
    guest.sh(f"memhog {HOG_MB} --hold 0", 60)
    freed = time.monotonic()
    guest.poll("memory back at the host",
               lambda: balloon.left_bytes(guest, 9) < LEFT_MB * MIB, 60, 0.02)
    return time.monotonic() - freed


def _inflate(guest: Guest, device: balloon.Balloon) -> dict[str, int]:
    """Inflate and deflate: what the counters rose by, and the highest level."""
    before = balloon.hooks(guest)
    level = 0
    for _ in range(TIMES):
        for size_mb in (SIZE_MB, 0):
            # Not by counters of the guest: each look is a shell that uses memory.
            device.ask(size_mb)
            guest.poll("the balloon", lambda size=size_mb: device.host_mb() == size, 100, 0.2)
            level = max(level, balloon.hooks(guest)["level"])
    guest.poll("nothing is left", lambda: not _reports(guest), 60)
    after = balloon.hooks(guest)
    rise = {name: after[name] - before[name] for name in ("retaken_bytes", "reported_bytes")}
    return rise | {"level": max(level - before["level"], 0)}


def _reports(guest: Guest) -> bool:
    """Is anything reported within a second?"""
    before = balloon.hooks(guest)["reported_bytes"]
    time.sleep(1)
    return balloon.hooks(guest)["reported_bytes"] != before


def run(kernel: str) -> None:
    """Pairs in one guest: after the balloon, and after as long without it."""
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
            check(rise["retaken_bytes"] < NOISE_MB * MIB, f"the balloon is churn: {rise}")
            check(not rise["level"], f"the level rises: {rise}")
            check(rise["reported_bytes"] < REPORTED_SHARE * TIMES * SIZE_MB * MIB,
                  f"what the host has discarded is reported: {rise}")
            if kernel in UNTIMED:
                continue
            lasted = time.monotonic() - begun
            after.append(_back(guest))
            time.sleep(lasted)
            without.append(_back(guest))
        print(f"back after the balloon {after}, without {without}")
        check(kernel in UNTIMED or
              statistics.median(after) <= RATIO * statistics.median(without),
              f"back after the balloon {after}, without {without}")
        guest.finish()
