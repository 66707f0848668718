# SPDX-License-Identifier: GPL-2.0-only
"""The lab detects bad log lines and crashes."""

import pytest

from lab import Guest, GuestError

KERNELS = ("6.12",)
CRASH = r"Kernel panic - not syncing: sysrq triggered crash"


def test_lab_selftest(kernel: str) -> None:
    """A bad log line fails the verdict. Then a crash leaves no verdict."""
    with pytest.raises(GuestError, match=CRASH), \
            Guest(kernel, ours=False, balloon=None, memory_mb=512) as guest:
        guest.sh("echo 'WARNING: made up' >/dev/kmsg")
        with pytest.raises(GuestError, match="made up"):
            guest.finish()
        guest.start("echo c >/proc/sysrq-trigger")
        guest.finish(timeout=30)
