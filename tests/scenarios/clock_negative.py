# SPDX-License-Identifier: GPL-2.0-only
"""The bug of 2020: a negative clock without us, none with us.

CLOCK_MONOTONIC is slewed by 10 %, so that in seconds it leaves CLOCK_MONOTONIC_RAW as
far behind as otherwise in days; KVM computes a VM's clock with both.
"""

import re

from lab import check
from lab.nested import FIX, TRACING, Host, pages

KERNELS = ("lab-kvm",)
TIMEOUT = 400
FAST_TICK = 11000  # microseconds for each 1/100 s: as much as the kernel takes
VMS = 5
TRACED = f"{TRACING}/events/kvmclock_fix/kvmclock_fix_page/enable"
LOG = (r"kvmclock_fix: clockvm \(pid [1-9]\d*\), vCPU 0, was shown a clock that is wrong: "
       r"negative \(-\d+ ns")


def _clocks(host: Host) -> list[int]:
    """What new VMs are shown first."""
    return [pages(host.vm("on", "pages"))[0]["ns"] for _ in range(VMS)]


def _check_told(host: Host) -> None:
    """The log and the tracepoint name the VM and what it was shown."""
    log = host.sh("dmesg")
    check(re.search(LOG, log) is not None, f"the VM is not named in the log:\n{log[-2000:]}")
    check(re.search(r"kvmclock_fix_page: pid=[1-9]\d* vcpu=0 .* ns=-\d+ .*found=negative",
                    host.read(f"{TRACING}/trace")) is not None, "no page was traced")


def run(kernel: str) -> None:
    """The test sees the bug, then that it is gone, then that it is back."""
    with Host(kernel) as host:
        host.sh(f"adjtimex -t {FAST_TICK}")
        host.write("/sys/module/kvm/parameters/mixed_clocks", "1")
        host.sh("sleep 3")
        without = _clocks(host)
        print(f"without us: {without}")
        check(all(ns < 0 for ns in without), f"the bug is not there without us: {without}")
        host.load_fix("fix=0")
        host.write(TRACED, "1")
        check(all(ns < 0 for ns in _clocks(host)), "fix=0 corrects")
        check(host.shown("negative") > 0, "the module does not count them")
        _check_told(host)
        host.write(TRACED, "0")
        seen = host.shown("negative")
        host.write(FIX, "1")
        ours = _clocks(host)
        print(f"with us: {ours}")
        check(all(ns >= 0 for ns in ours), f"negative with us: {ours}")
        check(host.shown("negative") == seen, "the module still counts negative clocks")
        host.rmmod("kvmclock_fix")
        check(all(ns < 0 for ns in _clocks(host)), "the bug does not come back without us")
        host.sh("adjtimex -t 10000")
        host.finish()
