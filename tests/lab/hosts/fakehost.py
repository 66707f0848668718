# SPDX-License-Identifier: GPL-2.0-only
"""A guest whose balloon device is implemented in the guest: tests/fake_host."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from .. import MIB, check
from ..guest import Guest, balloon
from ..guest.control import GuestError

HOST = "/sys/kernel/debug/fake_host"
DEVICE = "/sys/devices/fake_host/virtio*"
PAGES_PER_MIB = 256

# Feature bits, and the offer of a device with all of them.
MUST_TELL_HOST, STATS, DEFLATE_ON_OOM, HINT, POISON, REPORTING = (1 << n for n in range(6))
INDIRECT = 1 << 28  # indirect descriptors, as QEMU offers them
VERSION_1 = 1 << 32
ALL = (MUST_TELL_HOST | STATS | DEFLATE_ON_OOM | HINT | POISON | REPORTING | INDIRECT |
       VERSION_1)

# Hinting commands that are not ids.
STOP, DONE = 0, 1


class FakeHost:
    """The fake device of a guest. Its files are described in tests/fake_host/debugfs.c."""

    def __init__(self, guest: Guest) -> None:
        self.guest = guest
        self.unload = True  # all modules, at the end
        guest.insmod("fake_host")

    def get(self, name: str) -> int:
        """The value of a file of the device."""
        return int(self.guest.read(f"{HOST}/{name}").replace("Y", "1").replace("N", "0"), 0)

    def set(self, name: str, value: int) -> None:
        """Set a file of the device, such as "inflate/ack_ms"."""
        self.guest.write(f"{HOST}/{name}", str(value))

    def plug(self, **settings: int) -> None:
        """Plug the device. Settings: features=..., report_size=..."""
        for name, value in settings.items():
            self.set(name.replace("_size", "/size"), value)
        self.set("plugged", 1)

    def unplug(self, timeout: float = 15, surprise: bool = False) -> None:
        """Unplug the device. The driver must release it in time."""
        self.guest.sh(f"echo {2 if surprise else 0} >{HOST}/plugged", timeout)

    def of_driver(self, name: str) -> int:
        """A counter of the driver for this device."""
        return int(self.guest.read(f"{DEVICE}/balloon/{name}"), 0)

    def state(self) -> str:
        """The state of the device in the driver: live, dead, ..."""
        return self.guest.read(f"{DEVICE}/balloon/state")

    def until(self, what: str, name: str, value: int, timeout: float = 60) -> None:
        """Wait until a file of the device has this value."""
        self.guest.poll(what, lambda: self.get(name) == value, timeout)

    def balloon(self, pages: int, timeout: float = 60) -> None:
        """Ask for a balloon of this size and wait until it is reached."""
        self.set("num_pages", pages)
        self.until(f"a balloon of {pages} pages", "actual", pages, timeout)

    def until_out(self, queue: str, timeout: float = 60) -> None:
        """Wait until a buffer of the queue is in flight. An engine may send several."""
        self.guest.poll(f"a buffer of {queue} in flight",
                        lambda: self.get(f"{queue}/pending") > 0, timeout)

    def ranges(self) -> dict[int, int]:
        """Order to the number of reported ranges with 2^order pages or more."""
        return {order: count for order, count in
                (map(int, line.split()) for line in
                 self.guest.read(f"{HOST}/ranges").splitlines())}

    def flush(self, timeout_ms: int = 30000) -> int:
        """Report all that can be reported. Returns the exit status."""
        return self.guest.try_sh(f"echo {timeout_ms} >/sys/kernel/mm_hooks/flush",
                                 timeout_ms / 1000 + 10)[0]

    def violations(self) -> str:
        """What the driver did against the specification, one violation a line."""
        return self.guest.read(f"{HOST}/complaints") if self.get("violations") else ""

    def check(self) -> None:
        """Fail if the driver has violated the specification so far."""
        self.set("verify", 1)
        if said := self.violations():
            raise GuestError(f"{self.get('violations')} violations:\n{said}\n" +
                             self.guest.sh(f"tail -n 30 {HOST}/log"))


def meminfo_kib(guest: Guest, name: str) -> int:
    """A line of /proc/meminfo, in KiB."""
    for line in guest.read("/proc/meminfo").splitlines():
        if line.startswith(f"{name}:"):
            return int(line.split()[1])
    raise GuestError(f"/proc/meminfo has no {name}")


def meminfo(guest: Guest, name: str) -> int:
    """A line of /proc/meminfo, in MiB."""
    return meminfo_kib(guest, name) >> 10


def settled_free(guest: Guest) -> int:
    """Free memory in MiB without caches: in the buddy allocator and in the pcplists."""
    guest.sh("sync; echo 3 >/proc/sys/vm/drop_caches")
    return meminfo(guest, "MemFree") + balloon.listed_bytes(guest) // MIB


@contextmanager
def no_memory_lost(guest: Guest, tolerance_mb: int = 16) -> Iterator[None]:
    """Everything that the block allocates is free after it."""
    total, free = meminfo(guest, "MemTotal"), settled_free(guest)
    if guest.kernel.name == "lab-kasan":
        tolerance_mb += total // 32  # KASAN's quarantine of freed objects
    yield
    after = meminfo(guest, "MemTotal")
    check(after == total, f"MemTotal was {total} MiB and is {after} MiB")
    for _ in range(10):
        now = settled_free(guest)
        if now >= free - tolerance_mb:
            print(f"free before {free} MiB, after {now} MiB")
            return
        time.sleep(0.5)
    raise GuestError(f"free before {free} MiB, after {now} MiB\n" +
                     guest.read("/proc/meminfo"))


@contextmanager
def fake(kernel: str, *parameters: str, driver: bool = True,
         **machine: Any) -> Iterator[tuple[Guest, FakeHost]]:
    """A guest with the driver loaded and a fake device, not yet plugged."""
    machine = {"balloon": None, "memory_mb": 768, "boot_timeout": 240, **machine}
    with Guest(kernel, **machine) as guest:
        host = FakeHost(guest)
        if driver:
            guest.insmod("balloon_report", *parameters)
        yield guest, host
        host.check()
        guest.finish(host.unload)
