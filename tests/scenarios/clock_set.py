# SPDX-License-Identifier: GPL-2.0-only
"""KVM_SET_CLOCK(0), then run: 5.10 shows a negative clock without us, none with us."""

from lab import check
from lab.nested import FIX, Host, LiveVm, pages

KERNELS = ()
ALSO = ("5.10",)
TIMEOUT = 500
TRIES = 20


def _firsts(vm: LiveVm, tries: int = TRIES) -> list[int]:
    """What a VM is shown whose clock was set to 0 just before it runs, again and again."""
    return [pages(vm.tell("setclock 0", "pages"))[0]["ns"] for _ in range(tries)]


def _goes_on(vm: LiveVm) -> bool:
    """Set to 0 once more, then looked at: each page is ahead of the one before."""
    seen = [page["ns"] for _ in range(5)
            for page in pages(vm.tell("sleep 20", "resnap 2 0", "pages"))]
    return all(0 <= before < after for before, after in zip(seen, seen[1:]))


def run(kernel: str) -> None:
    """The bug is there, is counted, is gone, and back without us."""
    with Host(kernel) as host, host.live("on") as vm:
        without = _firsts(vm)
        print(f"without us: {sorted(without)}")
        check(min(without) < 0, "the bug is not there without us")
        host.load_fix("fix=0")
        check(min(_firsts(vm)) < 0, "fix=0 corrects")
        negative = host.shown("negative")
        check(negative > 0, "negative clocks are not counted")
        host.write(FIX, "1")
        ours = _firsts(vm)
        print(f"with us: {sorted(ours)}")
        check(min(ours) >= 0, f"negative with us: {ours}")
        check(host.shown("corrected") > 0, "nothing was corrected")
        check(_goes_on(vm), "the clock does not go on from there")
        check(host.shown("negative") == negative, "negative clocks are still counted")
        host.rmmod("kvmclock_fix", "mm_hooks")
        check(min(_firsts(vm)) < 0, "the bug does not come back without us")
        vm.end()
        host.finish()
