# SPDX-License-Identifier: GPL-2.0-only
"""A guest's clock continues without a step at several rates of the TSC.

Under TCG the TSC has the machine's rate, whatever tsc-frequency says. A kernel that is given
another rate computes with that one, and its time runs faster or slower. The shifts and factors
that are tested here do not depend on that.
"""

import pytest

from lab import check
from lab.hosts.nested import Host, parse

KERNELS = ()
ALSO = ("lab",)
pytestmark = pytest.mark.timeout(580)
# kHz: rates with tsc_shift > 0, 0, -1 and -2, and uneven ones.
RATES = (900001, 1234567, 2599998, 2999999, 4400001)
COUNT = 200
VCPUS = 2
LONG = "resnap 2 1500000"


def _largest(host: Host) -> int:
    clock = parse(host.vm("on", LONG, vcpus=VCPUS))["clock"]
    return max(abs(clock["min"]), abs(clock["max"]))


def test_clock_rates(kernel: str) -> None:
    """One host for each rate. Without kvmclock_fix some clocks step, with it none does."""
    without = {}
    for khz in RATES:
        with Host(kernel, khz=khz) as host:
            without[khz] = _largest(host)
            host.load_fix()
            with host.live("on", vcpus=VCPUS) as vm:
                for command in (f"resnap {COUNT} 0", LONG):
                    said = parse(vm.tell(command))
                    clock = said["clock"]
                    print(f"{khz} kHz: without kvmclock_fix {without[khz]} ns, {command}: {clock}")
                    check(clock["compared"] > 0 and 0 <= clock["min"] and clock["max"] <= 1,
                          f"{khz} kHz: the clock stepped: {clock}")
                    check(said["vcpus"]["apart"] == 0, f"{khz} kHz: vCPUs are apart: {said}")
            host.finish()
    check(max(without.values()) > 10, f"the clock does not step without kvmclock_fix: {without}")
