# SPDX-License-Identifier: GPL-2.0-only
"""The device goes while inflated, while inflating and while reporting, and comes back."""

import re

from lab import Guest, balloon, check

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
    guest.poll("the new device has its driver",
               lambda: balloon.OURS in balloon.devices(guest).values(), 30)
    return balloon.Balloon(guest)


def run(kernel: str) -> None:
    """Three times: with pages in it, on its way to a target, in the middle of reports."""
    # A slot of PCI Express waits five seconds, ACPI takes a debug kernel long.
    machine = "q35" if kernel == "lab" else "pc"
    with Guest(kernel, memory_mb=384, machine=machine) as guest:
        device = balloon.load(guest)
        total = _total(guest)

        device.resize(SIZE_MB)
        _unplug(guest, "balloon0")
        check(_total(guest) == total, "the balloon's memory did not come back")

        device = _plug(guest, "balloon1")
        device.ask(256)
        guest.poll("some inflation", lambda: device.held_mb() > 0, 30, 0.01)
        _unplug(guest, "balloon1")
        check(_total(guest) == total, "the balloon's memory did not come back")

        device = _plug(guest, "balloon2")
        churn = guest.start("churn 96 120")
        guest.poll("reports", lambda: device.counters()["reported_chains"] > 0, 30)
        _unplug(guest, "balloon2")
        check(not guest.read(f"{balloon.HOOKS}/reporters"), "a reporter is left")

        device = _plug(guest, "balloon3")
        guest.poll("reports", lambda: device.counters()["reported_chains"] > 0, 30)
        guest.sh("killall churn")
        guest.wait(churn)
        check(guest.read(f"{balloon.HOOKS}/reporters") == device.name, "not the reporter")
        guest.finish()
