# SPDX-License-Identifier: GPL-2.0-only
"""libvirt's own switches work with the driver: a real domain of Debian 12's and 13's libvirt.

Guards: with freePageReporting the host's memory falls after the guest has freed its own. setmem
resizes the balloon both ways. dommemstat has fresh statistics of the guest. With autodeflate a
program gets memory from the balloon.
"""

import time

import pytest

from lab import check
from lab.guest import balloon
from lab.hosts import libvirt

KERNELS = ("6.12",)
pytestmark = [pytest.mark.timeout(900), pytest.mark.wide]
MEMORY_MB = 1024
USED_MB = 512
SMALL_MB = 512
NEEDED_MB = 640  # more than is left with a balloon


def _reporting(domain: libvirt.Domain) -> None:
    domain.sh(f"memhog {USED_MB} --fifo /tmp/hog >/tmp/said 2>&1 & "
              "until grep -q held /tmp/said; do sleep 0.2; done", 120)
    used = domain.held_mb()
    domain.sh("echo >/tmp/hog; sleep 1")
    domain.sh(f"echo 60000 >{balloon.HOOKS}/flush", 80)
    left = domain.held_mb()
    print(f"the host holds {used} MiB, then {left} MiB")
    check(used - left > USED_MB * 0.9, f"{used} MiB, then {left} MiB")


def _statistics(domain: libvirt.Domain) -> None:
    time.sleep(2.5)
    seen = domain.statistics()
    free = int(domain.sh("grep MemFree /proc/meminfo").split()[1])
    print(seen)
    check(time.time() - seen["last_update"] < 10, f"old statistics: {seen}")
    check(abs(seen["unused"] - free) < 64 * 1024, f"free: {free} KiB in the guest, {seen}")
    for name in ("available", "usable", "disk_caches", "minor_fault"):
        check(seen[name] > 0, f"{name}: {seen}")


def _balloon(domain: libvirt.Domain) -> None:
    domain.resize(SMALL_MB)
    domain.resize(MEMORY_MB)
    domain.resize(SMALL_MB)
    # Out of memory, the balloon deflates and the program lives.
    domain.sh(f"memhog {NEEDED_MB} --hold 0", 240)
    check("Out of memory" not in domain.sh("dmesg"), "the OOM killer ran")
    domain.resize(MEMORY_MB)


@pytest.mark.parametrize("release", libvirt.RELEASES)
def test_libvirt(kernel: str, release: str) -> None:
    """Everything with libvirt and QEMU of one release."""
    with libvirt.domain(kernel, release, MEMORY_MB) as domain:
        print(f"libvirt and QEMU: {libvirt.versions(domain)}")
        domain.sh(f"modprobe mm_hooks && modprobe {balloon.OURS}")
        xml = domain.virsh("dumpxml", libvirt.NAME)
        for switch in ("freePageReporting='on'", "autodeflate='on'"):
            check(switch in xml, f"no {switch} in the domain:\n{xml}")
        _reporting(domain)
        _statistics(domain)
        _balloon(domain)
        domain.sh(f"rmmod {balloon.OURS} mm_hooks")
