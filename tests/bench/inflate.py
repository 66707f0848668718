# SPDX-License-Identifier: GPL-2.0-only
"""Inflate and deflate 1 of 2 GiB by QMP: MiB a second

The time runs from the command until QEMU shows the requested size. A guest without a balloon
driver never reaches it, so it is not measured. The instructions of the guest for each page are
those of a second guest (engine.py). It inflates twice: the second time the pages are known to be
with the host.
"""

import time

from engine import COUNT
from lab import MIB, Guest
from lab.benches.bench import Metric
from lab.benches.measure import OURS, STOCK, guest, load, settle, wait_for

VARIANTS = (STOCK, OURS)
PAGE = 4096
METRICS = (
    Metric("inflate_mib_s", "inflate", "MiB/s", plot=True, digits=0, ratio_least=1.0),
    Metric("deflate_mib_s", "deflate", "MiB/s", plot=True, digits=0, ratio_least=1.0),
    *(Metric(f"{way}_insn{again}", f"{way}{', again' if again else ''}: for each page",
             "instructions", digits=0, ratio_most=1.3)
      for again in ("", "_again") for way in ("inflate", "deflate")),
)
SIZE_MIB = 1024


def _resize(target: Guest, memory_mb: int) -> float:
    begun = time.monotonic()
    target.qmp("balloon", value=memory_mb * MIB)
    wait_for(f"{memory_mb} MiB in the guest",
             lambda: target.qmp("query-balloon")["actual"] == memory_mb * MIB, 180, 0.01)
    return SIZE_MIB / (time.monotonic() - begun)


def _instructions(target: Guest, memory_mb: int, size_mib: int) -> float:
    """Instructions for each page of a change to this size."""
    before = int(target.sh(f"{COUNT}busy").split()[-1])
    _resize(target, memory_mb)
    return (int(target.sh(f"{COUNT}busy").split()[-1]) - before) / (size_mib * MIB / PAGE)


def _counted(kernel: str, variant: str) -> dict[str, float]:
    """The same in a guest of half the size whose instructions are counted."""
    size = SIZE_MIB // 2
    with guest(kernel, variant, memory_mb=2 * size, icount=True, boot_timeout=300,
               lifetime=900) as target:
        load(target, variant)
        target.sh("sleep 20", 120)
        return {f"{way}_insn{again}": _instructions(target, left, size)
                for again in ("", "_again")
                for way, left in (("inflate", size), ("deflate", 2 * size))}


def run(kernel: str, variant: str, quick: bool) -> dict[str, float]:
    """Inflate the balloon to half of the memory, then deflate it."""
    with guest(kernel, variant) as target:
        load(target, variant)
        settle(target, calm=5)
        full = target.machine.memory_mb
        inflate = _resize(target, full - SIZE_MIB)
        settle(target, calm=1)
        deflate = _resize(target, full)
    return {"inflate_mib_s": inflate, "deflate_mib_s": deflate, **_counted(kernel, variant)}
