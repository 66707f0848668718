# SPDX-License-Identifier: GPL-2.0-only
"""Hinting leaves the guest its floor, with a device that answers and with a silent one.

Guards: a silent device pins a small share of the memory. The guest keeps its floor, also when a
program allocates more after the hints. Out of memory, the guest waits for the device's answer
before the OOM killer runs. No hinted block comes from ZONE_MOVABLE or CMA, so memory of these
goes offline, or is allocated as a range, during hinting. A device that answers gets all the rest.
"""

import pytest

from lab import MIB, check
from lab.guest import Guest
from lab.guest.balloon import listed_bytes
from lab.hosts.fakehost import (ALL, DEFLATE_ON_OOM, DONE, PAGES_PER_MIB, FakeHost, fake, meminfo,
                                no_memory_lost)

KERNELS = ("lab",)
ALSO = ("6.1", "6.12")
pytestmark = pytest.mark.timeout(900)
MEMORY_MB = 1280
MOVABLE_MB = 384
CMA_MB = 64
FLOOR_MB = 64
BLOCK_MB = 4
SHARE = 8  # at most this part of the hintable memory is in flight
PENDING_MB = 64  # and at most this much, in a guest of this size
SLACK_MB = 24  # blocks below a pageblock, and the watermarks
STEP_MB = 4
FLOOR = "/sys/module/balloon_report/parameters/floor_mb"
MEMORY = "/sys/devices/system/memory"
CMA = "/sys/kernel/debug/cma"


def _elsewhere(guest: Guest) -> int:
    """MiB that are free in ZONE_MOVABLE and in CMA."""
    zones = guest.sh("awk '/^Node/ { z = $4 } z == \"Movable\" && /nr_free_pages/ { print $2 }' "
                     "/proc/zoneinfo").split()
    return (sum(map(int, zones)) // PAGES_PER_MIB +
            (meminfo(guest, "CmaFree") if "CmaFree" in guest.read("/proc/meminfo") else 0))


def _available(guest: Guest) -> int:
    """MiB that are available where hinted blocks come from."""
    return meminfo(guest, "MemAvailable") - _elsewhere(guest)


def _hinted(host: FakeHost) -> int:
    """MiB in flight, which the device has not acknowledged."""
    return host.get("hinted") // PAGES_PER_MIB


def _held(host: FakeHost) -> int:
    """MiB that are acknowledged and retained."""
    return host.of_driver("hint_retained_pages") // PAGES_PER_MIB


def _settled(host: FakeHost) -> None:
    """Wait until the driver hints no more blocks."""
    seen = [-1]

    def stands() -> bool:
        seen.append(host.of_driver("hint_blocks"))
        return seen[-1] == seen[-2] > 0
    host.guest.poll("the last hint", stands, 60, 0.5)


def _killed(guest: Guest) -> bool:
    return "oom_kill 0" not in guest.read("/proc/vmstat")


def _hog(guest: Guest, size_mb: int) -> None:
    """A program, first in line for the OOM killer, allocates this much; no process is killed."""
    status, said = guest.try_sh("sh -c 'echo 1000 >/proc/self/oom_score_adj; "
                                f"exec memhog {size_mb} --hold 0'", 120)
    check(not status and not _killed(guest), f"no memory for {size_mb} MiB: {said}")


