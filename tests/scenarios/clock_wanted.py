# SPDX-License-Identifier: GPL-2.0-only
"""What a VMM wants of a clock passes, with the master clock and without it.

Guards: KVM_SET_CLOCK, forwards and back, also while the clock is being shown, is what the
page and KVM_GET_CLOCK go on from; without the master clock the offset, by which others read
the clock, is never lowered by more than nobody can see; what has drifted is shown.
"""

import re

from lab import check
from lab.nested import CLOCK, STABLE, Host, LiveVm, pages, parse, raw_gain

KERNELS = ("lab",)
ALSO = ("lab-6.1", "lab-7.3")
TIMEOUT = 400
VALUES = (10**15, 10**9, 2 * 10**15, 0)  # forwards, back
LATER = 500 * 10**9  # what a step of our own would be beyond
SETS = 3000
SHOWN = 6
SLACK_NS = 50


def _check_set(vm: LiveVm, show: str, stable: int) -> None:
    """Each value is what the clock goes on from."""
    for value in VALUES:
        page = pages(vm.tell(f"setclock {value}", show, "pages"))[0]
        check(page["flags"] & STABLE == stable, f"the master clock is not as wanted: {page}")
        check(value <= page["ns"] < value + LATER, f"set to {value}: {page}")
        said = parse(vm.tell("getclock 50"))["getclock"]
        check(abs(said["min"]) < LATER and abs(said["max"]) < LATER, f"{value}: {said}")


def _drift(host: Host) -> int:
    return max((int(drift) for drift in
                re.findall(r"drift_ns=(-?[0-9]+)", host.read(f"{CLOCK}/vms"))), key=abs)


def _check_loose(host: Host, vm: LiveVm) -> None:
    """Shown every second without the master clock, the line falls behind the raw clock."""
    vm.tell("loose 1 0")
    drifts = [_drift(host)]
    for _ in range(SHOWN):
        vm.tell("loose 1 1000000")
        drifts.append(_drift(host))
    print(f"the offset was moved by: {drifts}")
    moves = [after - before for before, after in zip(drifts, drifts[1:])]
    check(min(moves) >= -SLACK_NS, f"the offset was lowered: {moves}")


def run(kernel: str) -> None:
    """Set it, race it, let it drift."""
    with Host(kernel, cpus=2, badness=raw_gain) as host:
        host.load_fix()
        with host.live("on") as vm:
            before = abs(_drift(host))
            vm.tell("sleep 2000")
            check(abs(_drift(host)) > before + 10, f"two seconds do not drift: {_drift(host)}")
            _check_set(vm, "update 1", STABLE)
            _check_set(vm, "loose 1 0", 0)
            said = parse(vm.tell(f"setrace {SETS}"))["setrace"]
            print(said)
            check(said["sets"] == SETS and not said["wrong"], f"a set clock was undone: {said}")
            _check_loose(host, vm)
            vm.tell("resnap 1 0")
            _check_set(vm, "update 1", STABLE)
            check(host.shown("negative") == host.shown("backwards") == 0, "wrong clocks shown")
        host.finish()
