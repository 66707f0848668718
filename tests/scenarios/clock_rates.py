# SPDX-License-Identifier: GPL-2.0-only
"""At several rates of the TSC a guest's clock goes on where it was.

QEMU's TSC has the machine's rate under TCG, whatever it is told (tsc-frequency); but a
kernel that is told another rate computes with that one, and its time runs faster or
slower, which is all the same to what is computed here: shifts and factors.
"""

from lab import check
from lab.nested import Host, parse

KERNELS = ()
ALSO = ("lab",)
TIMEOUT = 580
# kHz: rates that shift to the left or not at all, by one, by two; odd ones.
RATES = (900001, 1234567, 2599998, 2999999, 4400001)
COUNT = 200
VCPUS = 2
LONG = "resnap 2 1500000"


def _largest(host: Host) -> int:
    clock = parse(host.vm("on", LONG, vcpus=VCPUS))["clock"]
    return max(abs(clock["min"]), abs(clock["max"]))


def run(kernel: str) -> None:
    """A host for each rate: its clocks step without us somewhere, and never with us."""
    without = {}
    for khz in RATES:
        with Host(kernel, khz=khz) as host:
            without[khz] = _largest(host)
            host.load_fix()
            with host.live("on", vcpus=VCPUS) as vm:
                for command in (f"resnap {COUNT} 0", LONG):
                    said = parse(vm.tell(command))
                    clock = said["clock"]
                    print(f"{khz} kHz: without us {without[khz]} ns, {command}: {clock}")
                    check(clock["compared"] > 0 and 0 <= clock["min"] and clock["max"] <= 1,
                          f"{khz} kHz: the clock stepped: {clock}")
                    check(said["vcpus"]["apart"] == 0, f"{khz} kHz: vCPUs are apart: {said}")
            host.finish()
    check(max(without.values()) > 10, f"the clock does not step without us: {without}")
