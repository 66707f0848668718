# SPDX-License-Identifier: GPL-2.0-only
"""Inflation makes the guest reclaim as the stock driver does, and leaves it floor_mb."""

import re
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from lab import MIB, Guest, balloon, beside, check

KERNELS = ("6.12",)
ALSO = ("6.1",)
TIMED = True
TIMEOUT = 600
MOST = 1.2  # our time by that of the stock driver
MEMORY_MB = 1024
ROUNDS = 2
SWAP_ASKED, SHRINKER_ASKED = 600, 750
SMALL_MB, LEFT_MB = 512, 4
FLOOR_MB = 64  # the default


def _meminfo(guest: Guest, name: str) -> int:
    """MiB of a line in /proc/meminfo."""
    found = re.search(rf"^{name}: +(\d+) kB", guest.read("/proc/meminfo"), re.M)
    return int(found[1]) // 1024 if found else -1


def _held_mb(guest: Guest) -> int:
    """The balloon, as QEMU was told."""
    return guest.machine.memory_mb - guest.qmp("query-balloon")["actual"] // MIB


def _ask(guest: Guest, size_mb: int) -> None:
    guest.qmp("balloon", value=(guest.machine.memory_mb - size_mb) * MIB)


def _resize(guest: Guest, size_mb: int) -> float:
    """Ask for a size; the seconds until the host has it."""
    since = time.monotonic()
    _ask(guest, size_mb)
    guest.poll(f"a balloon of {size_mb} MiB", lambda: _held_mb(guest) == size_mb, 120, 0.05)
    return time.monotonic() - since


def _none_killed(guest: Guest) -> None:
    check("oom_kill 0" in guest.read("/proc/vmstat"), "the guest killed a process")


def _swap(guest: Guest) -> float:
    """A program holds most of the memory, and there is swap for it."""
    job = guest.start("memhog 700 --fifo /tmp/hog")
    guest.poll("memory in use", lambda: b"held" in job.output, 120)
    took = _resize(guest, SWAP_ASKED)
    _none_killed(guest)
    _resize(guest, 0)
    guest.sh("echo >/tmp/hog")
    guest.wait(job)
    return took


def _shrinker(guest: Guest) -> float:
    """A module holds 400 MiB that only a shrinker gets back."""
    guest.sh("modprobe shrinkable mib=400", 120)
    took = _resize(guest, SHRINKER_ASKED)
    _none_killed(guest)
    _resize(guest, 0)
    guest.rmmod("shrinkable")
    return took


def _compare(ours: Guest, stock: Guest, what: str, work: Callable[[Guest], float]) -> None:
    # The floor takes a sixth more reclaim, so the ratio is near its bound.
    turns = [turn for _ in range(ROUNDS) for turn in beside.both(ours, stock, work)]
    print(f"{what}: seconds of ours and stock {turns}")
    ratio = beside.ratio(turns)
    check(ratio <= MOST, f"{what}: {ratio:.2f} times the stock driver's time")


def _both_reach(kernel: str) -> None:
    """With enough to reclaim the host gets what it asks for."""
    with (Guest(kernel, memory_mb=MEMORY_MB, balloon=(), extra_modules=("zram",)) as ours,
          Guest(kernel, memory_mb=MEMORY_MB, balloon=(), extra_modules=("zram",)) as stock):
        balloon.load(ours)
        stock.insmod("virtio_balloon")
        _compare(ours, stock, "shrinker", _shrinker)
        for guest in (ours, stock):
            guest.insmod("zram")
            guest.sh("echo 900M >/sys/block/zram0/disksize; mkswap /dev/zram0 && "
                     "swapon /dev/zram0")
        _compare(ours, stock, "swap", _swap)
        ours.sh("swapoff /dev/zram0")
        ours.finish()


def _stock_dies(kernel: str) -> None:
    """What the next guest lives through kills in the stock driver's."""
    with Guest(kernel, memory_mb=SMALL_MB, balloon=(), ours=False) as guest:
        guest.insmod("virtio_balloon")
        guest.start(f"while memhog {FLOOR_MB // 2} --hold 0; do :; done")
        _ask(guest, SMALL_MB - LEFT_MB)
        guest.poll("a process is killed", lambda: re.search(
            "Out of memory|deadlocked on memory", guest.console.read_text(errors="replace")), 120)


def _left(guest: Guest, device: balloon.Balloon, least: int, most: int) -> None:
    """The balloon stays where the guest has the floor left, between two tries."""
    failures = device.counters()["alloc_failures"]
    guest.poll("two tries more",
               lambda: device.counters()["alloc_failures"] > failures + 1, 60, 0.5)
    guest.poll(f"{least} to {most} MiB are left",
               lambda: least <= _meminfo(guest, "MemAvailable") <= most, 30, 0.5)
    _none_killed(guest)


def _ours_lives(kernel: str) -> None:
    """Without anything to reclaim the guest keeps its floor and kills nothing."""
    with Guest(kernel, memory_mb=SMALL_MB, balloon=()) as guest:
        device = balloon.load(guest)
        device.ask(SMALL_MB - LEFT_MB)
        _left(guest, device, FLOOR_MB * 7 // 10, FLOOR_MB * 3 // 2)
        # A squeeze gives up its cushion to a program that needs it.
        tries = device.counters()["alloc_failures"]
        for number in range(24):
            device.ask(SMALL_MB - LEFT_MB - number % 2)  # another size: no backoff
            guest.sh(f"memhog {FLOOR_MB // 2} --hold 0")
        check(device.counters()["alloc_failures"] >= tries + 12, "the balloon made no tries")
        _none_killed(guest)
        guest.write("/sys/module/balloon_report/parameters/floor_mb", "0")
        device.ask(SMALL_MB - LEFT_MB)
        _left(guest, device, 2, FLOOR_MB // 2)
        time.sleep(5)
        _none_killed(guest)
        device.resize(0)
        guest.finish()


def run(kernel: str) -> None:
    """Enough to reclaim, then nothing."""
    with ThreadPoolExecutor() as pool:
        for end in [pool.submit(each, kernel) for each in (_stock_dies, _ours_lives)]:
            end.result()
    _both_reach(kernel)
