# SPDX-License-Identifier: GPL-2.0-only
"""A kernel with the modules built in, by make patch.

Guards: the device is bound at boot, the memory comes back to the host, the parameters work on the
kernel's command line and in sysfs, and the device can be unbound and bound again.
"""

import pytest

from lab import MIB, Guest, check
from lab.guest.balloon import DRIVERS, OURS, Balloon, devices, flush

KERNELS = ()
ALSO = ("lab-builtin",)
pytestmark = pytest.mark.timeout(300)
USED_MB = 400


def _check_returns(guest: Guest) -> None:
    guest.sh(f"memhog {USED_MB} --hold 0", 90)
    held = guest.rss_bytes()
    flush(guest)
    back = (held - guest.rss_bytes()) // MIB
    print(f"{back} of {USED_MB} MiB came back")
    check(back > USED_MB * 3 // 4, f"{back} of {USED_MB} MiB came back")


def test_make_patch(kernel: str) -> None:
    """From the boot on."""
    with Guest(kernel, ours=False, memory_mb=768, append="mm_hooks.delay_ms=5000") as guest:
        check(list(devices(guest).values()) == [OURS], f"bound to: {devices(guest)}")
        check("mm_hooks" not in guest.read("/proc/modules"), "mm_hooks is a module")
        check(guest.read("/sys/module/mm_hooks/parameters/delay_ms") == "5000",
              "the command line has no effect")
        _check_returns(guest)
        device = Balloon(guest)
        device.resize(64)
        device.resize(0)
        guest.sh(f"cd {DRIVERS}/{OURS}; echo {device.name} >unbind; echo {device.name} >bind")
        _check_returns(guest)
        guest.insmod("kvmclock_fix")
        guest.rmmod("kvmclock_fix")
        guest.finish(unload=False)
