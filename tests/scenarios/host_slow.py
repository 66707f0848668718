# SPDX-License-Identifier: GPL-2.0-only
"""A device that acknowledges slowly, in and out of order, delays the driver only.

Guards: no page is used or freed before its inflation, deflation, report or hint is acknowledged,
after any delay. An unload ends within seconds, although deflation of the balloon would take
longer. Exception: with MUST_TELL_HOST, a device that continues to acknowledge is told of every
page first, at an unload and before suspend.
"""

import time

from lab import check
from lab.hosts.fakehost import ALL, MUST_TELL_HOST, FakeHost, fake, no_memory_lost

KERNELS = ("lab",)
ALSO = ("6.12",)


SLOW_MS = 150  # per chunk of 256 pages, so several seconds in total


def untold(host: FakeHost, features: int) -> int:
    """Pages that an unload takes from the balloon without telling the device."""
    host.plug(features=features)
    host.balloon(20000)
    host.set("deflate/ack_ms", SLOW_MS)
    host.set("untold", 0)
    host.guest.sh("rmmod balloon_report", 60)
    host.set("deflate/ack_ms", 0)
    host.check()
    host.unplug()
    host.guest.insmod("balloon_report")
    return host.get("untold")


def test_host_slow(kernel: str) -> None:
    """Inflate and report slowly, then unload in the middle of both."""
    with fake(kernel) as (guest, host), no_memory_lost(guest):
        host.plug(features=ALL)
        host.balloon(20000)
        for queue in ("inflate", "deflate", "report"):
            host.set(f"{queue}/ack_ms", 2000)
        host.set("num_pages", 30000)
        guest.sh("memhog 300 --hold 0", timeout=60)
        host.until_out("report")
        host.until_out("inflate")
        check(host.get("reported") > 0, "no reported page is in flight")
        host.check()
        guest.poll("half of the balloon", lambda: host.get("inflated") > 23000, 60)
        host.check()
        started = time.monotonic()
        guest.sh("rmmod balloon_report", timeout=30)
        print(f"rmmod took {time.monotonic() - started:.1f} s")
        check(time.monotonic() - started < 20, "unloading took too long")
        check(host.get("inflated") == 0, "pages left in the balloon")
        for queue in ("inflate", "deflate", "report"):
            host.set(f"{queue}/ack_ms", 0)
        guest.insmod("balloon_report")
        host.unplug()
        pages = untold(host, ALL)
        check(not pages, f"{pages} pages were taken without telling the device")
        pages = untold(host, ALL & ~MUST_TELL_HOST)
        check(pages > 0, "without MUST_TELL_HOST the unload waited for the device")
