# SPDX-License-Identifier: GPL-2.0-only
"""A Linux guest looks at the clock that its host shows it: steps without us there, none with us.

Guards: what the module finds from inside of the pages of a real KVM, which takes its master
clock anew, or stops the guest.
"""

import re

from lab import check
from lab.linuxvm import LinuxVm, files, linux
from lab.nested import CLOCK, INSIDE, Host, raw_gain, risen

KERNELS = ()
ALSO = ("lab", "lab-6.1", "lab-7.3")
TIMEOUT = 900
CPUS = 2
LINE = (f"clocksource kvm-clock, {CPUS} pages: negative values, steps, rates and versions are "
        "judged; not the absolute rate, for there is no other clock here, nor whether the host "
        "set the clock on purpose")
NAMES = ("negative", "backwards", "rate_changes", "version_violations")
# Each round the host takes its master clock anew, and the module looks at its pages once.
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
BOOT_S = 240
WITHOUT, OURS = 3, 20  # rounds
STOP_S = 4
BACKWARDS = "the host has shown CPU [01] a clock that is wrong: backwards"
# By seconds: ten digits of nanoseconds.
STOPPED = r"backwards \(\d+ ns, step -\d{10,} ns, version \d+\); expected if the host stopped"
STEP_OF_SECONDS = "<=9223372036854775807"

Found = dict[str, int]


def _rounds(vm: LinuxVm, count: int, timeout: float) -> list[Found]:
    """What each round has found, when there were so many."""
    lines = vm.wait("round", count + 1, timeout)
    totals = [{name: int(number) for name, number in re.findall(r"(\S+?)=(\d+)(?=\s|$)", line)}
              for line in lines]
    return [risen(before, after) for before, after in zip(totals, totals[1:])]


def _large(found: Found) -> int:
    """Steps of more than a nanosecond."""
    return sum(count for name, count in found.items()
               if name.startswith("<=") and name not in ("<=0", "<=1"))


def _check_without(vm: LinuxVm) -> None:
    """KVM alone: the clock falls back where the master clock is taken anew."""
    for found in _rounds(vm, WITHOUT, 60)[:WITHOUT]:
        print(f"without us at the host: {found}")
        check(found["updates"] == CPUS, f"pages were not looked at: {found}")
        check(found.get("backwards", 0) == CPUS and _large(found) == CPUS,
              f"the steps of KVM's clock are not seen: {found}")
    check(re.search(BACKWARDS, vm.console()) is not None, "the log does not tell")


def _check_ours(host: Host, vm: LinuxVm) -> None:
    """With our module at the host as well, from the second round after it was loaded."""
    before = len(vm.wait("round", 1, 1)) + 1
    corrected = host.shown("corrected")
    rounds = _rounds(vm, before + OURS, 240)[before:][:OURS]
    judged = 0
    for found in rounds:
        check(not _large(found) and not any(name in found for name in NAMES),
              f"a step with us at the host: {found}")
        judged += found.get("<=0", 0) + found.get("<=1", 0)
    print(f"with us at the host: {judged} steps judged in {len(rounds)} rounds, 0 to 1 ns")
    check(judged == CPUS * OURS, f"not all were judged: {rounds}")
    check(host.shown("corrected") - corrected >= OURS, "the host's module has corrected nothing")
    check("comm=qemu" in host.read(f"{CLOCK}/vms"), "the VM is not in vms")


def _check_stop(host: Host, vm: LinuxVm) -> None:
    """Who is stopped sees its clock set back, and is told how that may be."""
    sets, before = host.shown("sets"), len(vm.wait("round", 1, 1)) - 1
    vm.monitor("stop")
    host.sh(f"sleep {STOP_S}")
    vm.monitor("cont")
    steps = [found for found in _rounds(vm, before + 4, 60)[before:] if _large(found)]
    print(f"stopped for {STOP_S} s: {steps}")
    check(len(steps) == 1 and steps[0].get("backwards") == CPUS and
          steps[0].get(STEP_OF_SECONDS) == CPUS, f"the stop is not seen: {steps}")
    check(re.search(STOPPED, vm.console()) is not None, "the log does not tell of the stop")
    check(host.shown("sets") > sets, "the host's module does not count that as wanted")


def run(kernel: str) -> None:
    """One guest, looked at from inside and from its host."""
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
