# SPDX-License-Identifier: GPL-2.0-only
"""A Linux guest audits the clock of a real KVM: it steps without kvmclock_fix at the host only.

Guards: the audit inside the guest finds the steps of masterclock updates, and the stop of
the guest.
"""

import re

import pytest

from lab import check
from lab.hosts.linuxvm import LinuxVm, files, linux
from lab.hosts.nested import INSIDE, VMS, Host, raw_gain, risen

KERNELS = ()
ALSO = ("lab", "lab-6.1", "lab-7.3")
TIMEOUT = 1800
pytestmark = pytest.mark.timeout(TIMEOUT)
CPUS = 2
LINE = (f"clocksource kvm-clock, {CPUS} pvclock pages: auditing values, steps, rates and versions, "
        "the absolute rate with ptp_kvm; a clock that the host set counts as a step")
NAMES = ("negative", "backwards", "rate_changes", "version_violations", "stopped")
# In each round the host makes a masterclock update, and the guest's module reads its pages once.
SCRIPT = f"""
modprobe fake_clock && modprobe kvmclock_fix guest_period_ms=3600000 || say failed
say loaded $(dmesg | grep 'kvmclock_fix: clocksource')
say pages $(cat {INSIDE}/pages)
while :; do
	sleep 1
	echo 1 >/sys/module/fake_clock/parameters/resnap || say failed
	old=$(cat {INSIDE}/updates)
	echo 3600000 >/sys/module/kvmclock_fix/parameters/guest_period_ms
	while [ $(cat {INSIDE}/updates) = $old ]; do sleep 0.05; done
	cd {INSIDE}
	say round $(for name in updates {' '.join(NAMES)}; do echo "$name=$(cat $name)"; done) \\
		$(sed 's/ /=/' steps)
done
"""
BOOT_S = 600
WITHOUT, OURS = 3, 20  # rounds
PATIENCE_S = 700  # for all rounds of a step: a round of a busy machine takes half a minute
STOP_S = 4
BACKWARDS = "CPU [01]: invalid pvclock update: backwards"
# A step of seconds has ten digits of nanoseconds.
STOPPED = r"backwards \(\d+ ns, step -\d{10,} ns, version \d+\); the host has stopped this VM"
STEP_OF_SECONDS = "<=9223372036854775807"

Found = dict[str, int]


def _rounds(vm: LinuxVm, count: int, timeout: float) -> list[Found]:
    """The findings of each round, when there were that many."""
    lines = vm.wait("round", count + 1, timeout)
    totals = [{name: int(number) for name, number in re.findall(r"(\S+?)=(\d+)(?=\s|$)", line)}
              for line in lines]
    return [risen(before, after) for before, after in zip(totals, totals[1:])]


def _large(found: Found) -> int:
    """Steps of more than a nanosecond."""
    return sum(count for name, count in found.items()
               if name.startswith("<=") and name not in ("<=0", "<=1"))


def _check_without(vm: LinuxVm) -> None:
    """With KVM alone the clock steps back at each masterclock update."""
    for found in _rounds(vm, WITHOUT, PATIENCE_S)[:WITHOUT]:
        print(f"without kvmclock_fix at the host: {found}")
        check(found["updates"] == CPUS, f"pages were not read: {found}")
        check(found.get("backwards", 0) == CPUS and _large(found) == CPUS and
              "stopped" not in found,
              f"the steps of KVM's clock were not found: {found}")
    check(re.search(BACKWARDS, vm.console()) is not None, "the log does not report them")


def _check_ours(host: Host, vm: LinuxVm) -> None:
    """With kvmclock_fix at the host, no round after the first has a step."""
    before = len(vm.wait("round", 1, 1)) + 1
    corrected = host.shown("corrected")
    rounds = _rounds(vm, before + OURS, PATIENCE_S)[before:][:OURS]
    judged = 0
    for found in rounds:
        check(not _large(found) and not any(name in found for name in NAMES),
              f"a step with kvmclock_fix at the host: {found}")
        judged += found.get("<=0", 0) + found.get("<=1", 0)
    print(f"with the host corrected: {judged} steps judged in {len(rounds)} rounds, 0 to 1 ns")
    check(judged == CPUS * OURS, f"not all were judged: {rounds}")
    check(host.shown("corrected") - corrected >= OURS, "the module at the host corrected nothing")
    check("comm=qemu" in host.read(VMS), "the VM is not in vms")


def _check_stop(host: Host, vm: LinuxVm) -> None:
    """A stopped guest finds its clock set back, and the log says that a stop explains it."""
    sets, before = host.shown("sets"), len(vm.wait("round", 1, 1)) - 1
    vm.monitor("stop")
    host.sh(f"sleep {STOP_S}")
    vm.monitor("cont")
    steps = [found for found in _rounds(vm, before + 4, PATIENCE_S)[before:] if _large(found)]
    print(f"stopped for {STOP_S} s: {steps}")
    check(len(steps) == 1 and steps[0].get("backwards") == steps[0].get("stopped") == CPUS and
          steps[0].get(STEP_OF_SECONDS) == CPUS, f"the stop was not found: {steps}")
    check(re.search(STOPPED, vm.console()) is not None, "the log does not report the stop")
    check(host.shown("sets") > sets, "the module at the host does not count the set clock")


def test_clock_nested(kernel: str) -> None:
    """One guest, audited from inside and from its host."""
    with Host(kernel, memory_mb=1024, badness=lambda khz: -raw_gain(khz),
              files=files(kernel, SCRIPT), boot_timeout=200, lifetime=TIMEOUT - 20) as host:
        with linux(host, CPUS) as vm:
            check(LINE in vm.wait("loaded", 1, BOOT_S)[0], f"the line at load: {vm.said()}")
            check(vm.wait("pages", 1, 20) == [f"pages {CPUS}"], f"not all pages: {vm.said()}")
            _check_without(vm)
            host.load_fix()
            _check_ours(host, vm)
            _check_stop(host, vm)
            check("failed" not in vm.said(), "its script failed")
        host.finish()
