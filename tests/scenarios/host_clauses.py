# SPDX-License-Identifier: GPL-2.0-only
"""In the driver's whole life no clause of the specification is broken.

The fake device checks each clause. Guards: the driver kicks no queue before DRIVER_OK or after
a reset. It writes poison_val only if that was negotiated. It does not use inflated pages before
the device has acknowledged their deflation. It has one statistics buffer, always with the same
tags. "actual" follows the balloon. No page is in the balloon twice, and only pages of the
balloon are deflated. With low_order=9 every reported range has 2 MiB or more.
"""

import pytest

from lab import check
from lab.guest import balloon
from lab.hosts.fakehost import ALL, MUST_TELL_HOST, STATS, VERSION_1, FakeHost, fake, no_memory_lost

KERNELS = ("lab",)
ALSO = ("6.12", "6.1", "lab-arm64")
pytestmark = pytest.mark.timeout(1200)
HUGE_ORDER = 9  # 2 MiB


def test_host_clauses(kernel: str) -> None:
    """Inflate, deflate, statistics, reports, unplug and unload, three times."""
    with fake(kernel) as (guest, host):
        balloon.tune(guest, "low_order", HUGE_ORDER)
        with no_memory_lost(guest):
            for features in (ALL, VERSION_1, ALL & ~MUST_TELL_HOST & ~VERSION_1):
                host.plug(features=features)
                live(host, features)
                host.unplug()
                host.check()
            host.plug(features=ALL)
            host.balloon(5000)
            guest.rmmod("balloon_report")
        check(host.get("inflated") == 0, "pages left in the balloon after rmmod")


def live(host: FakeHost, features: int) -> None:
    """One life of a device."""
    guest = host.guest
    host.balloon(20000)
    host.check()
    host.balloon(1234)
    guest.sh("memhog 300 --hold 0", timeout=60)
    host.balloon(9999)
    check(host.get("inflated") == 9999, "device and driver count different pages")
    if features & STATS:
        for _ in range(5):
            before = host.get("stats/acked")
            host.set("ask_stats", 1)
            guest.poll("statistics", lambda: host.get("stats/acked") > before
                       and host.get("stats/buffers") > before + 1)
        check(host.get("stats/buffers") >= 6, "no statistics")
        guest.sh("memhog 300 --hold 0", timeout=60)
        check(host.flush() == 0, "flush failed")
        check(host.of_driver("reported_bytes") > 200 << 20, "little was reported")
        check(host.get("report/acked") > 0, "no report reached the host")
        check(min(host.ranges()) >= HUGE_ORDER, f"ranges by order: {host.ranges()}")
    host.balloon(0)
    host.check()
