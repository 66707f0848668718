# SPDX-License-Identifier: GPL-2.0-only
"""A short, unusable or missing queue disables its own feature, and never the balloon.

Guards: a reporting queue of any size works. A queue that is missing, or cannot be set up,
disables its feature and at most those with higher queue numbers. All lower ones work, and
every queue keeps its number.
"""

from collections.abc import Iterator

import pytest

from lab import check
from lab.hosts.fakehost import ALL, DONE, HINT, HOST, STATS, FakeHost, fake
from lab.suite.parts import on_failure, shared

KERNELS = ("lab",)
ALSO = ("6.1", "6.12", "lab-arm64")
pytestmark = pytest.mark.timeout(1200)
MEND = (f"cd {HOST}; echo 0 >plugged; echo 0 >num_pages; echo 0 >cmd_id; "
        "for queue in inflate deflate stats hint; do echo 128 >$queue/size; done; "
        "echo 32 >report/size")


@pytest.fixture(scope="module", name="host")
def _host(kernel: str, request: pytest.FixtureRequest) -> Iterator[FakeHost]:
    """One guest for all parts."""
    with fake(kernel) as (guest, host), shared(request, guest):
        yield host


@pytest.fixture(autouse=True)
def _mended(host: FakeHost, request: pytest.FixtureRequest) -> Iterator[None]:
    """A device as before, after a part that has failed."""
    with on_failure(request, lambda: host.guest.try_sh(MEND)):
        yield


def balloon_works(host: FakeHost) -> None:
    """Inflate and deflate."""
    host.balloon(3000)
    host.balloon(100)
    host.check()


def reports(host: FakeHost) -> int:
    """Free and flush. Returns the number of reports that reach the device."""
    before = host.get("report/acked")
    host.guest.sh("memhog 150 --hold 0", timeout=60)
    host.flush()
    return host.get("report/acked") - before


def polled(host: FakeHost) -> None:
    """The device requests statistics and the driver sends the next ones."""
    before = host.get("stats/buffers")
    host.set("ask_stats", 1)
    host.guest.poll("statistics", lambda: host.get("stats/buffers") > before)


def hinted(host: FakeHost, cmd: int) -> None:
    """The driver follows a hinting command to its end."""
    host.set("cmd_id", cmd)
    host.guest.poll("the end of hinting", lambda: host.of_driver("hint_cmds") >= 2)
    check(host.of_driver("hint_blocks") > 0, "no block was hinted")
    host.set("cmd_id", DONE)
    host.guest.poll("the last block in flight", lambda: host.get("hinted") == 0)
    host.check()


def test_sizes(host: FakeHost) -> None:
    """Reporting queues of different sizes."""
    for size in (1, 4, 16, 32, 64):
        host.plug(features=ALL, report_size=size)
        balloon_works(host)
        check(reports(host) > 0, f"no report through a queue of {size}")
        host.unplug()
    host.plug(features=ALL, report_size=31)  # not a power of two, so set-up fails
    balloon_works(host)
    check(reports(host) == 0, "reports through a queue of invalid size")
    host.unplug()
    host.set("report/size", 32)


def test_missing(host: FakeHost) -> None:
    """Queues that were offered and are missing, and queues not offered."""
    for queue in ("report", "hint", "stats"):
        size = host.get(f"{queue}/size")
        host.plug(features=ALL, **{f"{queue}_size": 0})
        balloon_works(host)
        check(host.state() == "live", f"not live without {queue}")
        if queue != "stats":
            polled(host)
        if queue == "report":
            hinted(host, 0x80000010)
        host.unplug()
        host.set(f"{queue}/size", size)
    for features in (ALL & ~HINT, ALL & ~STATS, ALL & ~HINT & ~STATS):
        host.plug(features=features)
        balloon_works(host)
        check(reports(host) > 0, f"no reports with features {features:#x}")
        host.unplug()


def test_small(host: FakeHost) -> None:
    """One entry is enough for the balloon, two for hinting."""
    for size in (1, 2):
        host.plug(features=ALL, inflate_size=size, deflate_size=size, stats_size=size,
                  hint_size=size, report_size=size)
        balloon_works(host)
        host.set("cmd_id", 0x80000000 + size)
        host.guest.poll("the end of hinting", lambda: size == 1 or
                        host.of_driver("hint_cmds") >= 2)
        host.set("cmd_id", 1)
        host.unplug()
