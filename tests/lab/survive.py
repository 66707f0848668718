# SPDX-License-Identifier: GPL-2.0-only
"""The native engine during everything else that moves free memory.

Two nodes meet inside a block of the highest order, and the allocator is shuffled. All reports
are forgotten again and again. Guards: the memory of programs stays intact. Long ranges can be
allocated. Every isolated page is put back. After the last forget, which would hide it, no free
memory is left unreported.
"""

from collections.abc import Callable, Sequence
from typing import Any

from . import MIB, Guest, check
from .guest import balloon
from .hosts.fakehost import no_memory_lost

TIMEOUT = 1200
MACHINE: dict[str, Any] = {"memory_mb": 772, "cpus": 2, "nodes": 2, "boot_timeout": 240,
                           "lifetime": TIMEOUT}
WORDS = "page_alloc.shuffle=1 cma=64M"
SHUFFLE = "/sys/module/page_alloc/parameters/shuffle"
CMA = "/sys/kernel/debug/cma"
HELD_MB = 96
CONTIGUOUS = 20
COMPACTIONS = 20
COMPACTED = ("compact_migrate_scanned", "compact_isolated")  # of /proc/vmstat
SLEEP_MS = 300  # between two calls of forget
QUIET_S = 12  # small blocks are old enough after two seconds
SMALL = 3  # the smallest order that is reported then
LARGE = 9  # of the map's units
HIGHEST = 1 << 10  # pages in a block of the highest order
NOISE = 16 * MIB


def _intact(guest: Guest) -> None:
    guest.sh("rm -f /tmp/p.result; echo >/tmp/p; "
             "while ! [ -s /tmp/p.result ]; do sleep 0.2; done; grep -x intact /tmp/p.result", 60)


def contiguous(guest: Guest) -> None:
    """Half of the CMA area is allocated and freed, again and again."""
    area = guest.sh(f"ls -d {CMA}/*").split()[0]
    pages = int(guest.read(f"{area}/count")) // 2
    failed = guest.sh(f"""n=0
for i in $(seq {CONTIGUOUS}); do
    if echo {pages} >{area}/alloc; then echo {pages} >{area}/free; else n=$((n + 1)); fi
done 2>/dev/null
echo $n""", 200)
    check(int(failed) == 0, f"{failed.strip()} of {CONTIGUOUS} long ranges were not allocated")


def _vmstat(guest: Guest, name: str) -> int:
    return int(guest.sh(f"grep '^{name} ' /proc/vmstat").split()[1])


def compact(guest: Guest) -> None:
    """Compact memory all the time, around a file with holes."""
    before = [_vmstat(guest, name) for name in COMPACTED]
    guest.sh("dd if=/dev/zero of=/tmp/fill bs=1M count=100 2>/dev/null; scatter /tmp/fill", 120)
    guest.sh(f"for i in $(seq {COMPACTIONS}); do echo 1 >/proc/sys/vm/compact_memory; done", 200)
    after = [_vmstat(guest, name) for name in COMPACTED]
    print(f"compaction: {COMPACTED} were {before} and are {after}")
    check(all(map(int.__lt__, before, after)), f"{COMPACTED} were {before} and are {after}")
    guest.sh("rm /tmp/fill")


def _check_nodes(guest: Guest) -> None:
    begins = int(guest.sh("sed -n '/^Node 1,/,$p' /proc/zoneinfo | grep -m1 start_pfn: | "
                          "tr -dc 0-9"))
    check(begins % HIGHEST != 0, f"the second node begins at a whole block, {begins}")
    taken = balloon.check_all_back(guest)
    for node in ("node0_", "node1_"):
        check(any(zone.startswith(node) and count for zone, count in taken.items()),
              f"nothing of {node} was isolated: {taken}")


def _all_gone(guest: Guest, poisoned: bool) -> None:
    """Free, use and merge small and large blocks while passes run, then flush."""
    balloon.tune(guest, "low_order", SMALL)
    guest.sh("dd if=/dev/zero of=/tmp/fill bs=1M count=100 2>/dev/null; scatter /tmp/fill", 120)
    guest.sh(f"churn 48 {QUIET_S} --nohuge --pause 50", QUIET_S * 5)
    guest.sh("rm /tmp/fill")
    balloon.flush(guest)
    # QEMU does not discard poisoned pages, so the engine's own count is checked. Small blocks
    # are not in it.
    left = balloon.left_bytes(guest, SMALL)
    if poisoned:
        reported = balloon.hooks(guest)["native/reported_free_bytes"]
        left = balloon.free_bytes(guest, LARGE) - reported
    print(f"in the end {left // MIB} MiB of free blocks are backed")
    check(left < NOISE, f"{left // MIB} MiB of free blocks are still backed")


def survive(guest: Guest, steps: Sequence[Callable[[Guest], None]], *parameters: str) -> None:
    """These steps, while all is forgotten again and again. The parameters are the driver's."""
    check(guest.read(SHUFFLE) == "Y", "the allocator is not shuffled")
    device = balloon.load(guest, *parameters)
    balloon.flush(guest)
    guest.sh(f"(pattern {HELD_MB} /tmp/p >/dev/null 2>&1 &); "
             "while ! [ -p /tmp/p ]; do sleep 0.1; done", 60)
    with no_memory_lost(guest):
        forget = guest.start(f"while ! [ -e /tmp/end ]; do echo 1 >{balloon.HOOKS}/forget; "
                             f"usleep {SLEEP_MS}000; done")
        load = guest.start("churn 48 1000 --pause 20")
        for step in (*steps, _intact):
            step(guest)
            print(f"{step.__name__}: {balloon.hooks(guest)['reported_bytes'] // MIB} "
                  "MiB reported")
        guest.sh("touch /tmp/end; killall churn")
        guest.wait(forget)
        guest.wait(load)
        _all_gone(guest, "report_poisoned=1" in parameters)
    _intact(guest)
    _check_nodes(guest)
    seen = device.counters()
    check(seen["report_errors"] == seen["host_timeouts"] == 0, f"errors: {seen}")
    guest.sh("killall pattern")
    guest.finish()
