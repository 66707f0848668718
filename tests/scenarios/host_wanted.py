# SPDX-License-Identifier: GPL-2.0-only
"""Memory that the host has at the moment is wanted by the guest.

Guards: memory is taken offline, and a contiguous range allocated, although blocks of it
are in flight, which both wait for; a guest that is out of memory waits for them before
it kills; what is in flight never exceeds inflight_mb; a host that is silent for half a
minute loses nothing. Every page that was taken is back in the end.
"""

import time

from lab import MIB, check
from lab.balloon import check_all_back, hooks
from lab.fakehost import ALL, FakeHost, fake, meminfo, no_memory_lost
from lab.guest import Guest

KERNELS = ("lab",)
ALSO = ("lab-kasan",)
TIMEOUT = 900
MEMORY = "/sys/devices/system/memory"
PARAMETERS = "/sys/module/mm_hooks/parameters"
CMA = "/sys/kernel/debug/cma"
INFLIGHT_MB = 160
SILENT = 30.0


def _movable(guest: Guest) -> list[str]:
    """Memory blocks that go offline while nothing is in flight; one with holes does not."""
    return guest.sh(f"cd {MEMORY}; for m in memory*; do grep -q Movable $m/valid_zones && "
                    "echo offline 2>/dev/null >$m/state && "
                    "echo online_movable >$m/state && echo $m; done; true", 120).split()


def _in_flight(guest: Guest) -> int:
    return hooks(guest)["inflight_bytes"] // MIB


def _check_offline(guest: Guest, host: FakeHost) -> None:
    """All of zone Movable goes offline while the host has blocks of it."""
    blocks = _movable(guest)
    check(len(blocks) >= 2, f"blocks of zone Movable: {blocks}")
    host.set("report/hold", 1)
    guest.write("/sys/kernel/mm_hooks/forget", "1")
    guest.poll("blocks in flight", lambda: _in_flight(guest) > INFLIGHT_MB // 2)
    check(_in_flight(guest) <= INFLIGHT_MB, f"{_in_flight(guest)} MiB are in flight")
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
        host.set("report/hold", 1)
        guest.write("/sys/kernel/mm_hooks/forget", "1")
        guest.poll("blocks in flight", lambda: _in_flight(guest) > INFLIGHT_MB // 2)
        before = hooks(guest)["pressure_waits"]
        job = guest.start(f"echo {pages} >{area}/alloc")
        guest.poll("the allocation waits, or needs nothing that is out",
                   lambda: job.status is not None or hooks(guest)["pressure_waits"] > before)
        host.set("report/hold", 0)
        status, said = guest.wait(job, 60)
        check(not status, f"{pages} pages in a row cannot be had: {said}")
        guest.sh(f"echo {pages} >{area}/free")
        check(host.flush() == 0, "flush failed")
    check(hooks(guest)["pressure_waits"] > 0, "nobody had to wait")


def _check_silent(guest: Guest, host: FakeHost) -> None:
    """Half a minute without an answer, three times as long as the driver's patience."""
    host.set("report/hold", 1)
    guest.write("/sys/kernel/mm_hooks/forget", "1")
    guest.poll("blocks in flight", lambda: _in_flight(guest) > INFLIGHT_MB // 2)
    time.sleep(SILENT)
    check(_in_flight(guest) > INFLIGHT_MB // 2, "blocks came back from a silent host")
    check(host.of_driver("host_timeouts") > 0, "the silence was not counted")
    host.set("report/hold", 0)
    check(host.flush() == 0, "flush failed after the silence")
    check(_in_flight(guest) == 0, f"{_in_flight(guest)} MiB are still out")
    check(hooks(guest)["report_errors"] == 0, "the silence became an error")


def _check_oom(guest: Guest, host: FakeHost) -> None:
    """A program needs what is in flight; nobody is killed."""
    need = meminfo(guest, "MemAvailable") - 60
    guest.sh(f"memhog {need} --hold 0", 120)
    host.flush()
    before = hooks(guest)["pressure_waits"]
    host.set("report/ack_ms", 4000)
    guest.write("/sys/kernel/mm_hooks/forget", "1")
    guest.poll("blocks in flight", lambda: _in_flight(guest) > INFLIGHT_MB // 2)
    status, said = guest.try_sh("sh -c 'echo 1000 >/proc/self/oom_score_adj; "
                                f"exec memhog {need} --hold 0'", 240)
    host.set("report/ack_ms", 0)
    print(f"{need} MiB wanted, waited {hooks(guest)['pressure_waits'] - before} times")
    check(not status, f"{need} MiB were to be had: {said}\n{guest.sh('dmesg | tail -n 5')}")
    check("Out of memory" not in guest.sh("dmesg"), "somebody was killed")
    check(hooks(guest)["pressure_waits"] > before, "nobody had to wait: was it not short?")


def run(kernel: str) -> None:
    """Offline, then out of memory."""
    # The shadow of KASAN takes an eighth, at the end, where zone Movable is.
    memory_mb, movable_mb = (1536, 896) if kernel == "lab-kasan" else (768, 480)
    with fake(kernel, memory_mb=memory_mb, lifetime=TIMEOUT,
              append=f"movablecore={movable_mb}M cma=64M") as (guest, host):
        guest.write(f"{PARAMETERS}/inflight_mb", str(INFLIGHT_MB))
        host.plug(features=ALL)
        check(host.flush() == 0, "flush failed")
        with no_memory_lost(guest):
            _check_offline(guest, host)
            _check_contiguous(guest, host)
            _check_silent(guest, host)
            _check_oom(guest, host)
        check_all_back(guest)
