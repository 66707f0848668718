# SPDX-License-Identifier: GPL-2.0-only
"""Free page hinting with a host that is slow, disorderly, or changes its mind.

Guards: the id is sent once at the start and STOP at the end; blocks travel only in
between; no block is used before the host acknowledges it, also when acknowledgements
come out of order, in batches, or after DONE; pressure takes acknowledged blocks
only; a new command in the middle starts anew; everything returns in the end.
"""

from lab import check
from lab.fakehost import ALL, DONE, STOP, FakeHost, fake, no_memory_lost

KERNELS = ("lab", "6.1")
ALSO = ("6.12",)
TIMEOUT = 1200


def hinted(host: FakeHost, cmd: int) -> None:
    """Start hinting and wait for the driver's STOP."""
    said = host.of_driver("hint_cmds")
    host.set("cmd_id", cmd)
    host.guest.poll("hinting is over", lambda: host.of_driver("hint_cmds") >= said + 2, 90)
    check(host.of_driver("hint_blocks") > 0, "no block was hinted")


def returned(host: FakeHost) -> None:
    """Everything that was hinted is free again after DONE."""
    host.set("cmd_id", DONE)
    host.guest.poll("the host has no block", lambda: host.get("hinted") == 0, 60)
    host.guest.poll("the driver keeps no block",
                    lambda: host.of_driver("hint_held_pages") == 0)
    host.check()


def disorder(host: FakeHost) -> None:
    """Out of order, in batches, slowly."""
    for number, (name, value) in enumerate((("reverse", 1), ("batch", 32), ("ack_ms", 100))):
        host.set(f"hint/{name}", value)
        hinted(host, 0x80000100 + number)
        host.check()
        returned(host)
        host.set(f"hint/{name}", 0)


def pressure(host: FakeHost) -> None:
    """The guest needs memory that was acknowledged, then some that was not."""
    hinted(host, 0x80000200)
    host.guest.sh("memhog 500 --hold 0", timeout=90)
    host.check()
    returned(host)


def mind(host: FakeHost) -> None:
    """Another command while the host is slow, and one that is over at once."""
    host.set("hint/ack_ms", 300)
    host.set("cmd_id", 0x80000300)
    host.guest.poll("blocks are out", lambda: host.get("hinted") > 0)
    host.set("cmd_id", 0x80000301)
    host.guest.poll("the new command", lambda: host.of_driver("hint_cmds") >= 2)
    host.set("cmd_id", STOP)
    host.set("cmd_id", 0x80000302)
    host.set("cmd_id", DONE)
    returned(host)
    host.set("hint/ack_ms", 0)


def run(kernel: str) -> None:
    """All of it, then unload while the host keeps what was hinted."""
    with fake(kernel, "reporting=0") as (guest, host), no_memory_lost(guest):
        host.plug(features=ALL)
        disorder(host)
        pressure(host)
        mind(host)
        host.set("hint/hold", 1)
        host.set("cmd_id", 0x80000400)
        guest.poll("a command that is out", lambda: host.get("hint/pending") > 0)
        guest.sh("rmmod balloon_report", timeout=20)
        check(host.get("hinted") == 0, "blocks left at the host")
