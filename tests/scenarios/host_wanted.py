# SPDX-License-Identifier: GPL-2.0-only
"""Memory that the host has at the moment is wanted by the guest.

Guards: memory is taken offline, and a contiguous range allocated, although blocks of it
are in flight, which both wait for; a guest that is out of memory waits for them before
it kills; what is in flight never exceeds inflight_mb, nor 1/32 of a zone; a host that is silent for half a
minute loses nothing, and reclaim does not wait for it; free memory of CMA does not pay for
what is in flight. Every page that was taken is back
in the end.
"""

import re
import tempfile
import time
from pathlib import Path

from lab import MIB, check
from lab.balloon import PARAMETERS, check_all_back, hooks, tune
from lab.fakehost import ALL, FakeHost, fake, meminfo, meminfo_kib, no_memory_lost
from lab.guest import Guest

KERNELS = ("lab",)
ALSO = ("lab-kasan", "lab-6.1", "lab-7.3")
TIMEOUT = 900
MEMORY = "/sys/devices/system/memory"
CMA = "/sys/kernel/debug/cma"
MEMORY_MB = 1536
INFLIGHT_MB = 8  # below what the zone may have in flight
SILENT = 30.0
CACHE_MB = 256  # a disk that is read; zone Movable has no place for it
SPARE_MB = 24
RECLAIMED_MB = 8
LEFT_MB = 310  # is free when blocks go, and so much is in the end
SPENT_MB = 12  # the program has so much less than there is, but for what is in flight
SLACK_KIB = 6144  # is free above the high watermark
NOISE_KIB = 2048
MIN_FREE_KIB = 49152  # the low watermark is below what is free beside CMA, high above it
WAITS = 10  # a few before the host's silence is known


def _movable(guest: Guest) -> list[str]:
    """Memory blocks that go offline while nothing is in flight; one with holes does not."""
    return guest.sh(f"cd {MEMORY}; for m in memory*; do grep -q Movable $m/valid_zones && "
                    "echo offline 2>/dev/null >$m/state && "
                    "echo online_movable >$m/state && echo $m; done; true", 120).split()


def _in_flight(guest: Guest) -> int:
    return hooks(guest)["inflight_bytes"] // MIB


def _zones(guest: Guest) -> dict[str, dict[str, int]]:
    """Zone to its numbers in /proc/zoneinfo, in pages."""
    found: dict[str, dict[str, int]] = {}
    for zone in guest.read("/proc/zoneinfo").split("Node ")[1:]:
        name = zone.split(maxsplit=3)[2]
        found[name] = {word: int(value) for word, value in
                       re.findall(r"^ +(?:pages )?(\w+) +(\d+)$", zone, re.M)}
        reserve = re.findall(r"protection: \((.*)\)", zone)
        found[name]["protection"] = int(reserve[0].split(",")[-1]) if reserve else 0
    return {name: zone for name, zone in found.items() if zone.get("managed")}


def _most(guest: Guest) -> int:
    """MiB that may be in flight of the zone that has the most."""
    return max(zone["managed"] for zone in _zones(guest).values()) // 32 >> 8


