# SPDX-License-Identifier: GPL-2.0-only
"""Inflation makes the guest reclaim as the stock driver does, and leaves it floor_mb."""

import re
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest

from lab import MIB, Guest, check
from lab.guest import balloon, beside

KERNELS = ("6.12",)
ALSO = ("6.1",)
pytestmark = pytest.mark.timeout(600)
MOST = 1.2  # our time / the stock driver's time
MEMORY_MB = 1024
ROUNDS = 3
SWAP_ASKED, SHRINKER_ASKED = 600, 750
SMALL_MB, LEFT_MB = 512, 4
FLOOR_MB = 64  # the default


def _meminfo(guest: Guest, name: str) -> int:
    """MiB of a line in /proc/meminfo."""
    found = re.search(rf"^{name}: +(\d+) kB", guest.read("/proc/meminfo"), re.M)
    return int(found[1]) // 1024 if found else -1


def _held_mb(guest: Guest) -> int:
    """The balloon's size in QEMU."""
    return guest.machine.memory_mb - guest.qmp("query-balloon")["actual"] // MIB


def _ask(guest: Guest, size_mb: int) -> None:
    guest.qmp("balloon", value=(guest.machine.memory_mb - size_mb) * MIB)


def _resize(guest: Guest, size_mb: int) -> float:
    """Ask for a size. Returns the seconds until the balloon has it."""
    since = time.monotonic()
    _ask(guest, size_mb)
    guest.poll(f"a balloon of {size_mb} MiB", lambda: _held_mb(guest) == size_mb, 120, 0.05)
    return time.monotonic() - since


def _none_killed(guest: Guest) -> None:
    check("oom_kill 0" in guest.read("/proc/vmstat"), "the guest killed a process")


def _swap(guest: Guest) -> float:
    """A program fills most of the memory, and swap has room for it."""
    job = guest.start("memhog 700 --fifo /tmp/hog")
    guest.poll("memory in use", lambda: b"held" in job.output, 120)
    took = _resize(guest, SWAP_ASKED)
    _none_killed(guest)
    _resize(guest, 0)
    guest.sh("echo >/tmp/hog")
    guest.wait(job)
    return took


def _shrinker(guest: Guest) -> float:
    """A module allocates 400 MiB that only its shrinker frees."""
    guest.sh("modprobe shrinkable mib=400", 120)
    took = _resize(guest, SHRINKER_ASKED)
    _none_killed(guest)
    _resize(guest, 0)
    guest.rmmod("shrinkable")
    return took


def _make_swap(guest: Guest) -> None:
    guest.insmod("zram")
    guest.sh("echo 900M >/sys/block/zram0/disksize; mkswap /dev/zram0 && swapon /dev/zram0")


def _ours_reaches(kernel: str) -> None:
    """With enough reclaimable memory the balloon reaches its target."""
    with Guest(kernel, memory_mb=MEMORY_MB, balloon=(), extra_modules=("zram",)) as guest:
        balloon.load(guest)
        _shrinker(guest)
        _make_swap(guest)
        _swap(guest)
        guest.sh("swapoff /dev/zram0")
        guest.finish()


def _compare(ours: Guest, stock: Guest, what: str, work: Callable[[Guest], float]) -> None:
    # The floor requires a sixth more reclaim, so the ratio is near its bound.
    turns = [turn for _ in range(ROUNDS) for turn in beside.both(ours, stock, work)]
    print(f"{what}: seconds of ours and stock {turns}")
    ratio = beside.ratio(turns)
    check(ratio <= MOST, f"{what}: {ratio:.2f} times the stock driver's time")


@pytest.mark.wide
@pytest.mark.timed
def test_time(kernel: str) -> None:
    """Both drivers reach the target, interleaved."""
    with (Guest(kernel, memory_mb=MEMORY_MB, balloon=(), extra_modules=("zram",)) as ours,
          Guest(kernel, memory_mb=MEMORY_MB, balloon=(), extra_modules=("zram",)) as stock):
        balloon.load(ours)
        stock.insmod("virtio_balloon")
        _compare(ours, stock, "shrinker", _shrinker)
        for guest in (ours, stock):
            _make_swap(guest)
        _compare(ours, stock, "swap", _swap)


def _stock_dies(kernel: str) -> None:
    """The stock driver makes the OOM killer run where ours does not (_ours_lives)."""
    with Guest(kernel, memory_mb=SMALL_MB, balloon=(), ours=False) as guest:
        guest.insmod("virtio_balloon")
        guest.start(f"while memhog {FLOOR_MB // 2} --hold 0; do :; done")
        _ask(guest, SMALL_MB - LEFT_MB)
        guest.poll("a process is killed", lambda: re.search(
            "Out of memory|deadlocked on memory", guest.console.read_text(errors="replace")), 120)


def _left(guest: Guest, device: balloon.Balloon, least: int, most: int) -> None:
    """Between two attempts the guest has about its floor left."""
    failures = device.counters()["alloc_failures"]
    guest.poll("two more attempts",
               lambda: device.counters()["alloc_failures"] > failures + 1, 60, 0.5)
    guest.poll(f"{least} to {most} MiB are left",
               lambda: least <= _meminfo(guest, "MemAvailable") <= most, 30, 0.5)
    _none_killed(guest)


def _ours_lives(kernel: str) -> None:
    """Without reclaimable memory the guest keeps its floor and kills no process."""
    with Guest(kernel, memory_mb=SMALL_MB, balloon=()) as guest:
        device = balloon.load(guest)
        device.ask(SMALL_MB - LEFT_MB)
        _left(guest, device, FLOOR_MB * 7 // 10, FLOOR_MB * 3 // 2)
        # A squeeze frees its reserve for a program that needs it.
        tries = device.counters()["alloc_failures"]
        for number in range(24):
            device.ask(SMALL_MB - LEFT_MB - number % 2)  # another size: no backoff
            guest.sh(f"memhog {FLOOR_MB // 2} --hold 0")
        check(device.counters()["alloc_failures"] >= tries + 12, "the driver made no attempts")
        _none_killed(guest)
        guest.write("/sys/module/balloon_report/parameters/floor_mb", "0")
        device.ask(SMALL_MB - LEFT_MB)
        _left(guest, device, 2, FLOOR_MB // 2)
        time.sleep(5)
        _none_killed(guest)
        device.resize(0)
        guest.finish()


def test_balloon_squeeze(kernel: str) -> None:
    """With enough reclaimable memory, then without any."""
    with ThreadPoolExecutor() as pool:
        for end in [pool.submit(each, kernel) for each in (_stock_dies, _ours_lives)]:
            end.result()
    _ours_reaches(kernel)
