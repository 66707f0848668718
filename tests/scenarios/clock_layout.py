# SPDX-License-Identifier: GPL-2.0-only
"""A kvmclock_fix that was built for another struct kvm layout corrects nothing.

Guards: the module links to no symbol of kvm.ko, so it loads. It detects the mismatch at run
time and must not write to any structure of KVM.
"""

import pytest

from lab import check, kernels
from lab.hosts.nested import CLOCK, VMS, Host, parse
from lab.kernels import modules

KERNELS = ()
ALSO = ("6.12", "lab", "lab-7.3")
pytestmark = pytest.mark.timeout(900)
# What each file includes first, for other offsets of fields.
LAYOUTS = {
    "the vCPU": "#undef CONFIG_KVM_ASYNC_PF\n",
    "the clock of the VM": "#undef CONFIG_HAVE_KVM_IRQCHIP\n",
    # pfn has 4 bytes, so struct gfn_to_pfn_cache is 8 bytes shorter.
    "the TSC of the vCPU": "#define kvm_pfn_t kvm_pfn_t __attribute__((mode(SI)))\n"
                           "#include <linux/kvm_types.h>\n#undef kvm_pfn_t\n",
}
UPDATES = 100


def _check(kernel: str, layout: str) -> None:
    """The log reports the mismatch, every update is counted, no clock is corrected."""
    built = modules.build(kernels.get(kernel), first=LAYOUTS[layout])
    with Host(kernel, files={"/other.ko": (built / "kvmclock_fix.ko").read_bytes()}) as host:
        host.sh("modprobe mm_hooks && insmod /other.ko")
        said = parse(host.vm("on", f"resnap {UPDATES} 0", "loose 2 0", vcpus=2))
        check(said["clock"]["compared"] > 0, f"no clock: {said}")
        log = host.sh("dmesg")
        check("kvmclock_fix: struct kvm layout mismatch: rebuild this module" in log,
              f"{layout}: the log reports no mismatch")
        check(host.read(f"{CLOCK}/hooks") == "tracepoint", "the module claims to correct")
        print(f"{layout}: {said}; seen: {host.read(VMS)}")
        check(host.shown("updates") >= UPDATES, f"{host.shown('updates')} pages were counted")
        check(host.shown("corrected") == 0, "clocks were corrected")
        check("comm=clockvm" in host.read(VMS), "the process is not in vms")
        host.sh("rmmod kvmclock_fix mm_hooks")
        host.finish()


def test_clock_layout(kernel: str) -> None:
    """Once for each structure."""
    for layout in LAYOUTS:
        _check(kernel, layout)
