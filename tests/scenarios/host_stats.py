# SPDX-License-Identifier: GPL-2.0-only
"""Statistics outlive a failed send."""

import time

from lab.fakehost import ALL, FakeHost, fake

KERNELS = ("6.12",)
ALSO = ("lab", "6.1")


def _asked_again(host: FakeHost, buffers: int) -> None:
    host.set("ask_stats", 1)
    host.until("statistics", "stats/buffers", buffers)


def _failed_send(host: FakeHost) -> None:
    """The buffer cannot be sent once; the host still gets it, and may ask again."""
    host.until("the first statistics", "stats/buffers", 1)
    host.set("stats/full", 1)
    host.set("ask_stats", 1)
    host.until("the buffer is the driver's", "stats/acked", 1)
    time.sleep(0.5)
    host.set("stats/full", 0)
    host.until("statistics after a failure", "stats/buffers", 2)
    for buffers in (3, 4):
        _asked_again(host, buffers)


def run(kernel: str) -> None:
    """One device."""
    with fake(kernel) as (guest, host):
        host.plug(features=ALL)
        _failed_send(host)
        host.unplug()
