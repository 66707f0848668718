# SPDX-License-Identifier: GPL-2.0-only
"""A silent device delays the driver for host_timeout_ms, and an unload frees every page.

Guards: a wait ends after host_timeout_ms and is counted. Pages that the device has not
acknowledged stay allocated until then, and are counted as quarantined. A late answer is
accepted, also without its interrupt. An unload ends within seconds and frees every page.
"""

import time

import pytest

from lab import check
from lab.hosts.fakehost import ALL, FakeHost, fake, no_memory_lost

KERNELS = ("lab",)
ALSO = ("6.12", "6.1", "lab-arm64")
pytestmark = pytest.mark.timeout(1200)


def unload(host: FakeHost) -> None:
    """Unload the driver, in time and without a page left."""
    started = time.monotonic()
    host.guest.sh("rmmod balloon_report", timeout=30)
    took = time.monotonic() - started
    print(f"rmmod took {took:.1f} s")
    check(took < 15, f"rmmod took {took:.1f} s")
    for kind in ("inflated", "leaving", "reported", "hinted"):
        check(host.get(kind) == 0, f"pages {kind} after rmmod")


def silent(host: FakeHost, queue: str, first: int, then: int) -> None:
    """The device is silent on a queue while the balloon changes size."""
    host.balloon(first)
    host.set(f"{queue}/hold", 1)
    host.set("num_pages", then)
    host.guest.poll("quarantined pages", lambda: host.of_driver("quarantined_pages"))
    check(host.of_driver("host_timeouts") > 0, "the timeout was not counted")
    host.check()


def late(host: FakeHost, queue: str, first: int, then: int, **how: int) -> None:
    """The device answers late, and no page stays quarantined."""
    for name, value in how.items():
        host.set(f"{queue}/{name}", value)
    silent(host, queue, first, then)
    host.set(f"{queue}/hold", 0)
    host.until("the late answer", "actual", then)
    check(host.of_driver("quarantined_pages") == 0, "pages are still quarantined")
    for name in how:
        host.set(f"{queue}/{name}", 0)


def silent_report(host: FakeHost) -> None:
    """The device is silent on the reporting queue."""
    host.set("report/hold", 1)
    host.guest.sh("memhog 200 --hold 0", timeout=60)
    host.until_out("report")
    status, said = host.guest.try_sh("echo 1000 >/sys/kernel/mm_hooks/flush")
    check(status and "timed out" in said, f"a flush without an answer: {status} {said}")
    host.guest.poll("a counted timeout", lambda: host.of_driver("host_timeouts"))
    host.guest.sh("memhog 200 --hold 0", timeout=60)
    check(host.get("reported") > 0, "no reported page is in flight")
    host.check()


def test_host_silent(kernel: str) -> None:
    """Silence on each queue, ended by an answer or by rmmod."""
    with fake(kernel, "host_timeout_ms=500") as (guest, host):
        with no_memory_lost(guest):
            host.plug(features=ALL)
            late(host, "inflate", 0, 6000)
            late(host, "deflate", 6000, 1000)
            late(host, "inflate", 1000, 2000, lose_irq=1)
            late(host, "deflate", 2000, 1000, lose_irq=1)
            for queue, first, then in (("inflate", 3000, 9000), ("deflate", 9000, 10)):
                silent(host, queue, first, then)
                unload(host)
                host.set(f"{queue}/hold", 0)
                guest.insmod("balloon_report", "host_timeout_ms=500")
            silent_report(host)
            host.balloon(2000)
            unload(host)
        host.set("stopped", 1)
        host.set("report/hold", 0)
        guest.insmod("balloon_report", "host_timeout_ms=60000")
        host.set("num_pages", 5000)
        guest.poll("the first kick", lambda: host.get("inflate/kicks") > 0)
        guest.sh("memhog 100 --hold 0", timeout=60)
        unload(host)
        host.set("stopped", 0)
