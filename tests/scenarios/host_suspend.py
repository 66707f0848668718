# SPDX-License-Identifier: GPL-2.0-only
"""Suspend and resume work with a device that answers, and with a silent one.

Guards: freeze frees all pages and kicks no queue afterwards. Restore starts with one statistics
buffer and with poison_val in time. The balloon grows to its target, and all free memory is
reported again. A silent device does not delay suspend until the driver's timeout. Pages that it
has not deflated by then are freed, and none is lost. A failed device is in service after
resume.
"""

import pytest

from lab import check
from lab.hosts.fakehost import ALL, DONE, FakeHost, fake, no_memory_lost

KERNELS = ("lab",)
ALSO = ("6.12",)
pytestmark = pytest.mark.timeout(1200)
BALLOON = 20000  # pages


def suspend(host: FakeHost) -> None:
    """Freeze and restore every device. The kernel waits 1 s in between, not 5 s."""
    host.guest.sh("echo 1 >/sys/module/suspend/parameters/pm_test_delay && "
                  "echo devices >/sys/power/pm_test && echo mem >/sys/power/state",
                  timeout=60)


def awake(host: FakeHost, pages: int) -> None:
    """The device is in service after resume, and the balloon follows its target."""
    host.until("the balloon is back", "actual", pages, 60)
    check(host.state() == "live", f"after resume the device is {host.state()}")
    host.balloon(pages // 2)
    host.balloon(pages)
    host.check()


def silent(host: FakeHost) -> None:
    """The device is silent on a queue for longer than the freezer waits."""
    for queue, pages in (("inflate", 30000), ("deflate", 3000)):
        host.set(f"{queue}/hold", 1)
        host.set("num_pages", pages)
        host.until_out(queue)
        suspend(host)
        host.check()
        host.set(f"{queue}/hold", 0)
        awake(host, pages)
    host.set("hint/hold", 1)
    host.set("cmd_id", 0x80000001)
    host.until_out("hint")
    suspend(host)
    host.set("hint/hold", 0)
    host.guest.poll("more hints", lambda: host.of_driver("hint_blocks") > 0)
    host.set("cmd_id", DONE)
    host.until("the blocks are back", "hinted", 0)
    awake(host, pages)
    host.set("report/hold", 1)
    host.guest.sh("memhog 200 --hold 0", timeout=60)
    host.until_out("report")
    suspend(host)
    host.set("report/hold", 0)
    awake(host, pages)
    check(host.flush() == 0, "flush failed after the silence")


def cut_short(host: FakeHost) -> None:
    """The driver empties the balloon before suspend, and the device is too slow."""
    for name, value in (("ack_ms", 100), ("hold", 1)):
        with no_memory_lost(host.guest):
            host.balloon(BALLOON)
            host.set(f"deflate/{name}", value)
            suspend(host)
            host.check()
            host.set(f"deflate/{name}", 0)
            awake(host, BALLOON)
            host.balloon(0)


def test_host_suspend(kernel: str) -> None:
    """Suspend under load, with a silent device, and with a failed device."""
    with fake(kernel, "host_timeout_ms=60000", machine="pc", wakes=True) as (guest, host):
        host.plug(features=ALL)
        host.balloon(6000)
        check(host.flush() == 0, "flush failed")
        bytes_before = host.of_driver("reported_bytes")
        host.set("num_pages", BALLOON)
        suspend(host)
        awake(host, BALLOON)
        check(host.flush() == 0, "flush failed after resume")
        check(host.of_driver("reported_bytes") > bytes_before + (200 << 20),
              "free memory was not reported again")
        host.check()

        silent(host)
        cut_short(host)
        host.set("inflate/break", 1)
        host.set("num_pages", 10000)
        suspend(host)
        awake(host, 10000)
        host.unplug()
