# SPDX-License-Identifier: GPL-2.0-only
"""A host that takes two seconds for every acknowledgement, in and out of order.

Guards: no page is used or freed before its inflation, deflation, report or hint
is acknowledged, however long that takes; unloading ends in a few seconds although
the balloon is larger than the host could take back in that time. Exception: a host with
MUST_TELL_HOST that goes on acknowledging is told of every page first, at unload and before
a sleep.
"""

import time

from lab import check
from lab.fakehost import ALL, MUST_TELL_HOST, FakeHost, fake, no_memory_lost

KERNELS = ("lab",)
ALSO = ("6.12",)


SLOW_MS = 150  # for each of the chunks of 256 pages, so all take several seconds


def untold(host: FakeHost, features: int) -> int:
    """Pages that an unload takes from the balloon without telling the host."""
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


def run(kernel: str) -> None:
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
        check(host.get("reported") > 0, "no reported page is held")
        host.check()
        guest.poll("half of it", lambda: host.get("inflated") > 23000, 60)
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
        check(not pages, f"{pages} pages were taken without telling the host")
        pages = untold(host, ALL & ~MUST_TELL_HOST)
        check(pages > 0, "without MUST_TELL_HOST the host was waited for")
