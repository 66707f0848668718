# SPDX-License-Identifier: GPL-2.0-only
"""The host sleeps, and leaves the TSC for another clocksource and comes back."""

from lab import check
from lab.nested import SOURCE, STABLE, Host, LiveVm, pages, parse

KERNELS = ()
ALSO = ("lab", "6.12", "6.1", "lab-6.1", "lab-7.3")
TIMEOUT = 400
OTHERS = ("hpet", "acpi_pm")


def _page(vm: LiveVm) -> dict[str, int]:
    return pages(vm.tell("pages"))[0]


def _check_source(host: Host, vm: LiveVm, other: str) -> None:
    """Off the TSC the master clock goes off, and back on it goes on; time goes on."""
    before = _page(vm)
    host.write(f"{SOURCE}/current_clocksource", other)
    host.poll("the master clock is off", lambda: not _page(vm)["flags"] & STABLE, 20)
    away = _page(vm)
    host.write(f"{SOURCE}/current_clocksource", "tsc")
    host.poll("the TSC again",
              lambda: host.read(f"{SOURCE}/current_clocksource") == "tsc", 20)
    vm.tell("resnap 2 0")
    back = _page(vm)
    check(back["flags"] & STABLE, f"the master clock stays off: {back}")
    times = [page["ns"] for page in (before, away, back)]
    check(0 <= times[0] < times[1] < times[2], f"{other}: the clock ran back: {times}")


def _check_sleep(host: Host, vm: LiveVm) -> None:
    """Time that the host slept is time for its guests: a wanted change passes."""
    before = _page(vm)
    host.suspend(2)
    vm.tell("resnap 1 0")
    after = _page(vm)
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
