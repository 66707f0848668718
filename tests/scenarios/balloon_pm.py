# SPDX-License-Identifier: GPL-2.0-only
"""After suspend, freeze and hibernation the balloon is inflated and all is reported again."""

import tempfile
from collections.abc import Callable
from pathlib import Path

import pytest

from lab import MIB, Guest, check
from lab.guest import balloon

KERNELS = ("lab",)
ALSO = ("6.12",)
pytestmark = pytest.mark.timeout(400)
SIZE_MB = 48
SWAP_MB = 512


def _check_back(device: balloon.Balloon, what: str, sleep: Callable[[], None]) -> None:
    """Suspend with an inflated balloon and reported memory. Both are restored."""
    guest = device.guest
    balloon.flush(guest)
    before = balloon.hooks(guest)
    sleep()
    device.wait(SIZE_MB)
    balloon.flush(guest)
    after = balloon.hooks(guest)
    check(after["forgets"] == before["forgets"] + 1, f"{what}: forgets is {after['forgets']}")
    again = after["reported_bytes"] - before["reported_bytes"]
    check(again > before["reported_free_bytes"] * 0.7, f"{what}: {again} bytes reported again, "
          f"{before['reported_free_bytes']} were reported before")
    check(device.counters()["host_timeouts"] == 0, f"{what}: a wait timed out")


def _state(guest: Guest, state: str) -> None:
    guest.sh(f"echo {state} >/sys/power/state", 120)


def _hibernate(guest: Guest) -> None:
    """Write the image to swap and load it again at once."""
    guest.sh("mkswap /dev/vda >/dev/null && swapon /dev/vda && "
             "cat /sys/block/vda/dev >/sys/power/resume && "
             "echo test_resume >/sys/power/disk")
    _state(guest, "disk")
    guest.sh("swapoff /dev/vda")


def test_balloon_pm(kernel: str) -> None:
    """One guest suspends in every way."""
    with tempfile.NamedTemporaryFile(prefix="vmhooks-swap") as swap:
        swap.truncate(SWAP_MB * MIB)
        with Guest(kernel, memory_mb=320, disks=(Path(swap.name),), wakes=True) as guest:
            device = balloon.load(guest, "floor_mb=16")
            device.resize(SIZE_MB)
            _check_back(device, "suspend to RAM", guest.suspend)
            guest.sh("echo 1 >/sys/module/suspend/parameters/pm_test_delay; "
                     "echo devices >/sys/power/pm_test")
            _check_back(device, "freeze of the devices", lambda: _state(guest, "mem"))
            guest.sh("echo none >/sys/power/pm_test")
            _check_back(device, "hibernation", lambda: _hibernate(guest))
            guest.finish()
