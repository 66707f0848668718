# SPDX-License-Identifier: GPL-2.0-only
"""Each VM's clock is shown: its state, its line, what was found last, also of VMs that are gone."""

import re

import pytest

from lab import check
from lab.hosts.nested import CLOCK, FIX, SOURCE, VMS, Host, LiveVm, raw_gain

KERNELS = ("lab",)
ALSO = ("6.12", "6.1", "lab-6.1", "lab-7.3")
pytestmark = pytest.mark.timeout(500)
MANY = 100  # VMs: more than the reserve has, and their rows do not fit a page of memory
PAGE = 4096
OTHER = "hpet"


def _row(host: Host, begin: str) -> dict[str, str]:
    """The row of /proc that begins so."""
    rows = [row for row in host.read(VMS).splitlines() if row.startswith(begin)]
    check(len(rows) > 0, f"no row begins with {begin}:\n{host.read(VMS)}")
    return dict(word.split("=", 1) for word in rows[-1].split() if "=" in word)


def _check_states(host: Host, vm: LiveVm) -> None:
    """The state follows the clock."""
    vm.tell("resnap 2 0")
    row = _row(host, vm.pid())
    check(row["state"] == "continued" and row["last"] == "none", f"continued: {row}")
    vm.tell("sleep 1100")
    row = _row(host, vm.pid())
    check(float(row["age"]) > 1, f"the line has no age: {row}")
    check(0.01 < float(row["drift_ppm"]) < 1, f"no drift: {row}")
    vm.tell("loose 2 0")
    row = _row(host, vm.pid())
    check(row["state"] == "loose", f"loose: {row}")
    host.leave_tsc(vm, OTHER)
    row = _row(host, vm.pid())
    check(row["state"] == "away", f"away: {row}")
    host.back_to_tsc(vm)


def _check_name(host: Host, vm: LiveVm) -> None:
    """KVM's own name of the VM, and the start of its process."""
    row = _row(host, vm.pid())
    check(row["vm"] in host.sh("ls /sys/kernel/debug/kvm").split(), f"no such VM: {row}")
    uptime = float(host.read("/proc/uptime").split()[0])
    check(0 < float(row["started"]) < uptime, f"not the start of a process: {row}")


def _check_last(host: Host) -> None:
    """A clock that steps back wakes up poll(), and is shown after the VM is gone."""
    host.write(FIX, "0")
    job = host.start(f"pollfile {CLOCK}/backwards 60")
    host.poll("pollfile", lambda: b"polls" in job.output, 20)
    # The pages of vCPU 1 are stable before and after a masterclock update.
    with host.live("on", vcpus=2) as vm:
        pid = vm.pid()
        vm.tell("resnap 2 1500000")
        row = _row(host, pid)
        check(row["state"] == "audited", f"audited: {row}")
        found = re.fullmatch(r"backwards,(-\d+)", row["last"])
        check(found is not None and int(found[1]) < -1, f"what was found last: {row}")
    status, output = host.wait(job, 20)
    check(status == 0 and int(output.split()[-1]) > 0, f"poll() saw nothing: {status} {output}")
    host.poll("the VM to be gone", lambda: f"gone {pid}" in host.read(VMS), 40)
    check(_row(host, f"gone {pid}")["last"] == row["last"], f"{row}\n{host.read(VMS)}")
    host.write(FIX, "1")


def _check_many(host: Host) -> None:
    with host.live("on") as vm:
        vm.tell(f"create {MANY}")
        rows = [row for row in host.read(VMS).splitlines() if row.startswith(vm.pid())]
        check(len(rows) == MANY + 1, f"{len(rows)} rows for {MANY + 1} VMs")
        check(sum(map(len, rows)) > 2 * PAGE, "all rows fit a page")
        check(host.shown("untracked") == 0, "VMs were not tracked")


def test_clock_shown(kernel: str) -> None:
    """States and name where clocks are corrected, what was found last on every kernel."""
    with Host(kernel, machine="pc", badness=lambda khz: -raw_gain(khz)) as host:
        host.load_fix()
        if host.read(f"{CLOCK}/hooks") == "patch":
            check(OTHER in host.read(f"{SOURCE}/available_clocksource").split(), f"no {OTHER}")
            with host.live("on") as vm:
                _check_states(host, vm)
                _check_name(host, vm)
        _check_last(host)
        _check_many(host)
        host.finish()
