# SPDX-License-Identifier: GPL-2.0-only
"""A host leaves the TSC when its VMs' clocks have drifted ahead of the raw clock.

Guards: KVM then shows the raw clock, which is behind what guests were shown last, so that their
clocks step back; with us they go on where they were. The host counts instructions, so that the
time in which they drift takes seconds. It is told a rate of its TSC that is too low: by the other
clock its time is slower, so that what passes until the VM is shown it makes the step larger.
"""

from lab import check
from lab.nested import Host, raw_gain, shown_at, worst_khz

KERNELS = ()
ALSO = ("lab", "lab-6.1", "lab-7.3")
TIMEOUT = 580
KHZ = 965000  # 1.5 % less than true where worst_khz() looks: an instruction is a nanosecond
DRIFT_MS = 1800 * 1000
BEHIND_NS = 40000  # of 50000 that such clocks drift


def _leave(host: Host) -> int:
    """By how much a VM's clock steps where its host leaves the TSC after that time."""
    with host.live("on", "resnap 2 0") as vm:
        before = vm.page()
        vm.tell(f"sleep {DRIFT_MS}", timeout=300)
        after = host.leave_tsc(vm, "hpet")
        back = host.back_to_tsc(vm)
        print(f"before {before}\naway   {after}\nback   {back}")
        check(back["ns"] > after["ns"] > before["ns"], "the clock ran back by more than it drifted")
        return after["ns"] - shown_at(before, after["tsc"])


def run(kernel: str) -> None:
    """The same without us and with us, at a rate of the TSC at which lines get ahead."""
    khz = worst_khz(KHZ, lambda each: -raw_gain(each))
    with Host(kernel, machine="pc", icount=True, khz=khz, boot_timeout=400,
              lifetime=TIMEOUT) as host:
        without = _leave(host)
        host.load_fix()
        ours = _leave(host)
        print(f"without us {without} ns, with us {ours} ns")
        check(without < -BEHIND_NS, f"the clock does not step back without us: {without} ns")
        check(0 <= ours <= 1, f"the clock steps: {ours} ns")
        check(host.shown("negative") == host.shown("backwards") == 0, "wrong clocks were shown")
        host.finish()
