# SPDX-License-Identifier: GPL-2.0-only
"""The device polls statistics and gets the guest's own numbers."""

import re
from typing import Any

from lab import Guest, check
from lab.guest import balloon

KERNELS = ("6.1",)
ALSO = ("6.12", "5.10", "6.12-arm64")
PATH = "/machine/peripheral/balloon0"
UNKNOWN = 2**64 - 1
KEYS = {f"stat-{name}" for name in (
    "swap-in", "swap-out", "major-faults", "minor-faults", "free-memory", "total-memory",
    "available-memory", "disk-caches", "htlb-pgalloc", "htlb-pgfail")}


def _stats(guest: Guest, after: int = 0) -> dict[str, Any]:
    """Statistics newer than a time."""
    def newer() -> dict[str, Any] | None:
        said = guest.qmp("qom-get", path=PATH, property="guest-stats")
        return said if said["last-update"] > after else None
    return guest.poll("newer statistics", newer, 20, 0.2)


def _stats_of_now(guest: Guest) -> dict[str, Any]:
    """Statistics that the guest collected after the call.

    The next ones may already be in flight. Those after them were requested later.
    """
    first = _stats(guest)["last-update"]
    return _stats(guest, _stats(guest, first)["last-update"])


def _poll_every(guest: Guest, seconds: int) -> None:
    guest.qmp("qom-set", path=PATH, property="guest-stats-polling-interval", value=seconds)


def _check_values(guest: Guest, stats: dict[str, int]) -> None:
    check(set(stats) >= KEYS, f"missing: {KEYS - set(stats)}")
    unknown = {name for name in KEYS if stats[name] == UNKNOWN}
    check(not unknown, f"unknown to QEMU: {unknown}")
    told = dict(re.findall(r"^(\w+): +(\d+) kB", guest.read("/proc/meminfo"), re.M))
    for name, key, slack in (("total-memory", "MemTotal", 0), ("free-memory", "MemFree", 0.1),
                             ("available-memory", "MemAvailable", 0.1),
                             ("disk-caches", "Cached", 0.2)):
        mine, guests = stats[f"stat-{name}"], int(told[key]) * 1024
        check(abs(mine - guests) <= slack * guests, f"{name}: host {mine}, guest {guests}")
    faults = int(re.findall(r"^pgfault (\d+)", guest.read("/proc/vmstat"), re.M)[0])
    check(0 < stats["stat-minor-faults"] <= faults, "minor faults")


def test_balloon_stats(kernel: str) -> None:
    """Poll every second, compare, use memory, compare again, stop polling."""
    with Guest(kernel, memory_mb=384) as guest:
        device = balloon.load(guest)
        _poll_every(guest, 1)
        balloon.flush(guest)
        first = _stats_of_now(guest)
        _check_values(guest, first["stats"])
        job = guest.start("memhog 100 --fifo /tmp/hog")
        guest.poll("memory in use", lambda: b"held" in job.output, 60)
        second = _stats_of_now(guest)
        _check_values(guest, second["stats"])
        used = first["stats"]["stat-free-memory"] - second["stats"]["stat-free-memory"]
        check(used > 90 << 20, f"free memory fell by {used} for 100 MiB in use")
        check(device.counters()["stats_updates"] >= 3, "stats_updates does not count")
        _poll_every(guest, 0)
        guest.sh("echo >/tmp/hog")
        guest.wait(job)
        guest.finish()
