# SPDX-License-Identifier: GPL-2.0-only
"""Invalid used lengths and lost interrupts cost time and nothing else.

Guards: the driver infers nothing from a used length: 0, the sum, or an invalid one. It polls,
so a lost interrupt on the inflate, deflate, hint or report queue is only a delay.
"""

import pytest

from lab import check
from lab.hosts.fakehost import ALL, DONE, FakeHost, fake, no_memory_lost

KERNELS = ("6.12",)
ALSO = ("lab", "6.1")
pytestmark = pytest.mark.timeout(1200)
QUEUES = ("inflate", "deflate", "stats", "hint", "report")


def life(host: FakeHost, cmd: int) -> None:
    """Use every queue."""
    host.balloon(3000)
    host.balloon(500)
    acked = host.get("report/acked")
    host.guest.sh("memhog 150 --hold 0", timeout=60)
    check(host.flush(60000) == 0, "flush failed")
    check(host.get("report/acked") > acked, "no report")
    said = host.of_driver("hint_cmds")
    host.set("cmd_id", cmd)
    host.guest.poll("the end of hinting", lambda: host.of_driver("hint_cmds") >= said + 2, 60)
    host.set("cmd_id", DONE)
    host.guest.poll("the last block in flight", lambda: host.get("hinted") == 0)
    host.check()


def test_host_lengths(kernel: str) -> None:
    """A life with each kind of length, and one without interrupts."""
    with fake(kernel) as (guest, host), no_memory_lost(guest):
        for kind in range(3):
            for queue in QUEUES:
                host.set(f"{queue}/used_len", kind)
            host.plug(features=ALL)
            life(host, 0x80000000 + kind)
            stats = host.get("stats/buffers")
            host.set("ask_stats", 1)
            guest.poll("statistics", lambda: host.get("stats/buffers") > stats)
            host.unplug()
        host.plug(features=ALL)
        with no_memory_lost(guest):
            for queue in QUEUES:
                host.set(f"{queue}/lose_irq", 1)
            life(host, 0x80000010)
            host.balloon(0)
        guest.rmmod("balloon_report")
