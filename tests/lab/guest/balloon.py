# SPDX-License-Identifier: GPL-2.0-only
"""A guest's balloon device, as the guest and QEMU see it, and the counters of mm_hooks."""

import re
import time
from pathlib import Path

from .. import MIB, check
from ..kernels.arch import X86
from .guest import Guest

OURS = "balloon_report"
STOCK = "virtio_balloon"
LISTED = "grep '^ *count: ' /proc/zoneinfo"  # pages in the pcplists
HOOKS = "/sys/kernel/mm_hooks"
PARAMETERS = "/sys/module/mm_hooks/parameters"
DRIVERS = "/sys/bus/virtio/drivers"
_PATTERN = "/tmp/check"
_NUMBER = re.compile(r"0x[0-9a-f]+|-?\d+")
_BALLOON_ID = "0x0005"


def _values(files: dict[str, list[str]]) -> dict[str, int]:
    """The name of each file with one number, to this number."""
    return {Path(path).name: int(lines[0], 0) for path, lines in files.items()
            if len(lines) == 1 and _NUMBER.fullmatch(lines[0])}


def load(guest: Guest, *parameters: str) -> "Balloon":
    """Load mm_hooks, then balloon_report with these parameters."""
    guest.insmod("mm_hooks")
    guest.insmod(OURS, *parameters)
    return Balloon(guest)


def tune(guest: Guest, name: str, value: str | int) -> None:
    """Set a parameter of mm_hooks at run time."""
    guest.write(f"{PARAMETERS}/{name}", str(value))


def hooks(guest: Guest) -> dict[str, int]:
    """The numbers in /sys/kernel/mm_hooks and its folder native.

    Both have a file reported_free_bytes. The one of native is "native/reported_free_bytes".
    """
    files = guest.read_lines(f"{HOOKS}/*", f"{HOOKS}/native/*")
    native = {path: files.pop(path) for path in list(files) if "/native/" in path}
    found = _values(files)
    for name, value in _values(native).items():
        found[f"native/{name}" if name in found else name] = value
    return found


def devices(guest: Guest) -> dict[str, str]:
    """Balloon device to its bound driver, empty if there is none."""
    said = guest.try_sh(f"""cd /sys/bus/virtio/devices
for d in virtio*; do
    [ "$(cat $d/device)" = {_BALLOON_ID} ] || continue
    echo "$d $(basename "$(readlink $d/driver)")"
done""")[1]
    return dict((line.split(" ", 1) for line in said.splitlines()))


def flush(guest: Guest, timeout_ms: int = 60000) -> None:
    """Return when all that can be reported has been reported."""
    guest.sh(f"echo {timeout_ms} >{HOOKS}/flush", timeout_ms / 1000 + 20)


def zones(guest: Guest) -> dict[str, dict[str, list[int]]]:
    """Zone to the numbers in each of its files in /sys/kernel/mm_hooks/zones."""
    found: dict[str, dict[str, list[int]]] = {}
    for path, lines in guest.read_lines(f"{HOOKS}/zones/*/*").items():
        zone, name = path.split("/")[-2:]
        found.setdefault(zone, {})[name] = [int(value) for value in lines[0].split()]
    return found


def check_all_back(guest: Guest) -> dict[str, int]:
    """Fail unless all isolated blocks of each zone were put back. Returns their bytes by zone.

    A report may begin between the reads of two files, so this is repeated. A lost block stays lost.
    """
    for _ in range(5):
        flush(guest)
        seen = zones(guest)
        taken, back = ({zone: files[name][0] for zone, files in seen.items()}
                       for name in ("isolated_bytes", "putback_bytes"))
        if taken == back:
            break
        time.sleep(0.5)
    print(f"isolated and put back: {taken}")
    check(taken == back, f"isolated {taken}, put back {back}")
    check(sum(taken.values()) > 0, "nothing was isolated")
    return taken


