# SPDX-License-Identifier: GPL-2.0-only
"""The lab sees bad log lines and crashes: this scenario must fail."""

from lab import Guest, GuestError

KERNELS = ("6.12",)
MUST_FAIL = r"Kernel panic - not syncing: sysrq triggered crash"


def run(kernel: str) -> None:
    """A bad line gives a bad verdict; then a crash leaves no verdict at all."""
    with Guest(kernel, ours=False, balloon=None, memory_mb=512) as guest:
        guest.sh("echo 'WARNING: made up' >/dev/kmsg")
        try:
            guest.finish()
        except GuestError as error:
            print(error)
        else:
            return  # not noticed: not failing is this scenario's failure
        guest.start("echo c >/proc/sysrq-trigger")
        guest.finish(timeout=30)
