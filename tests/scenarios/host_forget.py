# SPDX-License-Identifier: GPL-2.0-only
"""With the kernel's own page reporting, forget waits for the pages in flight.

Guards: forget waits through all signals that are not fatal, and the pages in flight are
reported once more, too. If the device does not use them, forget fails with a timeout. Without a
driver, the next driver reports everything again.
"""

import time

import pytest

from lab import check
from lab.guest.balloon import HOOKS, hooks
from lab.hosts.fakehost import ALL, FakeHost, fake

KERNELS = ("6.12",)
ALSO = ("6.1",)
pytestmark = pytest.mark.timeout(300)
HOG_MB = 200
PAGE = 4096
STARTED = "/tmp/forgetting"
SHARE = 0.95  # of the reported free memory at the end


def _held(host: FakeHost) -> int:
    """Bytes that the device keeps in flight."""
    host.set("report/hold", 1)
    host.guest.sh(f"memhog {HOG_MB} --hold 0", 60)
    host.until_out("report")
    return host.get("reported") * PAGE


def _silent(host: FakeHost) -> None:
    """The device uses no buffer."""
    _held(host)
    status, said = host.guest.try_sh(f"echo 1 >{HOOKS}/forget", 30)
    check(status and "timed out" in said, f"forget with a silent device: {status} {said}")
    host.set("report/hold", 0)
    check(host.flush() == 0, "flush failed")


def _signal(host: FakeHost) -> None:
    """The task that forgets handles a signal."""
    guest = host.guest
    held = _held(host)
    check(held > 0, "nothing is in flight")
    before = hooks(guest)["reported_bytes"]
    job = guest.start(f"trap : USR1; echo $$ >{STARTED}; echo 1 >{HOOKS}/forget")
    guest.poll("forget has begun", lambda: guest.try_sh(f"test -s {STARTED}")[0] == 0)
    guest.sh(f"kill -USR1 $(cat {STARTED})")
    time.sleep(1)
    check(job.status is None, f"forget did not wait: {job.output.decode()}")
    host.set("report/hold", 0)
    status, said = guest.wait(job, 30)
    check(not status, f"forget failed: {said}")
    check(host.flush() == 0, "flush failed")
    again = hooks(guest)["reported_bytes"] - before
    known = hooks(guest)["reported_free_bytes"]
    print(f"{held >> 20} MiB in flight, {known >> 20} MiB are known, {again >> 20} MiB reported")
    check(again > SHARE * known + held, "memory in flight was not reported again")


def _without_driver(host: FakeHost) -> None:
    """A snapshot is restored while no driver is loaded."""
    guest = host.guest
    known = hooks(guest)["reported_free_bytes"]
    guest.rmmod("balloon_report")
    guest.sh(f"echo 1 >{HOOKS}/forget")
    before = hooks(guest)["reported_bytes"]
    guest.insmod("balloon_report")
    check(host.flush() == 0, "flush failed")
    again = hooks(guest)["reported_bytes"] - before
    print(f"{known >> 20} MiB were known, the next driver reported {again >> 20} MiB")
    check(again > SHARE * known, "the next driver did not report everything again")


def test_host_forget(kernel: str) -> None:
    """A silent device, a slow one, no driver."""
    with fake(kernel) as (guest, host):
        host.plug(features=ALL)
        check(host.flush() == 0, "flush failed")
        _silent(host)
        _signal(host)
        _without_driver(host)
        guest.rmmod("balloon_report")