def free_bytes(guest: Guest, order: int) -> int:
    """Memory in free blocks of this order of 4 KiB pages and above."""
    total, shift = 0, guest.kernel.page_shift
    for line in guest.read("/proc/buddyinfo").splitlines():
        blocks = line.split("zone")[1].split()[1:]
        total += sum(int(count) << shift + at for at, count in enumerate(blocks)
                     if shift + at >= 12 + order)
    return total


def left_bytes(guest: Guest, order: int) -> int:
    """Bytes of free blocks of this order and above that the host still backs."""
    return guest.rss_bytes() - (guest.machine.memory_mb * MIB - free_bytes(guest, order))


def check_none_left(guest: Guest, order: int, most: int) -> int:
    """The host backs hardly any free blocks of this order and above. Returns their bytes."""
    left = left_bytes(guest, order)
    check(left < most, f"{left // MIB} MiB of free blocks are still backed")
    return left


def hold_pattern(guest: Guest, size_mb: int) -> None:
    """Start a program that fills memory with a pattern and keeps it."""
    guest.start(f"pattern {size_mb} {_PATTERN}")
    guest.poll("the pattern", lambda: not guest.try_sh(f"test -p {_PATTERN}")[0], 60)


def check_pattern(guest: Guest) -> None:
    """The pattern in its memory is intact."""
    said = guest.sh(f"echo >{_PATTERN}; while [ ! -s {_PATTERN}.result ]; do sleep 0.1; done; "
                    f"cat {_PATTERN}.result", 60)
    check("intact" in said, f"the pattern: {said}")


def parse_listed(said: str, page_shift: int = 12) -> int:
    """Bytes in the pcplists, from the output of LISTED."""
    return sum(map(int, said.split()[1::2])) << page_shift


def listed_bytes(guest: Guest) -> int:
    """Free memory in the pcplists, which is not reported."""
    return parse_listed(guest.sh(LISTED), guest.kernel.page_shift)


def unreportable_bytes(guest: Guest) -> int:
    """Memory that no report can return now: in use, or free in blocks below 2 MiB."""
    big, shift = 0, guest.kernel.page_shift
    for line in guest.read("/proc/buddyinfo").splitlines():
        zone, *blocks = line.split("zone")[1].split()
        if zone != "DMA" or guest.kernel.arch is not X86:  # that of x86 has 16 MiB
            big += sum(int(count) << shift + order
                       for order, count in enumerate(blocks) if shift + order >= 21)
    return guest.machine.memory_mb * MIB - big


class Balloon:
    """A device that is bound to balloon_report."""

    def __init__(self, guest: Guest, name: str = "") -> None:
        self.guest = guest
        self.name = name or guest.sh(f"cd {DRIVERS}/{OURS}; echo virtio*").split()[0]

    def counters(self) -> dict[str, int]:
        """The numbers in the device's folder balloon/."""
        return _values(self.guest.read_lines(f"/sys/bus/virtio/devices/{self.name}/balloon/*"))

    def held_mb(self) -> int:
        """The balloon's size as the guest counts it."""
        return self.counters()["actual_pages"] * 4096 // MIB

    def host_mb(self) -> int:
        """The balloon's size as QEMU was told."""
        return self.guest.machine.memory_mb - self.guest.qmp("query-balloon")["actual"] // MIB

    def ask(self, size_mb: int) -> None:
        """Ask for a balloon of this size."""
        self.guest.qmp("balloon", value=(self.guest.machine.memory_mb - size_mb) * MIB)

    def resize(self, size_mb: int, timeout: float = 60) -> None:
        """Ask for a balloon of this size and wait until both sides have it."""
        self.ask(size_mb)
        self.wait(size_mb, timeout)

    def wait(self, size_mb: int, timeout: float = 60) -> None:
        """Wait until both sides have this size."""
        self.guest.poll(f"a balloon of {size_mb} MiB",
                        lambda: self.held_mb() == size_mb and self.host_mb() == size_mb,
                        timeout, 0.2)
