# SPDX-License-Identifier: GPL-2.0-only
"""A host that takes two seconds for every acknowledgement, in and out of order.

Guards: no page is used or freed before its inflation, deflation, report or hint
is acknowledged, however long that takes; unloading ends in a few seconds although
the balloon is larger than the host could take back in that time.
"""

import time

from lab import check
from lab.fakehost import ALL, fake, no_memory_lost

KERNELS = ("lab",)
ALSO = ("6.12",)


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
