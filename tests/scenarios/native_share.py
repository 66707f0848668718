# SPDX-License-Identifier: GPL-2.0-only
"""Large allocations succeed while the device has the maximum in flight.

Guards: some of the largest blocks stay free, and at most 1/32 of a zone is in flight. The
engine never isolates the highatomic reserve, and the reserve does not wake an idle guest. In
the end everything else is reported.
"""

import re
import time

from lab import MIB, check
from lab.guest import Guest
from lab.guest.balloon import HOOKS, hooks
from lab.hosts.fakehost import ALL, FakeHost, fake

KERNELS = ("lab",)
ALSO = ("lab-6.1", "lab-7.3")
FILLER = "/sys/module/filler/parameters"
ZONE = "DMA32"
HIGHEST = 10
BLOCK_MB = 4
FREE_BLOCKS = 14  # of the highest order
STAY = 8
WANTED = 4
ATOMIC = 9  # a whole pageblock, which the kernel frees to the pcplists
STRAY = 4 * MIB


def _largest(guest: Guest, path: str = "buddyinfo", kind: str = "") -> list[int]:
    """Free blocks of each order in the zone, of one migratetype or of all."""
    line = next(line for line in guest.read(f"/proc/{path}").splitlines()
                if re.search(rf"zone +{ZONE}\b.*{kind}", line))
    return [int(word) for word in line.split()[-HIGHEST - 1:]]


def _reserved(guest: Guest) -> int:
    """Free pageblocks of the highatomic reserve."""
    counts = _largest(guest, "pagetypeinfo", "HighAtomic")
    return counts[HIGHEST - 1] + 2 * counts[HIGHEST]


def _fill(guest: Guest) -> int:
    """Leave a few blocks of the highest order. Returns the MiB that are allocated."""
    held = int(guest.read(f"{FILLER}/mib"))
    held += BLOCK_MB * (_largest(guest)[HIGHEST] - FREE_BLOCKS)
    guest.write(f"{FILLER}/mib", str(held))
    return held


def _fly(guest: Guest, host: FakeHost) -> int:
    """The device keeps all reports in flight. Returns their MiB."""
    host.set("report/hold", 1)
    guest.write(f"{HOOKS}/forget", "1")
    guest.poll("blocks in flight", lambda: hooks(guest)["inflight_bytes"] > BLOCK_MB * MIB)
    time.sleep(1)
    return hooks(guest)["inflight_bytes"] // MIB


def _check_share(guest: Guest, host: FakeHost) -> None:
    """Blocks of the highest order can be allocated."""
    held, most = _fill(guest), guest.machine.memory_mb // 32
    out, left = _fly(guest, host), _largest(guest)[HIGHEST]
    print(f"{out} MiB in flight of {most}, {left} of {FREE_BLOCKS} of the highest order free")
    check(out <= most, f"{out} MiB are in flight")
    check(left >= STAY, f"{left} blocks of the highest order are free")
    guest.write(f"{FILLER}/mib", str(held + WANTED * BLOCK_MB))
    took = int(guest.read(f"{FILLER}/mib")) - held
    check(took == WANTED * BLOCK_MB, f"{took} MiB in such blocks were allocated")
    guest.write(f"{FILLER}/mib", str(held))
    host.set("report/hold", 0)
    check(host.flush() == 0, "flush failed")
    fresh = hooks(guest)["unreported_bytes"]
    check(fresh <= STRAY, f"{fresh >> 10} KiB are unreported")


def _check_reserve(guest: Guest, host: FakeHost) -> None:
    """The highatomic reserve stays free, and the guest is idle."""
    _fill(guest)
    # Otherwise zone DMA would serve the allocation without a reserve.
    guest.write("/proc/sys/vm/lowmem_reserve_ratio", "1 1 1 1")
    guest.write("/proc/sys/vm/watermark_scale_factor", "3000")
    guest.write(f"{FILLER}/atomic", str(ATOMIC))
    guest.write("/proc/sys/vm/watermark_scale_factor", "10")
    check(host.flush() == 0, "flush failed")
    before = _reserved(guest)
    check(before > 0, "there is no reserve")
    _fly(guest, host)
    after = _reserved(guest)
    print(f"{before} pageblocks are reserved, {after} while blocks are in flight")
    check(after == before, f"of {before} reserved pageblocks {after} are free")
    host.set("report/hold", 0)
    check(host.flush() == 0, "flush failed")
    counters = f"cd {HOOKS}; cat passes checks"
    said = guest.sh(f"sleep 3; {counters}; sleep 10; {counters}").split()
    check(_reserved(guest) > 0, "the reserve was isolated")
    check(said[:2] == said[2:], f"passes and checks while idle: {said}")


def test_native_share(kernel: str) -> None:
    """Few large blocks, then a highatomic reserve."""
    with fake(kernel, memory_mb=512) as (guest, host):
        guest.insmod("filler")
        host.plug(features=ALL)
        check(host.flush() == 0, "flush failed")
        _check_share(guest, host)
        _check_reserve(guest, host)
        guest.write(f"{FILLER}/mib", "0")
        guest.rmmod("filler")
