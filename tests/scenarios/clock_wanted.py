# SPDX-License-Identifier: GPL-2.0-only
"""Clock changes that a VMM requests pass, with the masterclock and without it.

Guards: the page and KVM_GET_CLOCK continue from the value of KVM_SET_CLOCK, forwards and
back, also during a publish. Without the masterclock the offset is never lowered by more than
50 ns, as other readers of the clock would see that. The drift is shown.
"""

import re

import pytest

from lab import check
from lab.hosts.nested import STABLE, VMS, Host, LiveVm, pages, parse, raw_gain

KERNELS = ("lab",)
ALSO = ("lab-6.1", "lab-7.3")
pytestmark = pytest.mark.timeout(400)
VALUES = (10**15, 10**9, 2 * 10**15, 0)  # forwards, back
LATER = 500 * 10**9  # more than any step of our own
SETS = 3000
SHOWN = 6
SLACK_NS = 50


def _check_set(vm: LiveVm, show: str, stable: int) -> None:
    """The clock continues from each value."""
    for value in VALUES:
        page = pages(vm.tell(f"setclock {value}", show, "pages"))[0]
        check(page["flags"] & STABLE == stable, f"the masterclock is not as requested: {page}")
        check(value <= page["ns"] < value + LATER, f"set to {value}: {page}")
        said = parse(vm.tell("getclock 50"))["getclock"]
        check(abs(said["min"]) < LATER and abs(said["max"]) < LATER, f"{value}: {said}")


def _drift(host: Host) -> int:
    return max((int(drift) for drift in
                re.findall(r"drift_ns=(-?[0-9]+)", host.read(VMS))), key=abs)


def _check_loose(host: Host, vm: LiveVm) -> None:
    """Published each second without the masterclock, the line falls behind the raw clock."""
    vm.tell("loose 1 0")
    drifts = [_drift(host)]
    for _ in range(SHOWN):
        vm.tell("loose 1 1000000")
        drifts.append(_drift(host))
    print(f"the offset was moved by: {drifts}")
    moves = [after - before for before, after in zip(drifts, drifts[1:])]
    check(min(moves) >= -SLACK_NS, f"the offset was lowered: {moves}")


def test_clock_wanted(kernel: str) -> None:
    """Set the clock, race with it, let it drift."""
    with Host(kernel, cpus=2, badness=raw_gain) as host:
        host.load_fix()
        with host.live("on") as vm:
            before = abs(_drift(host))
            vm.tell("sleep 2000")
            check(abs(_drift(host)) > before + 10, f"no drift in two seconds: {_drift(host)}")
            _check_set(vm, "update 1", STABLE)
            _check_set(vm, "loose 1 0", 0)
            said = parse(vm.tell(f"setrace {SETS}"))["setrace"]
            print(said)
            check(said["sets"] == SETS and not said["wrong"], f"a requested value was lost: {said}")
            _check_loose(host, vm)
            vm.tell("resnap 1 0")
            _check_set(vm, "update 1", STABLE)
            check(host.shown("negative") == host.shown("backwards") == 0, "invalid clocks seen")
        host.finish()
