# SPDX-License-Identifier: GPL-2.0-only
"""Loaded and unloaded again and again under live VMs: no step at either edge."""

from lab import check
from lab.nested import CLOCK, KVM, Host, LiveVm, pages, parse

KERNELS = ()
ALSO = ("lab", "lab-kvm", "lab-6.1", "lab-7.3")
TIMEOUT = 580
LOADS = {"lab-kvm": 200}
FEW = 30
VCPUS = 2


def _lines(vm: LiveVm) -> list[tuple[int, ...]]:
    """What each vCPU is shown."""
    return [(page["tsc"], page["ns"], page["mul"], page["shift"])
            for page in pages(vm.tell("pages"))]


def _check_edges(host: Host, loads: int) -> None:
    """A VM is looked at all the time; its pages change only where we let it."""
    with host.live("on", vcpus=VCPUS) as quiet, host.live("on", vcpus=VCPUS) as busy:
        first = _lines(quiet)
        busy.start("resnap 1000000 200")
        host.sh(f"for i in $(seq {loads}); do modprobe kvmclock_fix && rmmod kvmclock_fix "
                "|| exit 1; done", 400)
        check(_lines(quiet) == first, "loading changed the page of a VM that was left alone")
        busy.kill()


def _check_steps(host: Host) -> None:
    """Around a load and an unload the clock goes on; then it is KVM's own again."""
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
    """KVM goes and comes under our module, which attaches again."""
    host.load_fix()
    for _ in range(3):
        host.rmmod(*KVM)
        check(host.read(f"{CLOCK}/hooks") == "none", "hooks are said to be there without KVM")
        host.load_kvm()
        check(host.read(f"{CLOCK}/hooks") == "patch", "the hooks are not attached again")
        seen = host.shown("corrected")
        said = parse(host.vm("on", "resnap 50 0"))["clock"]
        check(0 <= said["min"] and said["max"] <= 1, f"a step after KVM came back: {said}")
        check(host.shown("corrected") > seen, "nothing is corrected after KVM came back")
    host.rmmod("kvmclock_fix", *KVM)


def run(kernel: str) -> None:
    """The edges, the steps around them, and KVM unloaded under us."""
    with Host(kernel, cpus=2) as host:
        _check_edges(host, LOADS.get(kernel, FEW))
        _check_steps(host)
        _check_not_pinned(host)
        host.finish()
