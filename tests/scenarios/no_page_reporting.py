# SPDX-License-Identifier: GPL-2.0-only
"""A kernel without CONFIG_PAGE_REPORTING: everything but reporting works."""

from lab import Guest, balloon, check

KERNELS = ("lab-noreport",)


def run(kernel: str) -> None:
    """engine=intree is refused; auto loads, inflates and says what is missing."""
    with Guest(kernel, memory_mb=320) as guest:
        status, said = guest.try_sh("modprobe mm_hooks engine=intree")
        check(status, f"engine=intree was accepted: {said}")
        check("engine=intree needs a kernel with CONFIG_PAGE_REPORTING" in guest.sh("dmesg"),
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
