# SPDX-License-Identifier: GPL-2.0-only
"""Statistics survive a failed send, and a request of the device keeps the system awake."""

import time

from lab import check
from lab.hosts.fakehost import ALL, DEVICE, FakeHost, fake

KERNELS = ("6.12",)
ALSO = ("lab", "6.1", "6.12-arm64")
TOO_MUCH = 1 << 20  # pages: more than the guest has


def _power(host: FakeHost, name: str) -> int:
    """A number of the device's wakeup source."""
    return int(host.guest.sh(f"cat {DEVICE}/power/{name}") or -1)


def _asked_again(host: FakeHost, buffers: int) -> None:
    host.set("ask_stats", 1)
    host.until("statistics", "stats/buffers", buffers)


def _failed_send(host: FakeHost) -> None:
    """One send of the buffer fails. The device still gets it and may ask again."""
    host.until("the first statistics", "stats/buffers", 1)
    host.set("stats/full", 1)
    host.set("ask_stats", 1)
    host.until("the buffer is the driver's", "stats/acked", 1)
    time.sleep(0.5)
    host.set("stats/full", 0)
    host.until("statistics after a failure", "stats/buffers", 2)
    for buffers in (3, 4):
        _asked_again(host, buffers)


def _sleeps(host: FakeHost, what: str) -> None:
    host.guest.poll(f"nothing keeps the system awake after {what}",
                    lambda: _power(host, "wakeup_active") == 0)


def _wakes(host: FakeHost) -> None:
    """Each event is counted. It ends when it is handled or has to wait."""
    host.guest.sh(f"echo enabled >$(echo {DEVICE}/power/wakeup)")
    before = _power(host, "wakeup_active_count")
    _asked_again(host, 5)
    check(_power(host, "wakeup_active_count") > before, "statistics are no wakeup event")
    _sleeps(host, "statistics")

    host.set("inflate/hold", 1)
    host.set("num_pages", 1000)
    host.until_out("inflate")
    check(_power(host, "wakeup_active") == 1, "an inflation does not keep the system awake")
    host.set("inflate/hold", 0)
    host.until("a balloon", "actual", 1000)
    _sleeps(host, "an inflation")

    host.set("num_pages", TOO_MUCH)
    host.guest.poll("failed allocations", lambda: host.of_driver("alloc_failures") > 3, 60)
    _sleeps(host, "tries that failed")
    host.balloon(0)


def test_host_stats(kernel: str) -> None:
    """One device."""
    with fake(kernel) as (guest, host):
        host.plug(features=ALL)
        _failed_send(host)
        _wakes(host)
        guest.rmmod("balloon_report")
        check(not guest.sh(f"cat {DEVICE}/power/wakeup 2>/dev/null || true").strip(),
              "the wakeup source outlives the driver")
        host.unplug()
