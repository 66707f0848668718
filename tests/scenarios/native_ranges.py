# SPDX-License-Identifier: GPL-2.0-only
"""A pass of the native engine reports long ranges first, and blocks without neighbours last.

Guards: each range costs the host a madvise() and interrupts every running vCPU, so the pass
isolates runs of blocks before blocks of 2 MiB that are alone. Nothing is left out in the end.
"""

import re

from lab import MIB, Guest, check
from lab.guest import balloon

KERNELS = ("lab",)
ALSO = ("lab-6.1", "lab-7.3", "lab-arm64")
TRACE = "/sys/kernel/tracing"
EVENT = re.compile(r"mmh_isolate: zone=(\S+) pfn=(0x[0-9a-f]+) order=(\d+)|(mmh_pass): ")
RUNS_MB = 150
HOLES_MB = 300
HOLE_PAGES = 900  # of 3.5 MiB, anywhere: one aligned block of 2 MiB is in most of them
UNIT_ORDER = 9
LEAST = 10  # blocks of either kind that show an order
NOISE = 16 * MIB


def _passes(trace: str) -> list[list[tuple[str, int, int]]]:
    """Zone, page frame and order of the blocks that each pass has isolated, in their order."""
    passes: list[list[tuple[str, int, int]]] = [[]]
    for zone, pfn, order, ended in EVENT.findall(trace):
        if ended:
            passes.append([])
        else:
            passes[-1].append((zone, int(pfn, 16), int(order)))
    return [blocks for blocks in passes if blocks]


def _alone(blocks: list[tuple[str, int, int]]) -> list[bool]:
    """For each block: is it of 2 MiB, without a neighbour in the same pass?"""
    starts = {pfn for _, pfn, _ in blocks}
    ends = {pfn + (1 << order) for _, pfn, order in blocks}
    return [order == UNIT_ORDER and pfn not in ends and pfn + (1 << order) not in starts
            for _, pfn, order in blocks]


def _check_order(blocks: list[tuple[str, int, int]]) -> None:
    """Runs come before what is alone, in a zone."""
    alone = _alone(blocks)
    first = alone.index(True)
    late = alone[first:].count(False)
    print(f"{len(blocks)} blocks, {sum(alone)} of them alone, {late} of a run after these")
    # Blocks that other tasks free meanwhile join a run or end one.
    check(late <= len(blocks) // 10, f"of {len(blocks)} blocks {late} of a run came late")


def test_native_ranges(kernel: str) -> None:
    """Free runs and holes, and let one pass report both."""
    with Guest(kernel, memory_mb=1024) as guest:
        device = balloon.load(guest)
        balloon.tune(guest, "low_order", UNIT_ORDER)
        for name, megabytes in (("holes", HOLES_MB), ("runs", RUNS_MB)):
            guest.sh(f"dd if=/dev/zero of=/tmp/{name} bs=1M count={megabytes} 2>/dev/null", 60)
        balloon.flush(guest)
        balloon.tune(guest, "min_age_ms", 60000)
        guest.sh(f"cd {TRACE}; echo 1 >events/mm_hooks/mmh_isolate/enable; "
                 "echo 1 >events/mm_hooks/mmh_pass/enable; echo 1 >tracing_on")
        guest.sh(f"scatter /tmp/holes {HOLE_PAGES}; rm /tmp/runs", 60)
        balloon.tune(guest, "min_age_ms", 0)
        guest.poll("reports of all of it", lambda: balloon.left_bytes(guest, UNIT_ORDER) < NOISE,
                   30, 0.2)
        guest.sh(f"echo 0 >{TRACE}/tracing_on")
        passes = _passes(guest.read(f"{TRACE}/trace"))
        most = max(passes, key=len)
        alone = _alone(most)
        check(LEAST <= sum(alone) <= len(most) - LEAST,
              f"no pass has isolated both kinds: {[len(blocks) for blocks in passes]}")
        zones = {zone for zone, _, _ in most}
        for zone in zones:
            blocks = [block for block in most if block[0] == zone]
            if any(_alone(blocks)):
                _check_order(blocks)
        guest.sh("rm /tmp/holes")
        balloon.check_all_back(guest)
        check(device.counters()["report_errors"] == 0, "reports failed")
        guest.finish()
