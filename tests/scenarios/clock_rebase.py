# SPDX-License-Identifier: GPL-2.0-only
"""A guest's clock continues without a step at a masterclock update."""

import re

import pytest

from lab import check
from lab.hosts.nested import CLOCK, FIX, TRACING, Host, LiveVm, Said, parse

KERNELS = ("lab",)
ALSO = ("lab-kvm", "lab-6.1", "lab-7.3")
pytestmark = pytest.mark.timeout(400)
COUNT = 1500
VCPUS = 3
TRACED = f"{TRACING}/events/kvmclock_fix/kf_correct/enable"
# So long that the drift is more than rounding.
LONG = "resnap 3 1500000"


def _check_ours(said: Said, what: str) -> None:
    clock = said["clock"]
    check(clock["compared"] > 0, f"{what}: no page was compared: {said}")
    check(0 <= clock["min"] and clock["max"] <= 1, f"{what}: the clock stepped: {clock}")
    check(not clock["negative"] and not clock["odd"], f"{what}: {clock}")
    check(said["vcpus"]["apart"] == 0, f"{what}: vCPUs are apart: {said['vcpus']}")


def _check_get_clock(said: Said) -> None:
    """KVM_GET_CLOCK and the page are two roundings of one clock line."""
    got = said["getclock"]
    check(got["exact"] and -1 <= got["min"] and got["max"] <= 1, f"KVM_GET_CLOCK: {got}")


def _check_traced(host: Host, vm: LiveVm) -> None:
    """The trace names the VM of a correction and its size."""
    trace = host.read(f"{TRACING}/trace")
    told = re.search(rf"kf_correct: {vm.pid()}rebase add=-?[1-9]\d* ns=\d+ tsc=\d+$",
                     trace, re.MULTILINE)
    check(told is not None, f"no correction in the trace:\n{trace[-2000:]}")
    host.write(TRACED, "0")


def _only_looks(host: Host) -> int:
    """The largest step with fix=0."""
    host.load_fix("fix=0")
    said = parse(host.vm("on", LONG))
    check(host.shown("corrected") == 0, "fix=0 corrects")
    return max(abs(said["clock"]["min"]), said["clock"]["max"])


def test_clock_rebase(kernel: str) -> None:
    """Without kvmclock_fix, with fix=0, and with fix=1; at short and long intervals."""
    with Host(kernel) as host:
        without = parse(host.vm("on", LONG))["clock"]
        size = max(abs(without["min"]), without["max"])
        print(f"without kvmclock_fix up to {size} ns")
        check(size > 1, f"the clock does not step without kvmclock_fix: {without}")
        check(_only_looks(host) > 1, "the clock does not step with fix=0")
        host.write(FIX, "1")
        check(host.read(f"{CLOCK}/hooks") == "patch", "the hooks of the patch are not in use")
        with host.live("on", vcpus=VCPUS) as vm:
            _check_get_clock(parse(vm.tell("getclock 50")))
            _check_ours(parse(vm.tell(f"resnap {COUNT} 0", timeout=180)), "at once")
            _check_get_clock(parse(vm.tell("getclock 50")))
            _check_ours(parse(vm.tell(LONG)), "long")
            host.write(TRACED, "1")
            _check_ours(parse(vm.tell("resnap 2 1500000")), "traced")
            _check_traced(host, vm)
            _check_get_clock(parse(vm.tell("getclock 50")))
        check(host.shown("corrected") > COUNT // 2, "nearly nothing was corrected")
        check(host.shown("negative") == 0, "negative clocks are counted")
        check(host.shown("version_violations") == 0, "version violations are counted")
        host.finish()
