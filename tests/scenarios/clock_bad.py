# SPDX-License-Identifier: GPL-2.0-only
"""Bad parameters, a bad host and bad guests break neither kvmclock_fix nor the clock."""

import pytest

from lab import check
from lab.hosts.nested import CLOCK, FIX, SOURCE, Host, parse

KERNELS = ("6.12",)
ALSO = ("lab", "lab-6.1", "lab-7.3")
pytestmark = pytest.mark.timeout(400)
BOUNDED = (("fix", 1, 0, 1), ("max_vms", 1024, 1, 4096), ("guest_period_ms", 10000, 100, 3600000))
NO_NUMBERS = ("x", "1x", "", "-1", "1.5", "99999999999999999999999999")
PARAMETERS = "/sys/module/kvmclock_fix/parameters"
# Above memory, above every valid address, not aligned, without memory.
ADDRESSES = (0xffffffffffffffff, 0x7fffffffffffffff, 0xfffffffffffff001, 0x3003, 0x1ffff,
             0x20001, 0x100000001, 1)
MSRS = (0x4b564d01, 0x12, 0x4b564d00, 0x11)
VICTIMS = 30


def _refused(bounds: bool = False) -> list[tuple[str, str, str]]:
    """Each parameter, each value that it rejects, and the log line for it.

    bounds: only the first parameter gets all values, the others those just out of bounds
    """
    return [(name, value,
             f"kvmclock_fix: {name}={value[:20]} refused: a number from {low} to {high}")
            for name, _, low, high in BOUNDED
            for value in (*(() if bounds and name != BOUNDED[0][0] else NO_NUMBERS),
                          str(high + 1), str(low - 1))]


def _check_parameters(host: Host) -> None:
    """A load with a bad value fails, logs the bounds, and leaves nothing behind."""
    said = host.sh("\n".join(
        f"dmesg -c >/dev/null; modprobe kvmclock_fix '{name}={value}' 2>/dev/null && "
        f"echo 'loads with {name}={value}'; test -e {CLOCK} && echo 'its folder is there'; "
        f"dmesg | grep -qF '{line}' || echo 'the log does not say: {line}'"
        for name, value, line in _refused(bounds=True)))
    check(not said, said)


def _check_writes(host: Host) -> None:
    """A write through sysfs is rejected, too, and changes nothing."""
    said = host.sh("\n".join(
        f"echo '{value}' 2>/dev/null >{PARAMETERS}/{name} && echo '{name} takes {value}'"
        for name, value, _ in _refused() if name != "max_vms") + "\ntrue")  # fixed at load
    check(not said, said)
    for name, default, _, _ in BOUNDED:
        check(host.read(f"{PARAMETERS}/{name}") == str(default), f"{name} has changed")


def _check_order(host: Host) -> None:
    """Without KVM, with KVM, and with a clocksource other than the TSC."""
    check(host.read(f"{CLOCK}/hooks") == "none", "hooks without KVM")
    host.load_kvm()
    check(host.read(f"{CLOCK}/hooks") in ("patch", "tracepoint"), "KVM is not found")
    check(host.shown("updates") > 0, "nothing is counted")
    host.write(f"{SOURCE}/current_clocksource", "acpi_pm")
    host.rmmod("kvmclock_fix")
    host.load_fix()
    said = parse(host.vm("on", "watch 20 1000", "resnap 20 0"))
    check(said["clock"]["negative"] == 0, f"negative without the TSC: {said}")
    check(said["vcpus"]["unstable"] > 0, f"the masterclock is on without the TSC: {said}")
    host.write(f"{SOURCE}/current_clocksource", "tsc")


def _check_nonsense(host: Host) -> None:
    """Invalid addresses in the clock MSRs break nothing; a valid clock works afterwards."""
    for vcpu in range(2):
        commands = [f"wrmsr {msr} {address} {vcpu}" for msr in MSRS for address in ADDRESSES]
        said = host.vm("on", *commands, "on", "resnap 20 0", vcpus=2)
        check(parse(said)["clock"]["compared"] > 0, f"no clock afterwards: {said[-500:]}")
    check(host.shown("version_violations") == 0, "version violations are counted")


def _check_destroyed(host: Host) -> None:
    """VMs that are killed during masterclock updates, and many short-lived VMs."""
    host.vm("on", f"destroy {VICTIMS}")
    host.vm("on", "create 20")
    check(host.shown("untracked") == 0, "VMs were not tracked")
    host.rmmod("kvmclock_fix")
    host.load_fix("max_vms=1")
    with host.live("on", "create 20"):
        check(host.shown("untracked") == 0, "an earlier VM of the process keeps its entry")
        host.vm("on", "resnap 20 0", vcpus=4)
        check(host.shown("untracked") > 0, "two VMs have the only entry")
    host.write(FIX, "0")
    host.write(FIX, "1")


def test_clock_bad(kernel: str) -> None:
    """Parameters, order of loading, invalid addresses, killed VMs."""
    with Host(kernel, kvm=False, cpus=2) as host:
        _check_parameters(host)
        host.load_fix()
        _check_writes(host)
        _check_order(host)
        _check_nonsense(host)
        _check_destroyed(host)
        host.finish()
