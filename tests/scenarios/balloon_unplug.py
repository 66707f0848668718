# SPDX-License-Identifier: GPL-2.0-only
"""The device is unplugged while inflated, inflating and reporting, and plugged again."""

import re

from lab import Guest, check
from lab.guest import balloon

KERNELS = ("lab",)
ALSO = ("6.12",)
SIZE_MB = 64


def _total(guest: Guest) -> str:
    return re.findall(r"MemTotal: +(\d+)", guest.read("/proc/meminfo"))[0]


def _unplug(guest: Guest, name: str) -> None:
    since = len(guest.qmp.events)
    guest.qmp("device_del", id=name)
    guest.wait_event("DEVICE_DELETED", 60, since)
    check(not balloon.devices(guest), "the guest still has a balloon device")


def _plug(guest: Guest, name: str) -> balloon.Balloon:
    bus = "pci.0" if guest.machine.machine == "pc" else "slot0"
    guest.qmp("device_add", driver="virtio-balloon-pci", id=name, bus=bus,
              free_page_reporting=True)
    guest.poll("the driver to bind the new device",
               lambda: balloon.OURS in balloon.devices(guest).values(), 30)
    return balloon.Balloon(guest)


def test_balloon_unplug(kernel: str) -> None:
    """Three times: with an inflated balloon, during inflation, during reports."""
    # A PCI Express slot takes five seconds, ACPI on a debug kernel longer.
    machine = "q35" if kernel == "lab" else "pc"
    with Guest(kernel, memory_mb=384, machine=machine, slot_hotplug=False) as guest:
        device = balloon.load(guest)
        total = _total(guest)

        device.resize(SIZE_MB)
        _unplug(guest, "balloon0")
        check(_total(guest) == total, "MemTotal has changed")

        device = _plug(guest, "balloon1")
        device.ask(256)
        guest.poll("some inflation", lambda: device.held_mb() > 0, 30, 0.01)
        _unplug(guest, "balloon1")
        check(_total(guest) == total, "MemTotal has changed")

        device = _plug(guest, "balloon2")
        churn = guest.start("churn 96 120")
        guest.poll("reports", lambda: device.counters()["reports"] > 0, 30)
        _unplug(guest, "balloon2")
        check(not guest.read(f"{balloon.HOOKS}/reporters"), "a reporter is still registered")

        device = _plug(guest, "balloon3")
        guest.poll("reports", lambda: device.counters()["reports"] > 0, 30)
        guest.sh("killall churn")
        guest.wait(churn)
        check(guest.read(f"{balloon.HOOKS}/reporters") == device.name, "it is not the reporter")
        guest.finish()
