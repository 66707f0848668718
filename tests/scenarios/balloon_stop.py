# SPDX-License-Identifier: GPL-2.0-only
"""A host that pauses, and a driver that is unloaded while it works: nothing is lost."""

import re
import time

from lab import Guest, balloon, check

KERNELS = ("6.12", "lab")
SIZE_MB = 128


def _total(guest: Guest) -> str:
    return re.findall(r"MemTotal: +(\d+)", guest.read("/proc/meminfo"))[0]


def _pause(guest: Guest) -> None:
    guest.qmp("stop")
    time.sleep(2)
    guest.qmp("cont")


def _check_pauses(guest: Guest, device: balloon.Balloon) -> None:
    """Stopped while it inflates and while it reports."""
    device.ask(SIZE_MB)
    _pause(guest)
    device.wait(SIZE_MB)
    before = device.counters()["reported_bytes"]
    guest.sh("memhog 128 --hold 0", 60)
    _pause(guest)
    balloon.flush(guest)
    check(device.counters()["reported_bytes"] > before, "nothing is reported after a pause")
    check(device.counters()["report_errors"] == 0, "a pause gave an error")


def _check_unload(guest: Guest, total: str) -> None:
    """Stopped in the middle of an unload while inflated."""
    job = guest.start(f"rmmod {balloon.OURS}")
    _pause(guest)
    status, said = guest.wait(job, 60)
    check(not status, f"rmmod failed: {said}")
    check(_total(guest) == total, "the balloon's memory did not come back")
    check(not guest.qmp("query-balloon")["actual"] < guest.machine.memory_mb << 20,
          "the host was not told that it has nothing any more")


def _check_churn(guest: Guest, total: str) -> None:
    """Come and go while memory is used and freed and the host asks for some."""
    churn = guest.start("churn 64 300")
    guest.sh(f"for i in 1 2 3 4 5 6 7 8 9 10; do modprobe {balloon.OURS} || exit 1; "
             f"sleep 0.$i; rmmod {balloon.OURS} || exit 1; done", 120)
    guest.sh("killall churn")
    guest.wait(churn)
    check(_total(guest) == total, "MemTotal is not what it was")


def run(kernel: str) -> None:
    """One guest; the balloon's target stays, so that every load inflates."""
    with Guest(kernel, memory_mb=384) as guest:
        total = _total(guest)
        device = balloon.load(guest)
        _check_pauses(guest, device)
        _check_unload(guest, total)
        _check_churn(guest, total)
        guest.finish()
