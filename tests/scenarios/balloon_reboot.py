# SPDX-License-Identifier: GPL-2.0-only
"""A guest reboots and powers off while it reports and the balloon is inflated.

Then it is reset and reboots while reports are in flight that the device does not use.
"""

import time

import pytest

from lab import Guest, check, kernels
from lab.guest import balloon
from lab.hosts.fakehost import ALL, FakeHost, fake

KERNELS = ("lab",)
ALSO = ("6.12", "6.1", "lab-6.1", "lab-7.3", "lab-kasan")
pytestmark = pytest.mark.timeout(600)
SIZE_MB = 96


def _start_reporting(guest: Guest) -> balloon.Balloon:
    device = balloon.load(guest)
    guest.start("churn 64 60 --pause 100")
    guest.poll("reports", lambda: device.counters()["reports"] > 0, 30)
    return device


def _in_flight(host: FakeHost) -> None:
    """Load the driver at a device that keeps all reports in flight."""
    host.plug(features=ALL)
    host.set("report/hold", 1)
    host.guest.write(f"{balloon.HOOKS}/forget", "1")
    host.until_out("report")
    check(balloon.hooks(host.guest)["inflight_bytes"] > 0, "nothing is in flight")


def _again(guest: Guest) -> FakeHost:
    host = FakeHost(guest)
    guest.insmod("balloon_report")
    return host


def _run_in_flight(kernel: str) -> None:
    with fake(kernel, reboot=True) as (guest, host):
        _in_flight(host)
        guest.reset()
        _in_flight(_again(guest))
        guest.start("reboot -f")
        guest.wait_boot(3)
        host = _again(guest)
        _in_flight(host)
        host.set("report/hold", 0)
        check(host.flush() == 0, "flush failed")
        balloon.check_all_back(guest)


def _run_busy(kernel: str) -> None:
    """A reset by QEMU, a reboot and a power-off by the guest."""
    memory_mb = 448 if kernel == "lab-kasan" else 320
    with Guest(kernel, memory_mb=memory_mb, reboot=True) as guest:
        _start_reporting(guest)
        guest.reset()

        device = _start_reporting(guest)
        device.resize(SIZE_MB)
        guest.start("reboot -f")
        guest.wait_boot(3)

        device = _start_reporting(guest)
        device.wait(SIZE_MB)  # the target is still the same
        check(device.counters()["host_timeouts"] == 0, "a wait timed out")
        guest.finish(unload=False)
        guest.start("poweroff -f")
        deadline = time.monotonic() + 60
        while guest.process.poll() is None and time.monotonic() < deadline:
            time.sleep(0.1)
        check(guest.process.poll() == 0, "the guest did not power off")


def test_balloon_reboot(kernel: str) -> None:
    """QEMU's device, then the fake device, which keeps reports in flight."""
    _run_busy(kernel)
    if kernel in kernels.LAB:
        _run_in_flight(kernel)
