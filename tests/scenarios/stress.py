# SPDX-License-Identifier: GPL-2.0-only
"""Everything at once on a debug kernel with two CPUs leaves a good verdict."""

import random
import time

import pytest

from lab import Guest, check
from lab.guest import balloon

KERNELS = ("lab",)
ALSO = ("lab-kasan", "lab-kcsan", "lab-6.1", "lab-7.3")
TIMEOUT = 900
pytestmark = pytest.mark.timeout(TIMEOUT)
SECONDS = 40
RELOADS = 15
COMPACTIONS = 5
PATH = "/machine/peripheral/balloon0"


def _has_migrated(guest: Guest, device: balloon.Balloon) -> int:
    """Compact once more, unless pages of the balloon were already migrated."""
    if not (moved := device.counters()["migrated_pages"]):
        guest.write("/proc/sys/vm/compact_memory", "1")
    return moved


def _disturb(guest: Guest, device: balloon.Balloon) -> None:
    """Change the target, compact, forget and change parameters for a while."""
    dice = random.Random(1)
    guest.qmp("qom-set", path=PATH, property="guest-stats-polling-interval", value=1)
    # Each migrated page of the balloon needs two answers: up to half a minute.
    compaction = guest.start(f"for i in $(seq {COMPACTIONS}); do "
                             "echo 1 >/proc/sys/vm/compact_memory; sleep 1; done")
    end = time.monotonic() + SECONDS
    while time.monotonic() < end:
        device.ask(dice.randrange(0, 160))
        guest.sh(dice.choice((
            f"echo 1 >{balloon.HOOKS}/forget",
            f"echo 30000 >{balloon.HOOKS}/flush",
            f"echo 10 >{balloon.PARAMETERS}/delay_ms",
            f"echo 200 >{balloon.PARAMETERS}/delay_ms",
            f"echo page_reporting >{balloon.PARAMETERS}/engine",
            f"echo native >{balloon.PARAMETERS}/engine",
            f"echo 4 >{balloon.PARAMETERS}/low_order",
            f"echo 9 >{balloon.PARAMETERS}/low_order",
            f"cat {balloon.HOOKS}/* /sys/bus/virtio/devices/{device.name}/balloon/* "
            "2>/dev/null >/dev/null; true")), 60)
        time.sleep(dice.random())
    guest.wait(compaction, 240)
    device.ask(160)
    guest.poll("migrated pages of the balloon", lambda: _has_migrated(guest, device), 120)
    seen = device.counters()
    for name in ("inflated_pages", "deflated_pages", "reported_bytes", "stats_updates"):
        check(seen[name] > 0, f"{name} stayed 0: {seen}")
    check(seen["report_errors"] == seen["host_timeouts"] == 0, f"errors: {seen}")


def test_stress(kernel: str) -> None:
    """Disturb it, then load and unload it, always under load."""
    memory_mb = 512 if kernel == "lab-kasan" else 384
    with Guest(kernel, memory_mb=memory_mb, cpus=2, lifetime=TIMEOUT, boot_timeout=240,
               balloon=("free-page-reporting=on", "deflate-on-oom=on")) as guest:
        total = guest.sh("grep MemTotal /proc/meminfo")
        device = balloon.load(guest)
        guest.insmod("kvmclock_fix")
        load = [guest.start("churn 48 1000 --pause 20"),
                guest.start("churn 24 1000 --nohuge")]
        _disturb(guest, device)
        guest.sh(f"for i in $(seq {RELOADS}); do rmmod {balloon.OURS} kvmclock_fix mm_hooks || "
                 f"exit 1; modprobe mm_hooks && modprobe {balloon.OURS} && "
                 "modprobe kvmclock_fix || exit 1; done", 400)
        guest.sh("killall churn")
        for job in load:
            guest.wait(job)
        guest.rmmod(balloon.OURS)
        check(guest.sh("grep MemTotal /proc/meminfo") == total, "MemTotal has changed")
        guest.finish()
