# SPDX-License-Identifier: GPL-2.0-only
"""A device can be pulled out at any moment, and every page is free afterwards.

Guards: removal ends within seconds, with a device that answers and with a silent one. This holds
while pages are inflated, deflated, hinted and reported. The driver binds the next device.
"""

import time

import pytest

from lab import check
from lab.hosts.fakehost import ALL, FakeHost, fake, no_memory_lost

KERNELS = ("lab",)
ALSO = ("6.12", "6.1", "lab-arm64")
pytestmark = pytest.mark.timeout(1200)
MOMENTS = {"inflate": ("num_pages", 30000), "deflate": ("num_pages", 100),
           "report": ("", 0), "hint": ("cmd_id", 0x80000000)}


def load(host: FakeHost, queue: str) -> None:
    """Keep every queue busy."""
    host.plug(features=ALL)
    host.balloon(8000)
    host.set(f"{queue}/hold", 1)
    name, value = MOMENTS[queue]
    if name:
        host.set(name, value)
    else:
        host.guest.sh("memhog 200 --hold 0", timeout=60)
    host.until_out(queue)


def test_host_surprise(kernel: str) -> None:
    """Remove the device during all of these, by surprise and orderly."""
    with fake(kernel) as (guest, host), no_memory_lost(guest):
        hog = guest.start("until [ -e /tmp/stop ]; do memhog 64 --hold 0; done")
        for queue in MOMENTS:
            for surprise in (True, False):
                load(host, queue)
                started = time.monotonic()
                host.unplug(30, surprise)
                took = time.monotonic() - started
                print(f"{queue}, surprise={surprise}: {took:.1f} s")
                check(took < 15, f"unplugging took {took:.1f} s")
                host.set(f"{queue}/hold", 0)
                host.set("num_pages", 0)
                host.set("cmd_id", 0)
                host.check()
        guest.sh("touch /tmp/stop")
        check(guest.wait(hog)[0] == 0, "the load did not get its memory")
        guest.rmmod("balloon_report")
