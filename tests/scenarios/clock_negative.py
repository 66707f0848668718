# SPDX-License-Identifier: GPL-2.0-only
"""KVM publishes a negative clock with the bug of 2020, and never with kvmclock_fix.

CLOCK_MONOTONIC is slewed by 10 %. So within seconds it leaves CLOCK_MONOTONIC_RAW as far
behind as otherwise within days. KVM with the bug computes a VM's clock from both.
"""

import re

import pytest

from lab import check
from lab.hosts.nested import FIX, TRACING, Host, pages

KERNELS = ("lab-kvm",)
pytestmark = pytest.mark.timeout(400)
FAST_TICK = 11000  # microseconds per 1/100 s: the most that the kernel accepts
VMS = 5
TRACED = f"{TRACING}/events/kvmclock_fix/kf_page/enable"
LOG = (r"kvmclock_fix: clockvm \(pid [1-9]\d*\), vCPU 0: invalid pvclock update: "
       r"negative \(-\d+ ns")


def _clocks(host: Host) -> list[int]:
    """The first clock value of each new VM."""
    return [pages(host.vm("on", "pages"))[0]["ns"] for _ in range(VMS)]


def _check_told(host: Host) -> None:
    """The log and the tracepoint name the VM and the published value."""
    log = host.sh("dmesg")
    check(re.search(LOG, log) is not None, f"the VM is not named in the log:\n{log[-2000:]}")
    check(re.search(r"kf_page: pid=[1-9]\d* vcpu=0 .* ns=-\d+ .*found=negative",
                    host.read(f"{TRACING}/trace")) is not None, "no page was traced")


def test_clock_negative(kernel: str) -> None:
    """The bug is there without kvmclock_fix, not with it, and there again afterwards."""
    with Host(kernel) as host:
        host.sh(f"adjtimex -t {FAST_TICK}")
        host.write("/sys/module/kvm/parameters/mixed_clocks", "1")
        host.sh("sleep 3")
        without = _clocks(host)
        print(f"without kvmclock_fix: {without}")
        check(all(ns < 0 for ns in without), f"no negative clock without kvmclock_fix: {without}")
        host.load_fix("fix=0")
        host.write(TRACED, "1")
        check(all(ns < 0 for ns in _clocks(host)), "fix=0 corrects")
        check(host.shown("negative") > 0, "the module does not count negative clocks")
        _check_told(host)
        host.write(TRACED, "0")
        seen = host.shown("negative")
        host.write(FIX, "1")
        ours = _clocks(host)
        print(f"with kvmclock_fix: {ours}")
        check(all(ns >= 0 for ns in ours), f"negative with kvmclock_fix: {ours}")
        check(host.shown("negative") == seen, "the module still counts negative clocks")
        host.rmmod("kvmclock_fix")
        check(all(ns < 0 for ns in _clocks(host)), "none is negative after unloading")
        host.sh("adjtimex -t 10000")
        host.finish()
