# SPDX-License-Identifier: GPL-2.0-only
"""Page faults while reporting is on: memory that the host backs again

The loops of pagefault.py in a guest whose
instructions are counted. So its speed is close to a real machine's, and is the same on a busy
machine. With a driver the guest executes the same instructions (pagefault.py). Only one thing
can slow a loop down: the host has discarded memory, and has to allocate and clear it again. The
resident size rises by this memory, from sample to sample, in addition to what the loop needs
once.
"""

import itertools

from lab import MIB, Guest
from lab.benches.bench import Metric
from lab.benches.measure import OURS, STOCK, STOCK_ORDER0, guest, load, returned_bytes, settle
from lab.guest.rss import Sampler
from pagefault import KINDS, MIB_EACH, TASKS

KERNELS = ("6.12",)
VARIANTS = (STOCK, STOCK_ORDER0, OURS)
ROUNDS = {False: 32, True: 4}  # of all tasks; quick or not
METRICS = (
    Metric("again", "all loops: backed again for each GiB touched", "MiB", plot=True, digits=1,
           ratio_most=0.5, native_ratio_most=0.1),
    *(Metric(f"again_{kind}_{tasks}", f"{name}, {tasks} task(s): the same", "MiB", plot=True,
             digits=1) for kind, name in KINDS.items() for tasks in TASKS))


def given_again(sampler: Sampler) -> int:
    """The sum of all rises of the resident size, minus the rise from first to maximum.

    This is the sum of all falls, minus the fall from maximum to last.
    """
    sizes = [size for _, size in sampler.samples]
    return returned_bytes(sampler) - (max(sizes) - sizes[-1])


def _loop(target: Guest, kind: str, tasks: int, rounds: int) -> float:
    """MiB backed again per GiB touched."""
    settle(target, calm=2)  # until the memory of the last loop has returned
    with target.sample_rss() as sampler:
        target.sh(f"pagefault {kind} {tasks} {rounds // tasks} {MIB_EACH}", 600)
    gib = rounds * MIB_EACH / 1024
    return given_again(sampler) / MIB / gib


def run(kernel: str, variant: str, quick: bool) -> dict[str, float]:
    """Each loop once, for several passes of either engine."""
    with guest(kernel, variant, icount=True, boot_timeout=150, lifetime=1800) as target:
        load(target, variant)
        found = {f"again_{kind}_{tasks}": _loop(target, kind, tasks, ROUNDS[quick])
                 for kind, tasks in itertools.product(KINDS, TASKS)}
        return {"again": sum(found.values()) / len(found), **found}
