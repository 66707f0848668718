# SPDX-License-Identifier: GPL-2.0-only
"""The driver restarts a device that sets DEVICE_NEEDS_RESET at any moment.

Guards: the driver notices it by the configuration interrupt, or without one at its next wait. It
resets the device, frees all pages, and starts the device again with balloon, statistics, hints
and reports. The delay grows for a device that asks again and again. A device that fails right
after DRIVER_OK leaves no unusable reporter registered.
"""

from collections.abc import Iterator

import pytest

from lab import check
from lab.hosts.fakehost import ALL, HOST, FakeHost, fake, no_memory_lost
from lab.suite.parts import on_failure, shared

KERNELS = ("lab",)
ALSO = ("6.12", "lab-arm64")
pytestmark = pytest.mark.timeout(900)
BALLOON = 4000  # pages
REPORTERS = "/sys/kernel/mm_hooks/reporters"
SICK_S = 10
EARLY_US = (1, 100, 200, 400, 600, 800, 1000, 1500, 2000, 3000, 5000, 8000)
MEND = (f"cd {HOST}; echo 0 >plugged; echo 0 >num_pages; "
        "for queue in inflate deflate report; do echo 0 >$queue/hold; done")


@pytest.fixture(scope="module", name="host")
def _host(kernel: str, request: pytest.FixtureRequest) -> Iterator[FakeHost]:
    """One guest for all parts."""
    with fake(kernel) as (guest, host), no_memory_lost(guest), shared(request, guest):
        guest.allow(r"id [0-9]+ (is not a head|out of range)")
        yield host


@pytest.fixture(autouse=True)
def _mended(host: FakeHost, request: pytest.FixtureRequest) -> Iterator[None]:
    """A device as before, after a part that has failed."""
    with on_failure(request, lambda: host.guest.try_sh(MEND)):
        yield


def works(host: FakeHost) -> None:
    """Everything works with this device."""
    guest = host.guest
    guest.poll("the device in service", lambda: host.state() == "live", 10)
    host.until("the balloon is as large as before", "actual", BALLOON)
    guest.poll("the reporter", lambda: len(guest.read(REPORTERS).split()) == 1)
    before = host.get("report/acked")
    guest.sh("memhog 100 --hold 0", timeout=60)
    check(host.flush() == 0, "flush failed")
    check(host.get("report/acked") > before, "no report after the restart")
    before = host.get("stats/acked")
    host.set("ask_stats", 1)
    guest.poll("statistics", lambda: host.get("stats/acked") > before)
    host.check()


def asks(host: FakeHost, queue: str, how: int) -> None:
    """The device asks while it keeps a buffer of a queue. how=2: without an interrupt."""
    restarts = host.of_driver("restarts")
    if queue == "report":
        host.set("report/hold", 1)
        host.guest.sh("memhog 200 --hold 0", timeout=60)
        host.until_out(queue)
    elif queue:
        host.set(f"{queue}/hold", 1)
        host.set("num_pages", 2 * BALLOON if queue == "inflate" else 100)
        host.until_out(queue)
    host.set("needs_reset", how)
    host.guest.poll("a restart", lambda: host.of_driver("restarts") > restarts, 10)
    if queue:
        host.set(f"{queue}/hold", 0)
    host.set("num_pages", BALLOON)
    works(host)


@pytest.mark.parametrize(("queue", "how"), [
    ("", 1), ("inflate", 1), ("inflate", 2), ("deflate", 2), ("report", 1), ("report", 2)])
def test_asks(host: FakeHost, queue: str, how: int) -> None:
    """It asks at each moment."""
    host.plug(features=ALL)
    host.balloon(BALLOON)
    asks(host, queue, how)
    host.unplug()


def test_sick(host: FakeHost) -> None:
    """The device asks all the time. The delays double, from 200 ms on."""
    host.plug(features=ALL)
    host.balloon(BALLOON)
    before = host.of_driver("restarts")
    host.guest.sh(f"end=$(($(date +%s) + {SICK_S})); while [ $(date +%s) -lt $end ]; do "
                  "echo 1 >/sys/kernel/debug/fake_host/needs_reset; sleep 0.02; done",
                  SICK_S + 30)
    restarts = host.of_driver("restarts") - before
    print(f"{restarts} restarts in {SICK_S} s")
    check(0 < restarts <= 8, f"{restarts} restarts in {SICK_S} s")
    host.guest.poll("the device in service", lambda: host.state() == "live", 40)
    works(host)
    host.unplug()


def test_early(host: FakeHost) -> None:
    """The device fails just after DRIVER_OK. The reporter that is registered then works."""
    for us in EARLY_US:
        host.plug(features=ALL, die_us=us)
        host.guest.poll("the failure", lambda: host.get("die_us") == 0)
        works(host)
        host.unplug()


def test_unload(host: FakeHost) -> None:
    """The driver still unloads."""
    host.guest.rmmod("balloon_report")
