# SPDX-License-Identifier: GPL-2.0-only
"""A kvmclock_fix that was built for another KVM than the one that runs.

Guards: with nothing taken from kvm.ko by name it loads, and must not touch a thing.
"""

from lab import check, kernels, modules
from lab.nested import CLOCK, Host, parse

KERNELS = ()
ALSO = ("6.12", "lab", "lab-7.3")
TIMEOUT = 900
# Without them the vCPU's fields, or those of the VM's clock, are elsewhere.
OPTIONS = ("CONFIG_KVM_ASYNC_PF", "CONFIG_HAVE_KVM_IRQCHIP")
UPDATES = 100


def _check(kernel: str, option: str) -> None:
    """The log tells, all pages are counted, and no clock is corrected."""
    built = modules.build(kernels.get(kernel), without=option)
    with Host(kernel, files={"/other.ko": (built / "kvmclock_fix.ko").read_bytes()}) as host:
        host.sh("modprobe mm_hooks && insmod /other.ko")
        said = parse(host.vm("on", f"resnap {UPDATES} 0", "loose 2 0", vcpus=2))
        check(said["clock"]["compared"] > 0, f"no clock: {said}")
        log = host.sh("dmesg")
        check("kvmclock_fix: KVM is not laid out as where this module was built" in log,
              f"without {option} the log does not tell")
        check(host.read(f"{CLOCK}/hooks") == "tracepoint", "it says that it corrects")
        print(f"without {option}: {said}; seen: {host.read(f'{CLOCK}/vms')}")
        check(host.shown("updates") >= UPDATES, f"{host.shown('updates')} pages were counted")
        check(host.shown("corrected") == 0, "clocks were corrected")
        check("comm=clockvm" in host.read(f"{CLOCK}/vms"), "the process is not in vms")
        host.sh("rmmod kvmclock_fix mm_hooks")
        host.finish()


def run(kernel: str) -> None:
    """Once for each structure."""
    for option in OPTIONS:
        _check(kernel, option)
