# SPDX-License-Identifier: GPL-2.0-only
"""A silent device delays page isolation once, for the time limit of one report.

Guards: a CMA allocation tries one range after another. It fails when the report in its way is
overdue, and the next allocation does not wait at all. Memory that a silent device has in flight
does not go offline, and the attempt fails with an error. Both succeed afterwards.
"""

import pytest

from lab import check
from lab.guest import Guest
from lab.guest.balloon import check_all_back, hooks
from lab.hosts.fakehost import ALL, FakeHost, fake, no_memory_lost

KERNELS = ("lab",)
ALSO = ("lab-6.1", "lab-7.3")
TIMEOUT = 600
pytestmark = pytest.mark.timeout(TIMEOUT)
CMA_MB, MOVABLE_MB = 64, 480
AREA = "/sys/kernel/debug/cma/*"
MEMORY = "/sys/devices/system/memory"
CANDIDATES = 64  # candidate ranges of an allocation of (area - CANDIDATES + 1) pages
MORE = 2  # times as long as for one candidate; 64 waits would take 64 times as long


def _timed(guest: Guest, command: str) -> tuple[bool, float]:
    """Whether a command succeeds, and its seconds by the guest's clock."""
    said = guest.sh("read -r a _ </proc/uptime; s=yes; "
                    f"({command}) 2>/dev/null || s=no; read -r b _ </proc/uptime; "
                    "echo $s $a $b", 300).split()
    return said[0] == "yes", float(said[2]) - float(said[1])


def _in_flight(guest: Guest) -> int:
    return hooks(guest)["inflight_bytes"]


def _silent_cma(guest: Guest, host: FakeHost, pages: int) -> None:
    """The device keeps blocks of the area in flight, in a new report."""
    host.set("report/hold", 0)
    check(host.flush() == 0, "flush failed")
    guest.sh(f"echo {pages} >$(echo {AREA}/alloc)", 60)
    check(host.flush() == 0, "flush failed")
    host.set("report/hold", 1)
    guest.sh(f"echo {pages} >$(echo {AREA}/free)")
    guest.poll("blocks of the area in flight", lambda: _in_flight(guest) > 0)


def _check_cma(guest: Guest, host: FakeHost) -> None:
    """All candidate ranges together wait once for the report in their way."""
    pages = int(guest.sh(f"cat {AREA}/count"))

    def allocate(count: int) -> float:
        done, seconds = _timed(guest, f"echo {count} >$(echo {AREA}/alloc)")
        check(not done, f"{count} pages were allocated, some of them in flight")
        return seconds

    _silent_cma(guest, host, pages)
    one = allocate(pages)
    _silent_cma(guest, host, pages)
    many = allocate(pages - CANDIDATES + 1)
    late = allocate(pages)
    print(f"CMA: 1 range failed after {one:.1f} s, {CANDIDATES} ranges after {many:.1f} s, "
          f"one with an overdue report after {late:.1f} s")
    check(many < MORE * one, f"{CANDIDATES} ranges: {many:.1f} s, one {one:.1f} s")
    check(late < one / MORE, f"overdue: {late:.1f} s, in time {one:.1f} s")
    host.set("report/hold", 0)
    check(host.flush() == 0, "flush failed")
    guest.sh(f"echo {pages} >$(echo {AREA}/alloc) && echo {pages} >$(echo {AREA}/free)", 60)


def _movable(guest: Guest) -> list[str]:
    """Memory blocks that go offline while nothing is in flight."""
    return guest.sh(f"cd {MEMORY}; for m in memory*; do grep -q Movable $m/valid_zones && "
                    "echo offline 2>/dev/null >$m/state && "
                    "echo online_movable >$m/state && echo $m; done; true", 120).split()


def _offline(guest: Guest, blocks: list[str]) -> list[str]:
    """Offline each block. Returns those that stay online."""
    left = guest.sh("; ".join(f"(echo offline >{MEMORY}/{block}/state) 2>/dev/null || "
                              f"echo {block}" for block in blocks), 300).split()
    for block in blocks:
        guest.sh(f"grep -q online {MEMORY}/{block}/state || "
                 f"echo online_movable >{MEMORY}/{block}/state")
    return left


def _check_offline(guest: Guest, host: FakeHost) -> None:
    """Memory in flight at the silent device does not go offline, and the attempt ends."""
    blocks = _movable(guest)
    check(len(blocks) >= 2, f"blocks of zone Movable: {blocks}")
    host.flush()
    host.set("report/hold", 1)
    # Onlined memory is unreported, so it is reported next.
    guest.sh(f"echo offline >{MEMORY}/{blocks[0]}/state; "
             f"echo online_movable >{MEMORY}/{blocks[0]}/state")
    guest.poll("blocks in flight", lambda: _in_flight(guest) > 0)
    left = _offline(guest, blocks)
    print(f"offline while the device is silent: of {blocks}, {left} stay online")
    check(left == blocks[:1], f"{blocks[0]} has blocks in flight, but {left} are online")
    host.set("report/hold", 0)
    check(host.flush() == 0, "flush failed")
    left = _offline(guest, blocks)
    check(not left, f"still online afterwards: {left}")


def test_host_deadline(kernel: str) -> None:
    """CMA, then offlining."""
    with fake(kernel, lifetime=TIMEOUT,
              append=f"movablecore={MOVABLE_MB}M cma={CMA_MB}M") as (guest, host):
        host.plug(features=ALL)
        check(host.flush() == 0, "flush failed")
        with no_memory_lost(guest):
            _check_cma(guest, host)
            _check_offline(guest, host)
        check_all_back(guest)
