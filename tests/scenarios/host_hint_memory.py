# SPDX-License-Identifier: GPL-2.0-only
"""What hinting leaves to a guest, with a host that answers and one that does not.

Guards: a silent host pins a small share of the memory; the guest keeps its floor, also when
a program takes more after the hints; a guest that is out of memory waits for the host's
answer before it kills; nothing comes from ZONE_MOVABLE or CMA, so that such memory goes
offline, or is allocated in a row, while hints are out; a host that answers gets all the rest.
"""

from lab import MIB, check
from lab.balloon import listed_bytes
from lab.fakehost import (ALL, DEFLATE_ON_OOM, DONE, PAGES_PER_MIB, FakeHost, fake, meminfo,
                          no_memory_lost)
from lab.guest import Guest

KERNELS = ("lab",)
ALSO = ("6.1", "6.12")
TIMEOUT = 900
MEMORY_MB = 1280
MOVABLE_MB = 384
CMA_MB = 64
FLOOR_MB = 64
BLOCK_MB = 4
SHARE = 8  # of the memory that hints come from may be pending
PENDING_MB = 64  # and so much at the most, in a guest of this size
SLACK_MB = 24  # smaller than a pageblock, or watermarks
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
    """MiB that the guest has where hints come from."""
    return meminfo(guest, "MemAvailable") - _elsewhere(guest)


def _hinted(host: FakeHost) -> int:
    """MiB that the host has not acknowledged."""
    return host.get("hinted") // PAGES_PER_MIB


def _held(host: FakeHost) -> int:
    """MiB that it has, and the driver keeps."""
    return host.of_driver("hint_held_pages") // PAGES_PER_MIB


def _settled(host: FakeHost) -> None:
    """The driver hints no more blocks."""
    seen = [-1]

    def stands() -> bool:
        seen.append(host.of_driver("hint_blocks"))
        return seen[-1] == seen[-2] > 0
    host.guest.poll("the driver rests", stands, 60, 0.5)


def _killed(guest: Guest) -> bool:
    return "oom_kill 0" not in guest.read("/proc/vmstat")


def _hog(guest: Guest, size_mb: int) -> None:
    """A program, the first that would be killed, uses so much; nobody is killed."""
    status, said = guest.try_sh("sh -c 'echo 1000 >/proc/self/oom_score_adj; "
                                f"exec memhog {size_mb} --hold 0'", 120)
    check(not status and not _killed(guest), f"no memory for {size_mb} MiB: {said}")


def _silent(host: FakeHost) -> None:
    """The host answers the command, takes blocks, and acknowledges none."""
    guest = host.guest
    before, elsewhere = _available(guest), _elsewhere(guest)
    host.set("hint/ack_ms", 1500)
    host.set("cmd_id", 0x80000500)
    guest.poll("a block", lambda: host.get("hinted") > 0, 60, 0.02)
    host.set("hint/hold", 1)
    _settled(host)
    pending, left = _hinted(host), _available(guest)
    print(f"of {before} MiB {pending} are pending, {left} are left; "
          f"{elsewhere} MiB elsewhere, then {_elsewhere(guest)}")
    check(pending <= min(before // SHARE, PENDING_MB) + BLOCK_MB,
          f"{pending} of {before} MiB are pinned")
    check(left >= FLOOR_MB, f"{left} MiB are left")
    check(_elsewhere(guest) > elsewhere - BLOCK_MB, "blocks of ZONE_MOVABLE or CMA are out")
    _hog(guest, 60)


def _out_of_memory(host: FakeHost) -> None:
    """More is needed than there is without the blocks that are pending."""
    guest, pending = host.guest, _hinted(host)
    host.set("hint/oom_ms", 300)
    need = meminfo(guest, "MemAvailable") + listed_bytes(guest) // MIB
    while host.get("hint/hold"):
        need += STEP_MB
        _hog(guest, need)
    print(f"out of memory with {need} MiB, {pending} MiB were pending")
    check(pending >= 2 * STEP_MB, f"only {pending} MiB were pending")
    check(host.get("hinted") == 0, "the host has not answered")
    host.set("hint/oom_ms", 0)
    host.set("hint/ack_ms", 0)


def _movable(guest: Guest) -> list[str]:
    """Memory blocks that go offline while no hint is out; one with holes does not."""
    blocks = guest.sh(f"cd {MEMORY}; for m in $(grep -lx Movable memory*/valid_zones | "
                      "cut -d/ -f1); do echo offline 2>/dev/null >$m/state && "
                      "echo online_movable >$m/state && echo $m; done; true", 120).split()
    check(blocks, "no memory block of ZONE_MOVABLE goes offline")
    return blocks


def _movable_goes(guest: Guest, blocks: list[str]) -> None:
    """Memory of ZONE_MOVABLE goes offline and comes back."""
    for block in blocks:
        guest.sh(f"timeout 60 sh -c 'echo offline >{MEMORY}/{block}/state'", 90)
        guest.write(f"{MEMORY}/{block}/state", "online_movable")


def _range_goes(guest: Guest) -> None:
    """All of CMA is allocated in a row."""
    area = guest.sh(f"ls -d {CMA}/* 2>/dev/null || true").split()
    if not area:
        print("this kernel has no CMA")
        return
    pages = int(guest.read(f"{area[0]}/count"))
    guest.sh(f"echo {pages} >{area[0]}/alloc", 60)
    check(int(guest.read(f"{area[0]}/used")) == pages, "no range in a row")
    guest.sh(f"echo {pages} >{area[0]}/free")


def _all_is_hinted(host: FakeHost) -> None:
    """A host that answers gets everything down to the floor."""
    guest = host.guest
    before = _available(guest)
    said = host.of_driver("hint_cmds")
    host.set("cmd_id", 0x80000501)
    guest.poll("hinting is over", lambda: host.of_driver("hint_cmds") >= said + 2, 90)
    held, left = _held(host), _available(guest)
    print(f"of {before} MiB {held} are hinted, {left} are left")
    check(left >= FLOOR_MB, f"{left} MiB are left")
    check(held > before - FLOOR_MB - SLACK_MB, f"only {held} of {before} MiB are hinted")


def _floor_stays(host: FakeHost) -> None:
    """A program takes more, and the floor rises, in a migration that is not over."""
    guest, before = host.guest, _held(host)
    need = _elsewhere(guest) + listed_bytes(guest) // MIB + FLOOR_MB
    hog = guest.start(f"memhog {need} --fifo /tmp/hog")
    guest.poll("memory is used", lambda: b"held" in hog.output, 120)
    guest.poll("blocks are given back", lambda: _held(host) < before)
    guest.poll("the floor is the guest's again", lambda: _available(guest) >= FLOOR_MB)
    between = _held(host)
    check(between > before // 2, f"of {before} MiB only {between} are still held")
    guest.write(FLOOR, str(2 * FLOOR_MB))
    guest.poll("the higher floor is the guest's", lambda: _available(guest) >= 2 * FLOOR_MB)
    print(f"{before} MiB held, {between} beside a program, {_held(host)} with the higher floor")
    check(_held(host) < between, "no block was given back for the higher floor")
    guest.sh("echo >/tmp/hog")
    guest.wait(hog)


def run(kernel: str) -> None:
    """Silent, then out of memory, then a host that answers."""
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
            guest.poll("all is free", lambda: host.of_driver("hint_held_pages") == 0)
            _all_is_hinted(host)
            _movable_goes(guest, blocks)
            _range_goes(guest)
            _floor_stays(host)
            host.check()
            guest.rmmod("balloon_report")
