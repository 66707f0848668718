# SPDX-License-Identifier: GPL-2.0-only
"""A hundred rounds of each fault that comes from outside, under load.

The guest reports, inflates, and runs programs that verify all of their memory. Guards: not a word
is wrong, no page is lost, and after the last round the device does what it did before.
"""

import contextlib
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from lab import MIB, Guest, check
from lab.guest import balloon, limit, newqemu, survey
from lab.hosts.fakehost import ALL, fake, no_memory_lost

KERNELS = ("lab",)
ALSO = ("6.12",)
TIMEOUT = 4500
pytestmark = [pytest.mark.timeout(TIMEOUT), pytest.mark.wide]
ROUNDS = 100
MEMORY_MB = 320
USED_MB = 96
SIZE_MB = 24
STOP = "/tmp/stop"
QUEUES = ("inflate", "deflate", "report", "hint")
SLOW = 32 * MIB  # a migration's bandwidth that leaves time to cancel it
HOG_MB = 512
ROOM_MB = 192
PRESSED_MB = 96


def _load(guest: Guest) -> None:
    """Programs verify their memory until _check_load()."""
    survey.repeat(guest, USED_MB, 2, STOP)


def _check_load(guest: Guest) -> None:
    """Stop them. Every word was right."""
    guest.sh(f"touch {STOP}")
    wrong = survey.wait(guest, 120)
    check(wrong == 0, f"{wrong} words are wrong")
    guest.sh(f"rm {STOP}")


def _works(guest: Guest) -> None:
    """The device inflates, deflates and reports."""
    device = balloon.Balloon(guest)
    device.resize(SIZE_MB)
    device.resize(0)
    before = device.counters()["reported_bytes"]
    guest.sh("memhog 64 --hold 0")
    balloon.flush(guest)
    check(device.counters()["reported_bytes"] > before, "nothing is reported any more")


@contextlib.contextmanager
def _loaded(kernel: str, **machine: object) -> Iterator[Guest]:
    with Guest(kernel, **{"memory_mb": MEMORY_MB, "lifetime": TIMEOUT, **machine}) as guest:
        balloon.load(guest)
        _load(guest)
        yield guest
        _check_load(guest)
        _works(guest)
        guest.finish()


def test_stop(kernel: str) -> None:
    """QEMU stops and continues, also in the middle of an inflation."""
    with _loaded(kernel) as guest:
        for number in range(ROUNDS):
            balloon.Balloon(guest).ask(SIZE_MB * (number % 2))
            guest.qmp("stop")
            time.sleep(0.05)
            guest.qmp("cont")
            time.sleep(0.1)
        balloon.Balloon(guest).resize(0)


def test_unplug(kernel: str) -> None:
    """The device is unplugged and plugged."""
    # ACPI on a debug kernel interprets its tables for longer than it allows itself.
    machine, bus = ("q35", "slot0") if kernel == "lab" else ("pc", "pci.0")
    with _loaded(kernel, machine=machine, slot_hotplug=False) as guest:
        for number in range(ROUNDS):
            balloon.Balloon(guest).ask(SIZE_MB)
            since = len(guest.qmp.events)
            guest.qmp("device_del", id=f"balloon{number}")
            guest.wait_event("DEVICE_DELETED", 60, since)
            guest.qmp("device_add", driver="virtio-balloon-pci", id=f"balloon{number + 1}",
                      bus=bus, free_page_reporting=True)
            guest.poll("the driver to bind the device",
                       lambda: balloon.OURS in balloon.devices(guest).values(), 30)


def test_surprise(kernel: str) -> None:
    """The device vanishes with a buffer of each queue in flight."""
    with fake(kernel, lifetime=TIMEOUT) as (guest, host), no_memory_lost(guest):
        _load(guest)
        for number in range(ROUNDS):
            queue = QUEUES[number % len(QUEUES)]
            host.plug(features=ALL)
            host.set("num_pages", 2000)
            if queue == "deflate":
                host.until("the balloon", "actual", 2000)
            host.set(f"{queue}/hold", 1)
            host.set("num_pages", {"inflate": 6000, "deflate": 100}.get(queue, 2000))
            host.set("cmd_id", 0x80000000 if queue == "hint" else 0)
            host.until_out(queue)
            host.unplug(30, surprise=True)
            host.set(f"{queue}/hold", 0)
            host.set("num_pages", 0)
            host.set("cmd_id", 0)
            host.check()
        _check_load(guest)
        guest.rmmod(balloon.OURS)


