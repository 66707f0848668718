# SPDX-License-Identifier: GPL-2.0-only
"""Inflate and deflate 1 of 2 GiB by QMP: MiB a second

The time runs from the command until QEMU shows the requested size. A guest without a balloon
driver never reaches it, so it is not measured.
"""

import time

from lab import MIB, Guest
from lab.benches.bench import Metric
from lab.benches.measure import OURS, STOCK, guest, load, settle, wait_for

VARIANTS = (STOCK, OURS)
METRICS = (
    Metric("inflate_mib_s", "inflate", "MiB/s", plot=True, digits=0, ratio_least=1.0),
    Metric("deflate_mib_s", "deflate", "MiB/s", plot=True, digits=0, ratio_least=1.0),
)
SIZE_MIB = 1024


def _resize(target: Guest, memory_mb: int) -> float:
    begun = time.monotonic()
    target.qmp("balloon", value=memory_mb * MIB)
    wait_for(f"{memory_mb} MiB in the guest",
             lambda: target.qmp("query-balloon")["actual"] == memory_mb * MIB, 180, 0.01)
    return SIZE_MIB / (time.monotonic() - begun)


def run(kernel: str, variant: str, quick: bool) -> dict[str, float]:
    """Inflate the balloon to half of the memory, then deflate it."""
    with guest(kernel, variant) as target:
        load(target, variant)
        settle(target, calm=5)
        full = target.machine.memory_mb
        inflate = _resize(target, full - SIZE_MIB)
        settle(target, calm=1)
        deflate = _resize(target, full)
        return {"inflate_mib_s": inflate, "deflate_mib_s": deflate}
