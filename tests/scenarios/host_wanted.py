# SPDX-License-Identifier: GPL-2.0-only
"""Page isolation and the OOM path wait for blocks that are in flight.

Guards: memory goes offline, and a contiguous range is allocated, although blocks of it are in
flight: both wait. A guest out of memory waits for blocks in flight before the OOM killer runs.
Never more than inflight_mb, nor than 1/32 of a zone, is in flight. A device that is silent for
half a minute loses nothing, and reclaim does not wait for it. Free CMA memory does not count
for the limit of blocks in flight. In the end every isolated page is put back.
"""

import re
import tempfile
import time
from pathlib import Path

import pytest

from lab import MIB, check
from lab.guest import Guest
from lab.guest.balloon import PARAMETERS, check_all_back, hooks, tune
from lab.hosts.fakehost import ALL, FakeHost, fake, meminfo, meminfo_kib, no_memory_lost

KERNELS = ("lab",)
ALSO = ("lab-kasan", "lab-6.1", "lab-7.3")
TIMEOUT = 900
pytestmark = pytest.mark.timeout(TIMEOUT)
MEMORY = "/sys/devices/system/memory"
CMA = "/sys/kernel/debug/cma"
MEMORY_MB = 1536
INFLIGHT_MB = 8  # below the limit of the zone
SILENT = 30.0
CACHE_MB = 256  # a disk that is read into the page cache; zone Movable has no room for it
SPARE_MB = 24
RECLAIMED_MB = 8
LEFT_MB = 310  # this much is free when blocks are in flight, and in the end
SPENT_MB = 12  # the need of the program: free memory plus blocks in flight, minus this
SLACK_KIB = 6144  # free above the high watermark
NOISE_KIB = 2048
MIN_FREE_KIB = 49152  # the free memory outside CMA is then between the low and high watermarks
WAITS = 10  # a few until the device counts as silent


def _movable(guest: Guest) -> list[str]:
    """Memory blocks that go offline while nothing is in flight. A block with holes does not."""
    return guest.sh(f"cd {MEMORY}; for m in memory*; do grep -q Movable $m/valid_zones && "
                    "echo offline 2>/dev/null >$m/state && "
                    "echo online_movable >$m/state && echo $m; done; true", 120).split()


def _in_flight(guest: Guest) -> int:
    return hooks(guest)["inflight_bytes"] // MIB


def _zones(guest: Guest) -> dict[str, dict[str, int]]:
    """The numbers of each zone in /proc/zoneinfo, in pages."""
    found: dict[str, dict[str, int]] = {}
    for zone in guest.read("/proc/zoneinfo").split("Node ")[1:]:
        name = zone.split(maxsplit=3)[2]
        found[name] = {word: int(value) for word, value in
                       re.findall(r"^ +(?:pages )?(\w+) +(\d+)$", zone, re.M)}
        reserve = re.findall(r"protection: \((.*)\)", zone)
        found[name]["protection"] = int(reserve[0].split(",")[-1]) if reserve else 0
    return {name: zone for name, zone in found.items() if zone.get("managed")}


def _most(guest: Guest) -> int:
    """MiB that may be in flight from the largest zone."""
    return max(zone["managed"] for zone in _zones(guest).values()) // 32 >> 8


