# SPDX-License-Identifier: GPL-2.0-only
"""With kvmclock_fix, Hyper-V's TSC page and Xen's time info do not step either."""

import pytest

from lab import check
from lab.hosts.nested import Host, Said, parse

KERNELS = ()
ALSO = ("lab-kvm", "6.12", "6.1")  # on stock kernels the clocks step: audit only
pytestmark = pytest.mark.timeout(400)
VCPUS = 1
HV_UNIT_NS = 100  # the unit of Hyper-V's clock
LONG_US = 6000000  # until a step is a few units


def _look(host: Host) -> Said:
    """One VM with all three. The masterclock stays on, as Hyper-V's page needs it."""
    return parse(host.vm("hv", "xen", "on", f"nudge 1 {LONG_US}", vcpus=VCPUS))


def _has_xen(host: Host) -> bool:
    """Debian's 6.1 has no CONFIG_KVM_XEN."""
    there = "CONFIG_KVM_XEN=y\n" in (host.kernel.headers / ".config").read_text()
    if not there:
        print("this KVM has no CONFIG_KVM_XEN")
    return there


def _check_there(said: Said, xen: bool) -> None:
    for name in ("hv", "clock", *(("xen",) if xen else ())):
        check(said[name].get("compared", 0) > 0, f"nothing of {name} was compared: {said}")


def _size(said: Said, name: str) -> int:
    return max(abs(said[name]["min"]), abs(said[name]["max"]))


def test_clock_pages(kernel: str) -> None:
    """All three step with KVM alone, and none does with kvmclock_fix on a patched kernel."""
    with Host(kernel) as host:
        xen = _has_xen(host)
        said = _look(host)
        print(f"without kvmclock_fix: {said}")
        _check_there(said, xen)
        check(_size(said, "clock") > 2 * HV_UNIT_NS, f"no steps: {said}")
        check(_size(said, "hv") > HV_UNIT_NS, f"Hyper-V's time does not step: {said}")
        check(not xen or abs(said["xen"]["min"] - said["clock"]["min"]) <= 1 and
              abs(said["xen"]["max"] - said["clock"]["max"]) <= 1,
              f"Xen's time steps differently: {said}")
        if kernel != "lab-kvm":
            return
        host.load_fix()
        said = _look(host)
        print(f"with kvmclock_fix: {said}")
        _check_there(said, xen)
        for name in ("clock", "xen"):
            check(0 <= said[name]["min"] and said[name]["max"] <= 1, f"{name} steps: {said}")
        check(_size(said, "hv") <= HV_UNIT_NS, f"Hyper-V's time steps: {said}")
        host.finish()
