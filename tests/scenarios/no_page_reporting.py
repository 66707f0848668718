# SPDX-License-Identifier: GPL-2.0-only
"""On a kernel without CONFIG_PAGE_REPORTING everything except reporting works."""

from lab import Guest, check
from lab.guest import balloon

KERNELS = ("lab-noreport",)


def test_no_page_reporting(kernel: str) -> None:
    """engine=page_reporting is rejected. auto loads, inflates and logs the missing option."""
    with Guest(kernel, memory_mb=320) as guest:
        status, said = guest.try_sh("modprobe mm_hooks engine=page_reporting")
        check(status, f"engine=page_reporting was accepted: {said}")
        check("engine=page_reporting needs a kernel with CONFIG_PAGE_REPORTING" in guest.sh("dmesg"),
              "the log does not say what is missing")
        device = balloon.load(guest)
        log = guest.sh("dmesg")
        check("no engine: this kernel has neither CONFIG_PAGE_REPORTING" in log,
              f"the log does not say what is missing:\n{log}")
        check(guest.read(f"{balloon.HOOKS}/engine") == "none", "there is an engine")
        check(guest.read(f"{balloon.HOOKS}/capabilities") == "clock", "capabilities")
        device.resize(64)
        device.resize(0)
        status, said = guest.try_sh(f"echo 1000 >{balloon.HOOKS}/flush")
        check(status and "not supported" in said, f"flush: {status} {said}")
        guest.insmod("kvmclock_fix")
        guest.finish()
