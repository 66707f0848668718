# SPDX-License-Identifier: GPL-2.0-only
"""The driver neither inflates nor reports in a crash kernel (kdump)."""

import time

from lab import Guest, check
from lab.guest import balloon

KERNELS: tuple[str, ...] = ()  # a crash kernel boots for minutes under TCG
ALSO = ("6.12", "6.1")
# There is no core of a crashed kernel. The parameter alone makes this a crash kernel.
CRASHED = "elfcorehdr=0xf0000"


def test_balloon_kdump(kernel: str) -> None:
    """The device asks for a balloon and for statistics, and gets only statistics."""
    with Guest(kernel, memory_mb=384, append=CRASHED,
               balloon=("free-page-reporting=on",)) as guest:
        device = balloon.load(guest)
        device.ask(100)
        guest.poll("the target", lambda: device.counters()["num_pages"] == 100 * 256)
        guest.sh("memhog 100 --hold 0")
        time.sleep(2)
        seen = device.counters()
        for name in ("actual_pages", "inflated_pages", "reported_bytes", "alloc_failures"):
            check(seen[name] == 0, f"{name} is {seen[name]}")
        check("crash dump" in guest.sh("dmesg"), "the log does not say why")
        check(seen["stats_updates"] > 0, "the device gets no statistics")
        guest.finish()
