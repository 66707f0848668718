# SPDX-License-Identifier: GPL-2.0-only
"""No page is lost when QEMU pauses, nor when the driver is unloaded while it works."""

import re
import time

from lab import Guest, check
from lab.guest import balloon
from lab.guest.control import GuestError

KERNELS = ("lab",)
ALSO = ("6.12",)
SIZE_MB = 160
TRIES = 8  # to hit the middle
INITSTATE = f"/sys/module/{balloon.OURS}/initstate"


def _total(guest: Guest) -> str:
    return re.findall(r"MemTotal: +(\d+)", guest.read("/proc/meminfo"))[0]


def _rest(guest: Guest) -> None:
    """QEMU is stopped; it continues after two seconds."""
    time.sleep(2)
    guest.qmp("cont")


def _pause(guest: Guest) -> None:
    guest.qmp("stop")
    _rest(guest)


def _stop_inflating(device: balloon.Balloon) -> None:
    """Stop QEMU when a part of the balloon is inflated."""
    for _ in range(TRIES):
        device.ask(SIZE_MB)
        device.guest.poll("the first pages", lambda: device.host_mb() > 0, 30, 0)
        device.guest.qmp("stop")
        held = device.host_mb()
        if 0 < held < SIZE_MB:
            print(f"stopped with {held} of {SIZE_MB} MiB inflated")
            return
        device.guest.qmp("cont")
        device.resize(0)
    raise GuestError(f"inflated before QEMU could stop, {TRIES} times")


def _check_pauses(guest: Guest, device: balloon.Balloon) -> None:
    """Stop QEMU during inflation and during reporting."""
    _stop_inflating(device)
    _rest(guest)
    device.wait(SIZE_MB)
    before = device.counters()["reported_bytes"]
    guest.sh("memhog 128 --hold 0", 60)
    _pause(guest)
    balloon.flush(guest)
    check(device.counters()["reported_bytes"] > before, "nothing is reported after a pause")
    check(device.counters()["report_errors"] == 0, "a pause gave an error")


def _check_unload(guest: Guest, total: str) -> None:
    """Stop QEMU during an unload with an inflated balloon."""
    for _ in range(TRIES):
        job = guest.start(f"rmmod {balloon.OURS} & "
                          f"while state=$(cat {INITSTATE} 2>/dev/null) && "
                          '[ "$state" != going ]; do :; done; echo "${state:-gone}"; wait $!')
        guest.poll("the unload to begin", lambda job=job: job.output, 30, 0)
        guest.qmp("stop")
        time.sleep(0.2)  # by now the guest's output has arrived
        caught = job.output.strip() == b"going" and job.status is None
        _rest(guest)
        status, said = guest.wait(job, 60)
        check(not status, f"rmmod failed: {said}")
        check(_total(guest) == total, "MemTotal has changed")
        check(guest.qmp("query-balloon")["actual"] >= guest.machine.memory_mb << 20,
              "QEMU was not told that the balloon is empty")
        if caught:
            return
        balloon.load(guest).wait(SIZE_MB)
    raise GuestError(f"unloaded before QEMU could stop, {TRIES} times")


def _check_churn(guest: Guest, total: str) -> None:
    """Load and unload while programs use memory and QEMU asks for some."""
    churn = guest.start("churn 64 300")
    guest.sh(f"for i in 1 2 3 4 5 6 7 8 9 10; do modprobe {balloon.OURS} || exit 1; "
             f"sleep 0.$i; rmmod {balloon.OURS} || exit 1; done", 120)
    guest.sh("killall churn")
    guest.wait(churn)
    check(_total(guest) == total, "MemTotal has changed")


def test_balloon_stop(kernel: str) -> None:
    """One guest. The target of the balloon stays, so that every load inflates."""
    with Guest(kernel, memory_mb=448) as guest:
        total = _total(guest)
        device = balloon.load(guest)
        _check_pauses(guest, device)
        _check_unload(guest, total)
        _check_churn(guest, total)
        guest.finish()