def _until_flying(guest: Guest) -> None:
    """Much of what may be in flight is."""
    most = min(_most(guest), int(guest.read(f"{PARAMETERS}/inflight_mb")))
    guest.poll("blocks in flight", lambda: _in_flight(guest) > most // 2)
    time.sleep(1)
    check(_in_flight(guest) <= most, f"{_in_flight(guest)} MiB are in flight, of {most}")


def _obtainable(guest: Guest) -> int:
    """MiB that programs can have before the guest is out of memory."""
    pages = sum(max(0, zone["free"] - zone["min"] - zone["protection"])
                for zone in _zones(guest).values())
    return pages >> 8


def _fly(guest: Guest) -> None:
    """Much of what is free is in flight; in small pieces it would not be reported."""
    guest.write("/proc/sys/vm/compact_memory", "1")
    guest.write("/sys/kernel/mm_hooks/forget", "1")
    _until_flying(guest)


def _check_offline(guest: Guest, host: FakeHost) -> None:
    """All of zone Movable goes offline while the host has blocks of it."""
    blocks = _movable(guest)
    check(len(blocks) >= 2, f"blocks of zone Movable: {blocks}")
    check(host.flush() == 0, "flush failed")
    host.set("report/hold", 1)
    # What comes online is reported; the flight is not overdue when this block goes first.
    guest.sh(f"echo offline >{MEMORY}/{blocks[0]}/state; "
             f"echo online_movable >{MEMORY}/{blocks[0]}/state")
    _until_flying(guest)
    before = hooks(guest)["pressure_waits"]
    job = guest.start("; ".join(f"echo offline >{MEMORY}/{block}/state || exit 1"
                                for block in blocks))
    guest.poll("somebody waits for the blocks",
               lambda: hooks(guest)["pressure_waits"] > before)
    host.set("report/hold", 0)
    status, said = guest.wait(job, 120)
    check(not status, f"memory does not go offline: {said}")
    for block in blocks:
        guest.sh(f"echo online_movable >{MEMORY}/{block}/state")
    check(host.flush() == 0, "flush failed")


def _check_contiguous(guest: Guest, host: FakeHost) -> None:
    """All of the contiguous memory area is allocated while the host has blocks of it."""
    area = guest.sh(f"ls -d {CMA}/*").split()[0]
    pages = int(guest.read(f"{area}/count"))
    for _ in range(3):
        guest.sh(f"echo {pages} >{area}/alloc", 60)
        host.set("report/hold", 1)
        guest.sh(f"echo {pages} >{area}/free")
        guest.poll("its blocks in flight", lambda: _in_flight(guest) > 0)
        before = hooks(guest)["pressure_waits"]
        job = guest.start(f"echo {pages} >{area}/alloc")
        guest.poll("the allocation waits", lambda: hooks(guest)["pressure_waits"] > before)
        check(job.status is None, "the allocation did not wait")
        host.set("report/hold", 0)
        status, said = guest.wait(job, 60)
        check(not status, f"{pages} pages in a row cannot be had: {said}")
        guest.sh(f"echo {pages} >{area}/free")
        check(host.flush() == 0, "flush failed")


def _reclaimed(guest: Guest) -> int:
    """MiB of page cache that were given up, ever."""
    return int(guest.sh("grep '^pgsteal_file ' /proc/vmstat").split()[1]) >> 8


def _check_reclaim(guest: Guest) -> None:
    """Page cache gives way to a program, and nobody waits for a host that is silent."""
    keeps = guest.start("sleep 300 </dev/vda")  # without a user its cache is dropped
    guest.sh("dd if=/dev/vda of=/dev/null bs=1M 2>/dev/null", 60)
    before, waits = _reclaimed(guest), hooks(guest)["pressure_waits"]
    guest.sh(f"memhog {meminfo(guest, 'MemAvailable') - SPARE_MB} --hold 0", 120)
    guest.sh("killall sleep")
    guest.wait(keeps)
    reclaimed, waits = _reclaimed(guest) - before, hooks(guest)["pressure_waits"] - waits
    print(f"{reclaimed} MiB of page cache reclaimed, with {_in_flight(guest)} MiB in flight: "
          f"waited {waits} times")
    check(reclaimed > RECLAIMED_MB, f"only {reclaimed} MiB of page cache were reclaimed")
    check(waits <= WAITS, f"reclaim of {reclaimed} MiB has waited {waits} times for a silent host")


def _check_silent(guest: Guest, host: FakeHost) -> None:
    """Half a minute without an answer, three times as long as the driver's patience."""
    host.set("report/hold", 1)
    _fly(guest)
    time.sleep(SILENT)
    _check_reclaim(guest)
    check(_in_flight(guest) > _most(guest) // 2, "blocks came back from a silent host")
    check(host.of_driver("host_timeouts") > 0, "the silence was not counted")
    host.set("report/hold", 0)
    check(host.flush() == 0, "flush failed after the silence")
    check(_in_flight(guest) == 0, f"{_in_flight(guest)} MiB are still out")
    check(hooks(guest)["report_errors"] == 0, "the silence became an error")


def _check_oom(guest: Guest, host: FakeHost) -> None:
    """A program needs what is in flight; nobody is killed."""
    hog = guest.start(f"memhog {meminfo(guest, 'MemFree') - LEFT_MB} --fifo /tmp/hog")
    guest.poll("most of it is used", lambda: b"held" in hog.output, 120)
    host.flush()
    need = _obtainable(guest) - SPENT_MB
    before = hooks(guest)["pressure_waits"]
    host.set("report/ack_ms", 4000)
    _fly(guest)
    status, said = guest.try_sh("sh -c 'echo 1000 >/proc/self/oom_score_adj; "
                                f"exec memhog {need} --hold 0'", 240)
    host.set("report/ack_ms", 0)
    guest.sh("echo >/tmp/hog")
    guest.wait(hog)
    print(f"{need} MiB wanted, waited {hooks(guest)['pressure_waits'] - before} times")
    check(not status, f"{need} MiB were to be had: {said}\n{guest.sh('dmesg | tail -n 5')}")
    check("Out of memory" not in guest.sh("dmesg"), "somebody was killed")
    check(hooks(guest)["pressure_waits"] > before, "nobody had to wait: was it not short?")
    check(host.flush() == 0, "flush failed")


def _run(guest: Guest, host: FakeHost) -> None:
    host.plug(features=ALL)
    check(host.flush() == 0, "flush failed")
    with no_memory_lost(guest):
        tune(guest, "inflight_mb", INFLIGHT_MB)
        _check_offline(guest, host)
        tune(guest, "inflight_mb", 256)
        _check_contiguous(guest, host)
        _check_silent(guest, host)
    check_all_back(guest)


def _run_oom(kernel: str) -> None:
    """Out of memory in a guest of one large zone: the limit of each zone is a share of it."""
    with fake(kernel, memory_mb=MEMORY_MB, lifetime=TIMEOUT) as (guest, host):
        host.plug(features=ALL)
        check(host.flush() == 0, "flush failed")
        with no_memory_lost(guest):
            _check_oom(guest, host)
        check_all_back(guest)


def _free_kib(guest: Guest) -> int:
    """What an allocation that must not move can have."""
    return meminfo_kib(guest, "MemFree") - meminfo_kib(guest, "CmaFree")


def _high_kib(guest: Guest) -> int:
    """The high watermarks of all zones."""
    return sum(4 * int(line.split()[1]) for line in guest.read("/proc/zoneinfo").splitlines()
               if line.split()[0] == "high")


def _check_full(guest: Guest, host: FakeHost) -> None:
    """Where hardly anything else is free, memory of CMA is reported, a block at a time."""
    guest.write("/proc/sys/vm/min_free_kbytes", str(MIN_FREE_KIB))
    guest.write("/proc/sys/vm/watermark_scale_factor", "3000")
    free, high, cma = _free_kib(guest), _high_kib(guest), meminfo(guest, "CmaFree")
    check(free < high, f"{free} KiB are free beside CMA, with high {high} KiB")
    guest.write("/sys/kernel/mm_hooks/forget", "1")
    guest.poll("what is free of CMA is reported",
               lambda: host.flush() == 0 and hooks(guest)["gone_bytes"] // MIB > cma * 0.9)


def _run_contiguous(kernel: str) -> None:
    """Much of what is free is of CMA, and most allocations cannot have it."""
    half = 512 if kernel == "lab-kasan" else 256
    with fake(kernel, memory_mb=2 * half, append=f"cma={half - 64}M@{half}M") as (guest, host):
        host.plug(features=ALL)
        check(host.flush() == 0, "flush failed")
        # The high watermark is one and a half times the lowest.
        guest.write("/proc/sys/vm/min_free_kbytes", str((_free_kib(guest) - SLACK_KIB) * 2 // 3))
        host.set("report/hold", 1)
        guest.write("/sys/kernel/mm_hooks/forget", "1")
        host.until_out("report")
        time.sleep(2)
        free, high = _free_kib(guest), _high_kib(guest)
        print(f"{_in_flight(guest)} MiB in flight, {free} KiB free beside CMA, high {high} KiB")
        cma = meminfo(guest, "CmaFree")
        check(cma > half // 4, f"free of CMA: {cma} MiB")
        check(_in_flight(guest) > 0, "nothing is in flight")
        check(_most(guest) << 10 > SLACK_KIB + NOISE_KIB, "the zone has a lower limit")
        check(free > high - NOISE_KIB, f"only {free} KiB are free beside CMA, with high {high} KiB")
        host.set("report/hold", 0)
        check(host.flush() == 0, "flush failed after all came back")
        _check_full(guest, host)


def run(kernel: str) -> None:
    """Offline, then out of memory."""
    # The shadow of KASAN takes an eighth, at the end, where zone Movable is.
    movable_mb = 896 if kernel == "lab-kasan" else 1248
    with tempfile.NamedTemporaryFile(prefix="vmhooks-cache") as disk:
        disk.truncate(CACHE_MB * MIB)
        with fake(kernel, memory_mb=MEMORY_MB, lifetime=TIMEOUT, disks=(Path(disk.name),),
                  append=f"movablecore={movable_mb}M cma=64M") as (guest, host):
            _run(guest, host)
    _run_oom(kernel)
    _run_contiguous(kernel)
