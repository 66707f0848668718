# SPDX-License-Identifier: GPL-2.0-only
"""How far a guest's clock steps at a masterclock update

For kernels with the companion patch (--kernel bench), in a guest that is a host itself. The TSC
rate is near the true one and makes clocks step about as far as possible. The step grows with the
time since the last masterclock update. With the module it does not grow.
"""

from lab.benches.bench import Metric
from lab.hosts.nested import Host, parse

KERNELS = ()
BASE, COMPARED = "without", "with"
VARIANTS = (BASE, COMPARED)
SECONDS = (0.01, 0.1, 1, 10)
TIMES = {0.01: 100, 0.1: 30, 1: 5, 10: 2}
METRICS = tuple(Metric(f"after_{seconds:g}", f"largest step after {seconds:g} s", "ns",
                       plot=True, digits=0, most=1) for seconds in SECONDS)
ALONG = {f"after_{seconds:g}": seconds for seconds in SECONDS}
AXES = ("seconds since the last re-snapshot", "largest step, ns")


def run(kernel: str, variant: str, quick: bool) -> dict[str, float]:
    """One VM with two vCPUs, interval after interval."""
    found = {}
    with Host(kernel, lifetime=900, restores=False) as host:
        if variant == COMPARED:
            host.load_fix()
        with host.live("on", vcpus=2) as vm:
            vm.tell("resnap 5 0")
            for seconds in SECONDS[:-1] if quick else SECONDS:
                times = 1 if quick else TIMES[seconds]
                said = parse(vm.tell(f"resnap {times} {int(seconds * 1e6)}", timeout=200))["clock"]
                found[f"after_{seconds:g}"] = float(max(abs(said["min"]), abs(said["max"])))
    return found