def test_cancel(kernel: str) -> None:
    """A migration begins and is cancelled."""
    with _loaded(kernel) as guest:
        guest.qmp("migrate-set-parameters", **{"max-bandwidth": SLOW})
        for _ in range(ROUNDS):
            guest.qmp("migrate", uri="exec:cat >/dev/null")
            time.sleep(0.1)
            guest.qmp("migrate_cancel")
            guest.poll("the end of the migration", lambda: guest.qmp("query-migrate")["status"]
                       in ("cancelled", "completed", "failed"), 60)
            if guest.qmp("query-status")["status"] == "postmigrate":
                guest.qmp("cont")


def test_migrate(kernel: str) -> None:
    """The guest migrates from one QEMU to the next."""
    guest = Guest(kernel, memory_mb=MEMORY_MB, lifetime=TIMEOUT, qemu=newqemu.command())
    with contextlib.ExitStack() as stack:
        stack.enter_context(guest)
        balloon.load(guest)
        _load(guest)
        for _ in range(ROUNDS):
            balloon.Balloon(guest).ask(SIZE_MB)
            left, guest = guest, stack.enter_context(guest.migrate(max_bandwidth=1 << 30))
            left.close()
            balloon.Balloon(guest).ask(0)
        _check_load(guest)
        _works(guest)
        guest.finish()


def test_reset(kernel: str) -> None:
    """The machine is reset with an inflated balloon and reports in flight."""
    with Guest(kernel, memory_mb=MEMORY_MB, reboot=True, lifetime=TIMEOUT,
               boot_timeout=150) as guest:
        for number in range(ROUNDS):
            device = balloon.load(guest)
            device.ask(SIZE_MB)
            guest.start("churn 64 100")
            time.sleep(number % 10 / 10)
            guest.reset()
        balloon.load(guest).resize(0)
        _works(guest)
        guest.finish()


def test_snapshot(kernel: str) -> None:
    """The machine is saved to an image, and loaded again."""
    with tempfile.TemporaryDirectory(prefix="vmhooks-") as folder:
        image = Path(folder) / "state.qcow2"
        subprocess.run(["qemu-img", "create", "-q", "-f", "qcow2", str(image), "4G"], check=True)
        drive = ("-drive", f"if=none,id=state,format=qcow2,file={image}")
        with _loaded(kernel, qemu_args=drive, qemu=newqemu.command()) as guest:
            for number in range(ROUNDS):
                balloon.Balloon(guest).ask(SIZE_MB * (number % 2))
                for command in ("savevm one", "loadvm one", "delvm one"):
                    said = guest.qmp("human-monitor-command", command_line=command)
                    check("rror" not in said, f"{command}: {said}")
            balloon.Balloon(guest).resize(0)


def test_no_memory(kernel: str) -> None:
    """The host is out of memory: its kernel reclaims, and kills another program each time."""
    with limit.limit(HOG_MB + MEMORY_MB) as group, \
            _loaded(kernel, qemu=group.command()) as guest:
        for number in range(ROUNDS):
            before = group.kills()
            group.victim()
            check(group.kills() > before and guest.process.poll() is None,
                  f"round {number}: {group.kills() - before} kills")
            balloon.Balloon(guest).ask(SIZE_MB * (number % 2))
        balloon.Balloon(guest).resize(0)


def test_swap(kernel: str) -> None:
    """The host swaps the guest out and in."""
    with limit.swap(HOG_MB), limit.limit(MEMORY_MB + ROOM_MB, True) as group, \
            _loaded(kernel, qemu=group.command()) as guest:
        moved = 0
        for number in range(ROUNDS):
            moved += group.reclaim(PRESSED_MB)
            balloon.Balloon(guest).ask(SIZE_MB * (number % 2))
            time.sleep(0.2)
        print(f"{moved / 2**20:.0f} MiB swapped out")
        check(moved > 0, "nothing was swapped out")
        balloon.Balloon(guest).resize(0)
