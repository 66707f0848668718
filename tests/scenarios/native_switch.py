# SPDX-License-Identifier: GPL-2.0-only
"""Engines change and modules are reloaded again and again under load.

Guards: no page is lost and no report stays in flight. The last engine works and leaves nothing
unreported.
"""

import pytest

from lab import MIB, Guest, check
from lab.guest import balloon
from lab.hosts.fakehost import no_memory_lost

KERNELS = ()
ALSO = ("lab", "lab-kasan", "lab-6.1", "lab-7.3")
TIMEOUT = 1500
pytestmark = pytest.mark.timeout(TIMEOUT)
SWITCHES = 200
RELOADS = 200
NOISE = 16 * MIB
ENGINE = f"{balloon.PARAMETERS}/engine"


def test_native_switch(kernel: str) -> None:
    """Two vCPUs, and two programs that use and free memory all the time."""
    with Guest(kernel, memory_mb=512, cpus=2, lifetime=TIMEOUT, boot_timeout=240) as guest:
        balloon.load(guest)
        balloon.flush(guest)
        with no_memory_lost(guest):
            load = [guest.start("churn 64 1000 --pause 5"),
                    guest.start("churn 32 1000 --nohuge --pause 3")]
            guest.sh(f"for i in $(seq {SWITCHES // 2}); do echo page_reporting >{ENGINE} && "
                     f"echo native >{ENGINE} || exit 1; done", 300)
            seen = balloon.hooks(guest)
            check(seen["reported_bytes"] > 0 and seen["report_errors"] == 0, f"{seen}")
            guest.sh(f"for i in $(seq {RELOADS}); do rmmod {balloon.OURS} mm_hooks && "
                     f"modprobe mm_hooks && modprobe {balloon.OURS} || exit 1; done", 900)
            guest.sh("killall churn")
            for job in load:
                guest.wait(job)
            balloon.flush(guest)
        seen = balloon.hooks(guest)
        check(seen["inflight_bytes"] == 0 and seen["report_errors"] == 0, f"{seen}")
        check(seen["reported_bytes"] > 0, f"nothing is reported any more: {seen}")
        balloon.check_none_left(guest, 9, NOISE)
        balloon.check_all_back(guest)
        guest.finish()
