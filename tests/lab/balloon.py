# SPDX-License-Identifier: GPL-2.0-only
"""A guest's balloon device, seen from both sides, and what mm_hooks counts."""

import re
import time

from . import MIB, check
from .guest import Guest

OURS = "balloon_report"
STOCK = "virtio_balloon"
LISTED = "grep '^ *count: ' /proc/zoneinfo"  # what the lists of the processors hold
HOOKS = "/sys/kernel/mm_hooks"
PARAMETERS = "/sys/module/mm_hooks/parameters"
_DRIVERS = "/sys/bus/virtio/drivers"
_PATTERN = "/tmp/check"
_BALLOON_ID = "0x0005"


def _values(lines: str) -> dict[str, int]:
    """File name to number, from what "grep ." says about a folder."""
    found = re.findall(r"^(?:.*/)?([a-z_]+):(0x[0-9a-f]+|-?\d+)$", lines, re.M)
    return {name: int(value, 0) for name, value in found}


def load(guest: Guest, *parameters: str) -> "Balloon":
    """Load mm_hooks and balloon_report, the parameters are balloon_report's."""
    guest.insmod("mm_hooks")
    guest.insmod(OURS, *parameters)
    return Balloon(guest)


def tune(guest: Guest, name: str, value: str | int) -> None:
    """Set a parameter of mm_hooks while it runs."""
    guest.write(f"{PARAMETERS}/{name}", str(value))


def hooks(guest: Guest) -> dict[str, int]:
    """The numbers in /sys/kernel/mm_hooks and its folder native."""
    return _values(guest.try_sh(f"grep . {HOOKS}/* {HOOKS}/native/* 2>/dev/null")[1])


def devices(guest: Guest) -> dict[str, str]:
    """Balloon device to the driver that holds it, empty for none."""
    said = guest.try_sh(f"""cd /sys/bus/virtio/devices
for d in virtio*; do
    [ "$(cat $d/device)" = {_BALLOON_ID} ] || continue
    echo "$d $(basename "$(readlink $d/driver)")"
done""")[1]
    return dict((line.split(" ", 1) for line in said.splitlines()))


def flush(guest: Guest, timeout_ms: int = 60000) -> None:
    """Return when everything that can be reported has been reported."""
    guest.sh(f"echo {timeout_ms} >{HOOKS}/flush", timeout_ms / 1000 + 20)


def zones(guest: Guest) -> dict[str, dict[str, list[int]]]:
    """Zone to the numbers in each of its files in /sys/kernel/mm_hooks/zones."""
    found: dict[str, dict[str, list[int]]] = {}
    for line in guest.sh(f"cd {HOOKS}/zones && grep . */*").splitlines():
        path, values = line.split(":")
        zone, name = path.split("/")
        found.setdefault(zone, {})[name] = [int(value) for value in values.split()]
    return found


def check_all_back(guest: Guest) -> dict[str, int]:
    """Fail unless all that was taken of each zone is back; bytes taken, by zone.

    A report may begin between two of the files; what is lost stays lost.
    """
    for _ in range(5):
        flush(guest)
        seen = zones(guest)
        taken, back = ({zone: files[name][0] for zone, files in seen.items()}
                       for name in ("taken_bytes", "returned_bytes"))
        if taken == back:
            break
        time.sleep(0.5)
    print(f"taken and back: {taken}")
    check(taken == back, f"taken {taken}, back {back}")
    check(sum(taken.values()) > 0, "nothing was taken")
    return taken


def free_bytes(guest: Guest, order: int) -> int:
    """Memory in free blocks of that order and more."""
    total = 0
    for line in guest.read("/proc/buddyinfo").splitlines():
        blocks = line.split("zone")[1].split()[1:]
        total += sum(int(count) << 12 + at for at, count in enumerate(blocks) if at >= order)
    return total


def left_bytes(guest: Guest, order: int) -> int:
    """Bytes of free blocks of that order and more that the host still holds."""
    return guest.rss_bytes() - (guest.machine.memory_mb * MIB - free_bytes(guest, order))


def check_none_left(guest: Guest, order: int, most: int) -> int:
    """The host holds hardly any of the free blocks of that order and more; how much of them."""
    left = left_bytes(guest, order)
    check(left < most, f"{left // MIB} MiB of free blocks are still at the host")
    return left


def hold_pattern(guest: Guest, size_mb: int) -> None:
    """Start a program that holds memory of which it knows each word."""
    guest.start(f"pattern {size_mb} {_PATTERN}")
    guest.poll("the pattern", lambda: not guest.try_sh(f"test -p {_PATTERN}")[0], 60)


def check_pattern(guest: Guest) -> None:
    """What it holds is what it wrote."""
    said = guest.sh(f"echo >{_PATTERN}; while [ ! -s {_PATTERN}.result ]; do sleep 0.1; done; "
                    f"cat {_PATTERN}.result", 60)
    check("intact" in said, f"the held memory: {said}")


def parse_listed(said: str) -> int:
    """Bytes, of what LISTED said."""
    return sum(map(int, said.split()[1::2])) << 12


def listed_bytes(guest: Guest) -> int:
    """Memory that is free in the lists of the processors, where no report reaches it."""
    return parse_listed(guest.sh(LISTED))


def unreportable_bytes(guest: Guest) -> int:
    """Memory that no report can return now: in use, or free in small blocks.

    Blocks of 2 MiB and more are reported, those of zone DMA never.
    """
    big = 0
    for line in guest.read("/proc/buddyinfo").splitlines():
        zone, *blocks = line.split("zone")[1].split()
        if zone != "DMA":
            big += sum(int(count) << 12 + order
                       for order, count in enumerate(blocks) if order >= 9)
    return guest.machine.memory_mb * MIB - big


class Balloon:
    """A device that balloon_report holds."""

    def __init__(self, guest: Guest, name: str = "") -> None:
        self.guest = guest
        self.name = name or guest.sh(f"cd {_DRIVERS}/{OURS}; echo virtio*").split()[0]

    def counters(self) -> dict[str, int]:
        """The numbers in the device's folder balloon/."""
        return _values(self.guest.sh(f"grep . /sys/bus/virtio/devices/{self.name}/balloon/*"))

    def held_mb(self) -> int:
        """What the host has, as the guest counts it."""
        return self.counters()["actual_pages"] * 4096 // MIB

    def host_mb(self) -> int:
        """What the host has, as QEMU was told."""
        return self.guest.machine.memory_mb - self.guest.qmp("query-balloon")["actual"] // MIB

    def ask(self, size_mb: int) -> None:
        """Ask for a balloon of that size."""
        self.guest.qmp("balloon", value=(self.guest.machine.memory_mb - size_mb) * MIB)

    def resize(self, size_mb: int, timeout: float = 60) -> None:
        """Ask for a balloon of that size and wait until it has it, on both sides."""
        self.ask(size_mb)
        self.wait(size_mb, timeout)

    def wait(self, size_mb: int, timeout: float = 60) -> None:
        """Wait for a size, on both sides."""
        self.guest.poll(f"a balloon of {size_mb} MiB",
                        lambda: self.held_mb() == size_mb and self.host_mb() == size_mb,
                        timeout, 0.2)
