# SPDX-License-Identifier: GPL-2.0-only
"""A VM's clock survives the host's suspend and its change of clocksource."""

import pytest

from lab import check
from lab.hosts.nested import SOURCE, Host, LiveVm, parse

KERNELS = ()
ALSO = ("lab", "6.12", "6.1", "lab-6.1", "lab-7.3")
pytestmark = pytest.mark.timeout(400)
OTHERS = ("hpet", "acpi_pm")


def _check_source(host: Host, vm: LiveVm, other: str) -> None:
    """Without the TSC the masterclock is off, with it on again. Time goes on."""
    before = vm.page()
    away = host.leave_tsc(vm, other)
    back = host.back_to_tsc(vm)
    times = [page["ns"] for page in (before, away, back)]
    check(0 <= times[0] < times[1] < times[2], f"{other}: the clock went back: {times}")


def _check_sleep(host: Host, vm: LiveVm) -> None:
    """The time of the host's suspend passes for its guests. This step is not corrected."""
    before = vm.page()
    host.suspend(2)
    vm.tell("resnap 1 0")
    after = vm.page()
    check(after["ns"] > before["ns"] >= 0, f"the clock went back: {before} {after}")
    said = parse(vm.tell("resnap 20 0"))["clock"]
    print(f"after the suspend: {after}, {said}")
    check(said["negative"] == 0 and said["odd"] == 0, f"after the suspend: {said}")


def test_clock_sources(kernel: str) -> None:
    """One VM lives through all of it."""
    with Host(kernel, machine="pc", wakes=True) as host:
        host.load_fix()
        with host.live("on") as vm:
            available = host.read(f"{SOURCE}/available_clocksource").split()
            for other in OTHERS:
                if other in available:
                    _check_source(host, vm, other)
            if host.sleeps:
                _check_sleep(host, vm)
        check(host.shown("negative") == 0, "negative clocks were published")
        check(host.shown("version_violations") == 0, "version violations")
        host.finish()
