# SPDX-License-Identifier: GPL-2.0-only
"""On a stock kernel the module counts what a VMM sees of its clocks, and changes nothing.

On a lab kernel, which has the companion patch, our modules are built as if it had none.
"""

import pytest

from lab import check, kernels
from lab.hosts.nested import CLOCK, VMS, Host, parse
from lab.kernels import modules

KERNELS = ("6.12",)
ALSO = ("6.1", "lab-7.3")
pytestmark = pytest.mark.timeout(600)
OURS = ("mm_hooks.ko", "kvmclock_fix.ko")
COUNT = 300
VCPUS = 2


def _bins(output: str) -> dict[int, int]:
    """The VMM's own histogram, in the module's bins."""
    return {int(size): int(count) for size, count in
            (word.split("=") for line in output.splitlines() if line.startswith("clock-sizes ")
             for word in line.split()[1:])}


def _sum(bins: dict[int, int], above: int) -> int:
    return sum(count for size, count in bins.items() if size > above or size == -1)


def _of_vm(line: str) -> list[int]:
    """The bins of a row."""
    return [int(count) for count in line.split(" steps=")[1].split()[0].split(",")]


def test_clock_stock(kernel: str) -> None:
    """Count updates, compare the histograms, change nothing."""
    without = "CONFIG_MM_HOOKS" if kernel in kernels.LAB else ""
    built = modules.build(kernels.get(kernel), without=without)
    with Host(kernel, files={f"/{name}": (built / name).read_bytes() for name in OURS}) as host:
        for name in OURS:
            host.sh(f"insmod /{name}")
        check(host.read(f"{CLOCK}/hooks") == "tracepoint", "the tracepoint is not in use")
        before = host.shown("updates")
        with host.live("on", vcpus=VCPUS) as vm:
            output = vm.tell(f"resnap {COUNT} 0")
            check(host.shown("updates") - before >= COUNT * (VCPUS + 1), "updates are missing")
            output = vm.tell("watch 20 0", "resnap 2 2000000")
            line = host.read(VMS)
            check("comm=clockvm" in line, "the VM is not in vms")
            check(_of_vm(line) == list(host.steps().values()), f"the only VM has: {line}")
        seen, said = _bins(output), parse(output)["clock"]
        ours = host.steps()
        print(f"seen by the VMM {seen}, by the module {ours}")
        check(max(abs(said["min"]), said["max"]) > 10, f"the clock does not step: {said}")
        # For vCPU 0 the module also sees the page in between, which is not stable.
        large = [size for size, count in ours.items() if size > 10 and count]
        check(large, "the module did not see the steps that the VMM saw")
        check(sum(count for size, count in ours.items() if size > 10) >=
              _sum(seen, 10) // VCPUS, "the module saw fewer steps")
        for name in ("negative", "version_violations", "corrected", "rate_changes"):
            check(host.shown(name) == 0, f"{name} is {host.shown(name)}")
        host.finish()
