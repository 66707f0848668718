# SPDX-License-Identifier: GPL-2.0-only
"""The host sleeps, and leaves the TSC for another clocksource and comes back."""

from lab import check
from lab.nested import SOURCE, Host, LiveVm, parse

KERNELS = ()
ALSO = ("lab", "6.12", "6.1", "lab-6.1", "lab-7.3")
TIMEOUT = 400
OTHERS = ("hpet", "acpi_pm")


def _check_source(host: Host, vm: LiveVm, other: str) -> None:
    """Off the TSC the master clock goes off, and back on it goes on; time goes on."""
    before = vm.page()
    away = host.leave_tsc(vm, other)
    back = host.back_to_tsc(vm)
    times = [page["ns"] for page in (before, away, back)]
    check(0 <= times[0] < times[1] < times[2], f"{other}: the clock ran back: {times}")


def _check_sleep(host: Host, vm: LiveVm) -> None:
    """Time that the host slept is time for its guests: a wanted change passes."""
    before = vm.page()
    host.suspend(2)
    vm.tell("resnap 1 0")
    after = vm.page()
    check(after["ns"] > before["ns"] >= 0, f"the clock ran back: {before} {after}")
    said = parse(vm.tell("resnap 20 0"))["clock"]
    print(f"after the sleep: {after}, {said}")
    check(said["negative"] == 0 and said["odd"] == 0, f"after the sleep: {said}")


def run(kernel: str) -> None:
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
        check(host.shown("negative") == 0, "negative clocks were shown")
        check(host.shown("version_violations") == 0, "version violations")
        host.finish()
