# SPDX-License-Identifier: GPL-2.0-only
"""Every parameter rejects invalid values with a log line that names its bounds."""

from collections.abc import Iterator

import pytest

from lab import Guest, check
from lab.guest import balloon
from lab.suite.parts import on_failure, shared

KERNELS = ("6.12",)
ALSO = ("6.1",)
# module, parameter, default, smallest, largest
BOUNDED = (("mm_hooks", "delay_ms", 100, 10, 60000),
           ("mm_hooks", "min_age_ms", 100, 0, 60000),
           ("mm_hooks", "report_order", 9, 0, 9),
           ("mm_hooks", "low_order", "auto", 0, 9),
           ("mm_hooks", "scan_batch", 64, 1, 4096),
           ("mm_hooks", "inflight_mb", 256, 8, 512),
           ("mm_hooks", "drain_mb", 8, 0, 65536),
           (balloon.OURS, "floor_mb", 64, 0, 1048576),
           (balloon.OURS, "oom_mb", 16, 1, 4096),
           (balloon.OURS, "host_timeout_ms", 10000, 100, 600000))
NO_NUMBERS = ("x", "1x", "", "-1", "1.5", "99999999999999999999999999")
ENGINE = "auto, native or page_reporting is needed"


@pytest.fixture(scope="module", name="guest")
def _guest(kernel: str, request: pytest.FixtureRequest) -> Iterator[Guest]:
    """One guest for all parts."""
    with Guest(kernel, memory_mb=256, machine="pc") as guest, shared(request, guest):
        yield guest


@pytest.fixture(autouse=True)
def _unloaded(guest: Guest, request: pytest.FixtureRequest) -> Iterator[None]:
    """Nothing is loaded after a part that has failed."""
    with on_failure(request, lambda: guest.try_sh(f"rmmod {balloon.OURS}; rmmod mm_hooks")):
        yield


def _out_of(low: int, high: int) -> list[str]:
    return [*NO_NUMBERS, str(high + 1), *([str(low - 1)] if low else [])]


def _needed(default: int | str, low: int, high: int) -> str:
    word = f"{default} or " if isinstance(default, str) else ""
    return f"{word}a number from {low} to {high} is needed"


def _must_not_load(guest: Guest, module: str, given: str, line: str) -> None:
    """A load fails, with that line in the log."""
    guest.try_sh("rmmod mm_hooks")  # mm_hooks stays loaded when balloon_report fails
    guest.sh("dmesg -c >/dev/null")
    status, said = guest.try_sh(f"modprobe {module} '{given}'")
    check(status, f"{module} loads with {given}: {said}")
    log = guest.sh("dmesg")
    check(line in log, f"{given}: the log does not say '{line}':\n{log}")


def test_loading(guest: Guest) -> None:
    """A load with an invalid value fails."""
    for module, name, default, low, high in BOUNDED:
        for value in _out_of(low, high):
            _must_not_load(guest, module, f"{name}={value}",
                           f"{module}: {name}={value[:20]} refused: "
                           f"{_needed(default, low, high)}")
    for value in ("bogus", "AUTO", "", "a" * 200):
        _must_not_load(guest, "mm_hooks", f"engine={value}", ENGINE)
    _must_not_load(guest, "mm_hooks", "engine=native", "needs a kernel with the companion patch")
    for name in ("reporting", "report_poisoned"):
        for value in ("maybe", "2", ""):
            _must_not_load(guest, balloon.OURS, f"{name}={value}", name)


def test_running(guest: Guest) -> None:
    """Through sysfs, rejected values change nothing, and the bounds are accepted."""
    balloon.load(guest)
    for module, name, default, low, high in BOUNDED:
        path = f"/sys/module/{module}/parameters/{name}"
        check(guest.read(path) == str(default), f"{name} is {guest.read(path)} by default")
        for value in _out_of(low, high):
            status, said = guest.try_sh(f"echo '{value}' >{path}")
            check(status, f"{name} takes '{value}': {said}")
            check(guest.read(path) == str(default), f"'{value}' changed {name}")
        for value in (low, high, default):
            guest.sh(f"echo {value} >{path}")
            check(guest.read(path) == str(value), f"{name} does not take {value}")
    path = f"{balloon.PARAMETERS}/engine"
    for value in ("bogus", "", "native"):
        status, said = guest.try_sh(f"echo '{value}' >{path}")
        check(status, f"engine takes '{value}': {said}")
        check(guest.read(path) == "auto", f"'{value}' changed the engine")
    for path in (f"/sys/module/{balloon.OURS}/parameters/reporting",
                 f"/sys/module/{balloon.OURS}/parameters/report_poisoned"):
        check(guest.sh(f"stat -c %a {path}").strip() == "444", f"{path} can be written")
    guest.rmmod(balloon.OURS)


def test_without_reporting(guest: Guest) -> None:
    """reporting=0 turns reporting off, and the log says so."""
    guest.sh("dmesg -c >/dev/null")
    balloon.load(guest, "reporting=0")
    check("parameter reporting=0" in guest.sh("dmesg"), "the log does not say so")
    check(not guest.read(f"{balloon.HOOKS}/reporters"), "there is a reporter")
    guest.rmmod(balloon.OURS)


def test_no_device(guest: Guest) -> None:
    """Without a balloon device the module loads and says so in one line."""
    guest.qmp("device_del", id="balloon0")
    guest.wait_event("DEVICE_DELETED", 60)
    guest.sh("dmesg -c >/dev/null")
    guest.insmod(balloon.OURS)
    said = [line for line in guest.sh("dmesg").splitlines() if balloon.OURS in line]
    check(len(said) == 1 and "no balloon device" in said[0], f"without a device it says: {said}")
    guest.rmmod(balloon.OURS)
    guest.finish()
