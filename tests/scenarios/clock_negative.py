# SPDX-License-Identifier: GPL-2.0-only
"""The bug of 2020: a negative clock without us, none with us.

CLOCK_MONOTONIC is slewed by 10 %, so that in seconds it leaves CLOCK_MONOTONIC_RAW as
far behind as otherwise in days; KVM computes a VM's clock with both.
"""

from lab import check
from lab.nested import Host, pages

KERNELS = ("lab-kvm",)
TIMEOUT = 400
FAST_TICK = 11000  # microseconds for each 1/100 s: as much as the kernel takes
VMS = 5


def _clocks(host: Host) -> list[int]:
    """What new VMs are shown first."""
    return [pages(host.vm("on", "pages"))[0]["ns"] for _ in range(VMS)]


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
        check(all(ns < 0 for ns in _clocks(host)), "fix=0 corrects")
        check(host.shown("negative") > 0, "the module does not count them")
        seen = host.shown("negative")
        host.write("/sys/module/kvmclock_fix/parameters/fix", "1")
        ours = _clocks(host)
        print(f"with us: {ours}")
        check(all(ns >= 0 for ns in ours), f"negative with us: {ours}")
        check(host.shown("negative") == seen, "the module still counts negative clocks")
        host.rmmod("kvmclock_fix")
        check(all(ns < 0 for ns in _clocks(host)), "the bug does not come back without us")
        host.sh("adjtimex -t 10000")
        host.finish()
