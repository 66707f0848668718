# SPDX-License-Identifier: GPL-2.0-only
"""A whole life with a host that watches: no clause of the specification is broken.

Guards: nothing is kicked before DRIVER_OK or after reset; poison_val is not
written where it was not negotiated; pages that the host has are not used before
it acknowledges; one statistics buffer with the same tags; "actual" follows; no
page is in the balloon twice, and only pages in it are deflated; every range that is
reported has 2 MiB or more.
"""

from lab import check
from lab.fakehost import ALL, MUST_TELL_HOST, STATS, VERSION_1, FakeHost, fake, no_memory_lost

KERNELS = ("lab",)
ALSO = ("6.12", "6.1")
TIMEOUT = 1200
HUGE_ORDER = 9  # 2 MiB


def run(kernel: str) -> None:
    """Inflate, deflate, statistics, reports, unplug and unload, three times over."""
    with fake(kernel) as (guest, host):
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
    check(host.get("inflated") == 9999, "the host's count is not the driver's")
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
