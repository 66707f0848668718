# SPDX-License-Identifier: GPL-2.0-only
"""A kernel that saves a crash dump gives none of its memory to the host."""

import time

from lab import Guest, balloon, check

KERNELS: tuple[str, ...] = ()  # such a kernel takes minutes to boot under TCG
ALSO = ("6.12", "6.1")
# What a crashed kernel leaves behind is not there, but the kernel was told of it.
CRASHED = "elfcorehdr=0xf0000"


def run(kernel: str) -> None:
    """The host asks, and gets statistics only."""
    with Guest(kernel, memory_mb=384, append=CRASHED,
               balloon=("free-page-reporting=on",)) as guest:
        device = balloon.load(guest)
        device.ask(100)
        guest.poll("the host is heard", lambda: device.counters()["asked_pages"] == 100 * 256)
        guest.sh("memhog 100 --hold 0")
        time.sleep(2)
        seen = device.counters()
        for name in ("actual_pages", "inflated_pages", "reported_bytes", "alloc_failures"):
            check(seen[name] == 0, f"{name} is {seen[name]}")
        check("crash dump" in guest.sh("dmesg"), "the log does not say why")
        check(seen["stats_updates"] > 0, "the host gets no statistics")
        guest.finish()
