# SPDX-License-Identifier: GPL-2.0-only
"""Off the TSC, the noise of reading two clocks does not add up in a VM's clock.

Guards: the offset is raised once, where the host leaves the TSC, and once where it returns. A
host whose TSC is unstable publishes thousands of pages a second.
"""

import re

import pytest

from lab import check
from lab.hosts.nested import SOURCE, VMS, Host, LiveVm

KERNELS = ("lab",)
ALSO = ("lab-6.1", "lab-7.3")
pytestmark = pytest.mark.timeout(500)
PUBLISHED = 20000
GAIN_NS = 1000
OTHER = "hpet"


def _drift(host: Host, vm: LiveVm) -> int:
    """Of this VM: the row of one that has ended may still be there."""
    rows = [row for row in host.read(VMS).splitlines() if row.startswith(vm.pid())]
    return int(re.findall(r"drift_ns=(-?[0-9]+)", rows[0])[0])


def test_clock_away(kernel: str) -> None:
    """One VM that leaves the TSC and comes back, and one that begins without it."""
    with Host(kernel, machine="pc") as host:
        check(OTHER in host.read(f"{SOURCE}/available_clocksource").split(), f"no {OTHER}")
        host.load_fix()
        with host.live("on") as vm:
            vm.tell("resnap 2 0")
            host.leave_tsc(vm, OTHER)
            before = _drift(host, vm)
            vm.tell(f"loose {PUBLISHED} 0", timeout=200)
            away = _drift(host, vm)
            print(f"{PUBLISHED} pages off the TSC moved the offset by {away - before} ns")
            check(abs(away - before) < GAIN_NS, f"the clock gained {away - before} ns")
            host.back_to_tsc(vm)
            check(host.shown("refused") == 0, "a correction was refused")
        host.write(f"{SOURCE}/current_clocksource", OTHER)
        with host.live("on") as vm:
            before = _drift(host, vm)
            vm.tell(f"loose {PUBLISHED // 10} 0", timeout=200)
            check(_drift(host, vm) == before, f"the clock gained {_drift(host, vm) - before} ns")
        check(host.shown("negative") == host.shown("backwards") == 0, "invalid clocks published")
        host.finish()
