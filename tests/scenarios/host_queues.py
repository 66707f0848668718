# SPDX-License-Identifier: GPL-2.0-only
"""Queues that are short, of a size that cannot be, or missing.

Guards: a reporting queue of any size works; a queue that is not there, or cannot
be set up, disables its own feature and at the most those numbered behind it, those
before it work; the balloon works all the same, and every queue stays at its number.
"""

from lab import check
from lab.fakehost import ALL, DONE, HINT, STATS, FakeHost, fake

KERNELS = ("lab",)
ALSO = ("6.1", "6.12")
TIMEOUT = 1200


def balloon_works(host: FakeHost) -> None:
    """Inflate and deflate."""
    host.balloon(3000)
    host.balloon(100)
    host.check()


def reports(host: FakeHost) -> int:
    """Reports that reach the host when memory is freed and flushed."""
    before = host.get("report/acked")
    host.guest.sh("memhog 150 --hold 0", timeout=60)
    host.flush()
    return host.get("report/acked") - before


def polled(host: FakeHost) -> None:
    """Statistics are asked for, and the driver sends the next ones."""
    before = host.get("stats/buffers")
    host.set("ask_stats", 1)
    host.guest.poll("statistics", lambda: host.get("stats/buffers") > before)


def hinted(host: FakeHost, cmd: int) -> None:
    """A hinting command is followed to its end."""
    host.set("cmd_id", cmd)
    host.guest.poll("hinting is over", lambda: host.of_driver("hint_cmds") >= 2)
    check(host.of_driver("hint_blocks") > 0, "no block was hinted")
    host.set("cmd_id", DONE)
    host.guest.poll("the blocks are back", lambda: host.get("hinted") == 0)
    host.check()


def sizes(host: FakeHost) -> None:
    """Reporting queues of different sizes."""
    for size in (1, 4, 16, 32, 64):
        host.plug(features=ALL, report_size=size)
        balloon_works(host)
        check(reports(host) > 0, f"no report through a queue of {size}")
        host.unplug()
    host.plug(features=ALL, report_size=31)  # not a power of two: cannot be set up
    balloon_works(host)
    check(reports(host) == 0, "reports through a queue that cannot be")
    host.unplug()
    host.set("report/size", 32)


def missing(host: FakeHost) -> None:
    """Queues that were offered and are not there, and queues not offered."""
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


def small(host: FakeHost) -> None:
    """One entry is enough for the balloon, two for hinting."""
    for size in (1, 2):
        host.plug(features=ALL, inflate_size=size, deflate_size=size, stats_size=size,
                  hint_size=size, report_size=size)
        balloon_works(host)
        host.set("cmd_id", 0x80000000 + size)
        host.guest.poll("hinting is over", lambda: size == 1 or
                        host.of_driver("hint_cmds") >= 2)
        host.set("cmd_id", 1)
        host.unplug()


def run(kernel: str) -> None:
    """All of them on one boot."""
    with fake(kernel) as (_, host):
        sizes(host)
        missing(host)
        small(host)
