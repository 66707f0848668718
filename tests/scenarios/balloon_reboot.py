# SPDX-License-Identifier: GPL-2.0-only
"""A guest reboots and powers off in the middle of reporting and inflated."""

import time

from lab import Guest, balloon, check

KERNELS = ("lab",)
ALSO = ("6.12", "6.1", "lab-6.1", "lab-7.3")
SIZE_MB = 96


def _start_reporting(guest: Guest) -> balloon.Balloon:
    device = balloon.load(guest)
    guest.start("churn 64 60 --pause 100")
    guest.poll("reports", lambda: device.counters()["reported_chains"] > 0, 30)
    return device


def run(kernel: str) -> None:
    """A reset from outside, a reboot and a power-off from inside."""
    with Guest(kernel, memory_mb=320, reboot=True) as guest:
        _start_reporting(guest)
        guest.reset()

        device = _start_reporting(guest)
        device.resize(SIZE_MB)
        guest.start("reboot -f")
        guest.wait_boot(3)

        device = _start_reporting(guest)
        device.wait(SIZE_MB)  # the host still asks for it
        check(device.counters()["host_timeouts"] == 0, "a wait ran out")
        guest.finish(unload=False)
        guest.start("poweroff -f")
        deadline = time.monotonic() + 60
        while guest.process.poll() is None and time.monotonic() < deadline:
            time.sleep(0.1)
        check(guest.process.poll() == 0, "the guest did not power off")