def _silent(host: FakeHost) -> None:
    """The device reads the command, takes blocks, and acknowledges none."""
    guest = host.guest
    before, elsewhere = _available(guest), _elsewhere(guest)
    host.set("hint/ack_ms", 1500)
    host.set("cmd_id", 0x80000500)
    guest.poll("a block", lambda: host.get("hinted") > 0, 60, 0.02)
    host.set("hint/hold", 1)
    _settled(host)
    pending, left = _hinted(host), _available(guest)
    print(f"of {before} MiB {pending} are in flight, {left} are left; "
          f"{elsewhere} MiB elsewhere, then {_elsewhere(guest)}")
    check(pending <= min(before // SHARE, PENDING_MB) + BLOCK_MB,
          f"{pending} of {before} MiB are pinned")
    check(left >= FLOOR_MB, f"{left} MiB are left")
    check(_elsewhere(guest) > elsewhere - BLOCK_MB, "blocks of ZONE_MOVABLE or CMA are hinted")
    _hog(guest, 60)


def _out_of_memory(host: FakeHost) -> None:
    """A program needs the blocks that are in flight."""
    guest, pending = host.guest, _hinted(host)
    host.set("hint/oom_ms", 300)
    need = meminfo(guest, "MemAvailable") + listed_bytes(guest) // MIB
    while host.get("hint/hold"):
        need += STEP_MB
        _hog(guest, need)
    print(f"out of memory with {need} MiB, {pending} MiB were in flight")
    check(pending >= 2 * STEP_MB, f"only {pending} MiB were in flight")
    check(host.get("hinted") == 0, "the device has not answered")
    host.set("hint/oom_ms", 0)
    host.set("hint/ack_ms", 0)


def _movable(guest: Guest) -> list[str]:
    """Memory blocks that go offline when nothing is hinted. A block with holes does not."""
    blocks = guest.sh(f"cd {MEMORY}; for m in $(grep -lx Movable memory*/valid_zones | "
                      "cut -d/ -f1); do echo offline 2>/dev/null >$m/state && "
                      "echo online_movable >$m/state && echo $m; done; true", 120).split()
    check(blocks, "no memory block of ZONE_MOVABLE goes offline")
    return blocks


def _movable_goes(guest: Guest, blocks: list[str]) -> None:
    """Memory of ZONE_MOVABLE goes offline and online."""
    for block in blocks:
        guest.sh(f"timeout 60 sh -c 'echo offline >{MEMORY}/{block}/state'", 90)
        guest.write(f"{MEMORY}/{block}/state", "online_movable")


def _range_goes(guest: Guest) -> None:
    """All of CMA is allocated as one range."""
    area = guest.sh(f"ls -d {CMA}/* 2>/dev/null || true").split()
    if not area:
        print("this kernel has no CMA")
        return
    pages = int(guest.read(f"{area[0]}/count"))
    guest.sh(f"echo {pages} >{area[0]}/alloc", 60)
    check(int(guest.read(f"{area[0]}/used")) == pages, "the range was not allocated")
    guest.sh(f"echo {pages} >{area[0]}/free")


def _all_is_hinted(host: FakeHost) -> None:
    """A device that answers gets every block down to the floor."""
    guest = host.guest
    before = _available(guest)
    said = host.of_driver("hint_cmds")
    host.set("cmd_id", 0x80000501)
    guest.poll("the end of hinting", lambda: host.of_driver("hint_cmds") >= said + 2, 90)
    held, left = _held(host), _available(guest)
    print(f"of {before} MiB {held} are hinted, {left} are left")
    check(left >= FLOOR_MB, f"{left} MiB are left")
    check(held > before - FLOOR_MB - SLACK_MB, f"only {held} of {before} MiB are hinted")


def _floor_stays(host: FakeHost) -> None:
    """During a migration a program allocates more, then floor_mb rises."""
    guest, before = host.guest, _held(host)
    need = _elsewhere(guest) + listed_bytes(guest) // MIB + FLOOR_MB
    hog = guest.start(f"memhog {need} --fifo /tmp/hog")
    guest.poll("memory in use", lambda: b"held" in hog.output, 120)
    guest.poll("freed blocks", lambda: _held(host) < before)
    guest.poll("the floor", lambda: _available(guest) >= FLOOR_MB)
    between = _held(host)
    check(between > before // 2, f"of {before} MiB only {between} are still retained")
    guest.write(FLOOR, str(2 * FLOOR_MB))
    guest.poll("the higher floor", lambda: _available(guest) >= 2 * FLOOR_MB)
    print(f"{before} MiB retained, {between} beside a program, {_held(host)} with the higher floor")
    check(_held(host) < between, "no block was freed for the higher floor")
    guest.sh("echo >/tmp/hog")
    guest.wait(hog)


def test_host_hint_memory(kernel: str) -> None:
    """A silent device, then out of memory, then a device that answers."""
    with fake(kernel, "reporting=0", "host_timeout_ms=60000", f"floor_mb={FLOOR_MB}",
              memory_mb=MEMORY_MB,
              append=f"movablecore={MOVABLE_MB}M cma={CMA_MB}M") as (guest, host):
        with no_memory_lost(guest):
            blocks = _movable(guest)
            host.plug(features=ALL & ~DEFLATE_ON_OOM, hint_size=256)
            _silent(host)
            _movable_goes(guest, blocks)
            _range_goes(guest)
            _out_of_memory(host)
            host.set("cmd_id", DONE)
            guest.poll("the last retained block", lambda: host.of_driver("hint_retained_pages") == 0)
            _all_is_hinted(host)
            _movable_goes(guest, blocks)
            _range_goes(guest)
            _floor_stays(host)
            host.check()
            guest.rmmod("balloon_report")