def _until_flying(guest: Guest) -> None:
    """Wait until more than half of the limit is in flight."""
    most = min(_most(guest), int(guest.read(f"{PARAMETERS}/inflight_mb")))
    guest.poll("blocks in flight", lambda: _in_flight(guest) > most // 2)
    time.sleep(1)
    check(_in_flight(guest) <= most, f"{_in_flight(guest)} MiB are in flight, of {most}")


def _obtainable(guest: Guest) -> int:
    """MiB that programs can allocate until the guest is out of memory."""
    pages = sum(max(0, zone["free"] - zone["min"] - zone["protection"])
                for zone in _zones(guest).values())
    return pages >> 8


def _fly(guest: Guest) -> None:
    """Report all free memory. It is compacted first, as small blocks are not reported."""
    guest.write("/proc/sys/vm/compact_memory", "1")
    guest.write("/sys/kernel/mm_hooks/forget", "1")
    _until_flying(guest)


def _check_offline(guest: Guest, host: FakeHost) -> None:
    """All of zone Movable goes offline while blocks of it are in flight."""
    blocks = _movable(guest)
    check(len(blocks) >= 2, f"blocks of zone Movable: {blocks}")
    check(host.flush() == 0, "flush failed")
    host.set("report/hold", 1)
    # Onlined memory is reported next. This block goes first, before the report is overdue.
    guest.sh(f"echo offline >{MEMORY}/{blocks[0]}/state; "
             f"echo online_movable >{MEMORY}/{blocks[0]}/state")
    _until_flying(guest)
    before = hooks(guest)["pressure_waits"]
    job = guest.start("; ".join(f"echo offline >{MEMORY}/{block}/state || exit 1"
                                for block in blocks))
    guest.poll("offlining to wait",
               lambda: hooks(guest)["pressure_waits"] > before)
    host.set("report/hold", 0)
    status, said = guest.wait(job, 120)
    check(not status, f"memory does not go offline: {said}")
    for block in blocks:
        guest.sh(f"echo online_movable >{MEMORY}/{block}/state")
    check(host.flush() == 0, "flush failed")


def _check_contiguous(guest: Guest, host: FakeHost) -> None:
    """All of the CMA area is allocated while blocks of it are in flight."""
    area = guest.sh(f"ls -d {CMA}/*").split()[0]
    pages = int(guest.read(f"{area}/count"))
    for _ in range(3):
        guest.sh(f"echo {pages} >{area}/alloc", 60)
        host.set("report/hold", 1)
        guest.sh(f"echo {pages} >{area}/free")
        guest.poll("blocks of the area in flight", lambda: _in_flight(guest) > 0)
        before = hooks(guest)["pressure_waits"]
        job = guest.start(f"echo {pages} >{area}/alloc")
        guest.poll("the allocation to wait", lambda: hooks(guest)["pressure_waits"] > before)
        check(job.status is None, "the allocation did not wait")
        host.set("report/hold", 0)
        status, said = guest.wait(job, 60)
        check(not status, f"a range of {pages} pages was not allocated: {said}")
        guest.sh(f"echo {pages} >{area}/free")
        check(host.flush() == 0, "flush failed")


def _reclaimed(guest: Guest) -> int:
    """MiB of page cache that were reclaimed since boot."""
    return int(guest.sh("grep '^pgsteal_file ' /proc/vmstat").split()[1]) >> 8


def _check_reclaim(guest: Guest) -> None:
    """Reclaim frees page cache for a program, and does not wait for a silent device."""
    keeps = guest.start("sleep 300 </dev/vda")  # without an opener its page cache is dropped
    guest.sh("dd if=/dev/vda of=/dev/null bs=1M 2>/dev/null", 60)
    before, waits = _reclaimed(guest), hooks(guest)["pressure_waits"]
    guest.sh(f"memhog {meminfo(guest, 'MemAvailable') - SPARE_MB} --hold 0", 120)
    guest.sh("killall sleep")
    guest.wait(keeps)
    reclaimed, waits = _reclaimed(guest) - before, hooks(guest)["pressure_waits"] - waits
    print(f"{reclaimed} MiB of page cache reclaimed, with {_in_flight(guest)} MiB in flight: "
          f"{waits} waits")
    check(reclaimed > RECLAIMED_MB, f"only {reclaimed} MiB of page cache were reclaimed")
    check(waits <= WAITS, f"reclaim of {reclaimed} MiB waited {waits} times for a silent device")


def _check_silent(guest: Guest, host: FakeHost) -> None:
    """Half a minute without an answer, three times the driver's timeout."""
    host.set("report/hold", 1)
    _fly(guest)
    time.sleep(SILENT)
    _check_reclaim(guest)
    check(_in_flight(guest) > _most(guest) // 2, "a silent device used buffers")
    check(host.of_driver("host_timeouts") > 0, "the timeout was not counted")
    host.set("report/hold", 0)
    check(host.flush() == 0, "flush failed after the silence")
    check(_in_flight(guest) == 0, f"{_in_flight(guest)} MiB are still in flight")
    check(hooks(guest)["report_errors"] == 0, "the timeout became a report error")


def _check_oom(guest: Guest, host: FakeHost) -> None:
    """A program needs the memory in flight, and no process is killed."""
    hog = guest.start(f"memhog {meminfo(guest, 'MemFree') - LEFT_MB} --fifo /tmp/hog")
    guest.poll("most memory in use", lambda: b"held" in hog.output, 120)
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
    print(f"{need} MiB needed, waited {hooks(guest)['pressure_waits'] - before} times")
    check(not status, f"{need} MiB were not allocated: {said}\n{guest.sh('dmesg | tail -n 5')}")
    check("Out of memory" not in guest.sh("dmesg"), "a process was killed")
    check(hooks(guest)["pressure_waits"] > before, "no wait: was memory sufficient?")
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
    """Out of memory in a guest with one large zone, as the limit is a share of each zone."""
    with fake(kernel, memory_mb=MEMORY_MB, lifetime=TIMEOUT) as (guest, host):
        host.plug(features=ALL)
        check(host.flush() == 0, "flush failed")
        with no_memory_lost(guest):
            _check_oom(guest, host)
        check_all_back(guest)


def _free_kib(guest: Guest) -> int:
    """Free memory for unmovable allocations."""
    return meminfo_kib(guest, "MemFree") - meminfo_kib(guest, "CmaFree")


def _high_kib(guest: Guest) -> int:
    """The high watermarks of all zones."""
    return sum(4 * int(line.split()[1]) for line in guest.read("/proc/zoneinfo").splitlines()
               if line.split()[0] == "high")


def _check_full(guest: Guest, host: FakeHost) -> None:
    """Where nearly all free memory is CMA, it is reported block by block."""
    guest.write("/proc/sys/vm/min_free_kbytes", str(MIN_FREE_KIB))
    guest.write("/proc/sys/vm/watermark_scale_factor", "3000")
    free, high, cma = _free_kib(guest), _high_kib(guest), meminfo(guest, "CmaFree")
    check(free < high, f"{free} KiB are free outside CMA, with high {high} KiB")
    guest.write("/sys/kernel/mm_hooks/forget", "1")
    guest.poll("the report of the free CMA memory",
               lambda: host.flush() == 0 and
               hooks(guest)["native/reported_free_bytes"] // MIB > cma * 0.9)


def _run_contiguous(kernel: str) -> None:
    """Much of the free memory is CMA, which unmovable allocations cannot use."""
    half = 512 if kernel == "lab-kasan" else 256
    with fake(kernel, memory_mb=2 * half, append=f"cma={half - 64}M@{half}M") as (guest, host):
        host.plug(features=ALL)
        check(host.flush() == 0, "flush failed")
        # The high watermark is 1.5 times the min watermark.
        guest.write("/proc/sys/vm/min_free_kbytes", str((_free_kib(guest) - SLACK_KIB) * 2 // 3))
        host.set("report/hold", 1)
        guest.write("/sys/kernel/mm_hooks/forget", "1")
        host.until_out("report")
        time.sleep(2)
        free, high = _free_kib(guest), _high_kib(guest)
        print(f"{_in_flight(guest)} MiB in flight, {free} KiB free outside CMA, high {high} KiB")
        cma = meminfo(guest, "CmaFree")
        check(cma > half // 4, f"free in CMA: {cma} MiB")
        check(_in_flight(guest) > 0, "nothing is in flight")
        check(_most(guest) << 10 > SLACK_KIB + NOISE_KIB, "the zone has a lower limit")
        check(free > high - NOISE_KIB, f"only {free} KiB are free beside CMA, with high {high} KiB")
        host.set("report/hold", 0)
        check(host.flush() == 0, "flush failed after the answers")
        _check_full(guest, host)


def test_host_wanted(kernel: str) -> None:
    """Offlining, CMA and silence, then out of memory, then mostly CMA."""
    # The shadow memory of KASAN takes an eighth, at the end, in zone Movable.
    movable_mb = 896 if kernel == "lab-kasan" else 1248
    with tempfile.NamedTemporaryFile(prefix="vmhooks-cache") as disk:
        disk.truncate(CACHE_MB * MIB)
        with fake(kernel, memory_mb=MEMORY_MB, lifetime=TIMEOUT, disks=(Path(disk.name),),
                  append=f"movablecore={movable_mb}M cma=64M") as (guest, host):
            _run(guest, host)
    _run_oom(kernel)
    _run_contiguous(kernel)
