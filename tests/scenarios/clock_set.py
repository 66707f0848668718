# SPDX-License-Identifier: GPL-2.0-only
"""After KVM_SET_CLOCK(0), 5.10 publishes a negative clock with KVM alone, and none with fix=1."""

import pytest

from lab import check
from lab.hosts.nested import FIX, Host, LiveVm, pages

KERNELS = ()
ALSO = ("5.10",)
pytestmark = pytest.mark.timeout(500)
TRIES = 20


def _firsts(vm: LiveVm, tries: int = TRIES) -> list[int]:
    """The first clock values of a VM whose clock is set to 0 just before it runs."""
    return [pages(vm.tell("setclock 0", "pages"))[0]["ns"] for _ in range(tries)]


def _goes_on(vm: LiveVm) -> bool:
    """Set the clock to 0 once more. Returns whether each page is ahead of the last one."""
    seen = [page["ns"] for _ in range(5)
            for page in pages(vm.tell("sleep 20", "resnap 2 0", "pages"))]
    return all(0 <= before < after for before, after in zip(seen, seen[1:]))


def test_clock_set(kernel: str) -> None:
    """The bug is there, is counted, is corrected, and is there again after unloading."""
    with Host(kernel) as host, host.live("on") as vm:
        without = _firsts(vm)
        print(f"without kvmclock_fix: {sorted(without)}")
        check(min(without) < 0, "no negative clock without kvmclock_fix")
        host.load_fix("fix=0")
        check(min(_firsts(vm)) < 0, "fix=0 corrects")
        negative = host.shown("negative")
        check(negative > 0, "negative clocks are not counted")
        host.write(FIX, "1")
        ours = _firsts(vm)
        print(f"with kvmclock_fix: {sorted(ours)}")
        check(min(ours) >= 0, f"negative with kvmclock_fix: {ours}")
        check(host.shown("corrected") > 0, "nothing was corrected")
        check(_goes_on(vm), "the clock does not continue from there")
        check(host.shown("negative") == negative, "negative clocks are still counted")
        host.rmmod("kvmclock_fix", "mm_hooks")
        check(min(_firsts(vm)) < 0, "no negative clock after kvmclock_fix was unloaded")
        vm.end()
        host.finish()
