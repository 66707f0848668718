# SPDX-License-Identifier: GPL-2.0-only
"""Loading and unloading kvmclock_fix under live VMs makes no clock step."""

import pytest

from lab import check
from lab.hosts.nested import CLOCK, KVM, Host, LiveVm, pages, parse

KERNELS = ()
ALSO = ("lab", "lab-kvm", "lab-6.1", "lab-7.3")
pytestmark = pytest.mark.timeout(580)
LOADS = {"lab-kvm": 200}
FEW = 30
VCPUS = 2


def _lines(vm: LiveVm) -> list[tuple[int, ...]]:
    """The clock line in the page of each vCPU."""
    return [(page["tsc"], page["ns"], page["mul"], page["shift"])
            for page in pages(vm.tell("pages"))]


def _check_edges(host: Host, loads: int) -> None:
    """A VM that is left alone keeps its page, and a VM that is read has no step."""
    with host.live("on", vcpus=VCPUS) as quiet, host.live("on", vcpus=VCPUS) as busy:
        first = _lines(quiet)
        busy.start("resnap 1000000 200")
        host.sh(f"for i in $(seq {loads}); do modprobe kvmclock_fix && rmmod kvmclock_fix "
                "|| exit 1; done", 400)
        check(_lines(quiet) == first, "loading changed the page of an idle VM")
        busy.kill()


def _check_steps(host: Host) -> None:
    """The clock continues after loading. After unloading it is KVM's own."""
    with host.live("on", vcpus=VCPUS) as vm:
        vm.tell("resnap 10 0")
        host.load_fix()
        said = parse(vm.tell("resnap 50 0"))["clock"]
        check(0 <= said["min"] and said["max"] <= 1, f"a step after loading: {said}")
        host.rmmod("kvmclock_fix")
        said = parse(vm.tell("resnap 50 0"))["clock"]
        check(said["negative"] == 0 and said["odd"] == 0, f"after unloading: {said}")
        got = parse(vm.tell("getclock 20"))["getclock"]
        check(-1 <= got["min"] and got["max"] <= 1, f"KVM_GET_CLOCK: {got}")


def _check_not_pinned(host: Host) -> None:
    """KVM is unloaded and loaded while our modules are there, which attach again."""
    host.load_fix()
    for _ in range(3):
        host.rmmod(*KVM)
        check(host.read(f"{CLOCK}/hooks") == "none", "there are hooks without KVM")
        host.load_kvm()
        check(host.read(f"{CLOCK}/hooks") == "patch", "the hooks are not attached again")
        seen = host.shown("corrected")
        said = parse(host.vm("on", "resnap 50 0"))["clock"]
        check(0 <= said["min"] and said["max"] <= 1, f"a step after KVM was loaded again: {said}")
        check(host.shown("corrected") > seen, "nothing is corrected after KVM was loaded again")
    host.rmmod("kvmclock_fix", *KVM)


def test_clock_live(kernel: str) -> None:
    """Loading, the steps around it, and KVM unloaded below our modules."""
    with Host(kernel, cpus=2) as host:
        _check_edges(host, LOADS.get(kernel, FEW))
        _check_steps(host)
        _check_not_pinned(host)
        host.finish()
