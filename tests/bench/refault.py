# SPDX-License-Identifier: GPL-2.0-only
"""Page faults while reporting is on: what the host has to give again

For kernels with the companion patch (--kernel bench). The loops of pagefault.py in a guest
whose instructions are counted, so it is about as fast as one of a real machine is, and runs
the same however busy that is on which the benchmark runs. With a driver the guest executes
the same instructions (pagefault.py); what else a loop can be slower by is memory which the
host has taken, and has to find and clear again. That is what the resident size rises by,
sample by sample, beyond what the loop needs once.
"""

import itertools

from lab import MIB, Guest
from lab.bench import Metric
from lab.measure import NATIVE_LOW0, NATIVE_LOW4, OURS, STOCK, guest, load, returned_bytes, settle
from lab.rss import Sampler
from pagefault import KINDS, MIB_EACH, TASKS

KERNELS = ()
VARIANTS = (STOCK, OURS, NATIVE_LOW4, NATIVE_LOW0)
ROUNDS = {False: 32, True: 4}  # of all tasks; quick or not
METRICS = (
    Metric("again", "all loops: given again for each GiB touched", "MiB", plot=True, digits=1,
           ratio_most=1),
    *(Metric(f"again_{kind}_{tasks}", f"{name}, {tasks} task(s): the same", "MiB", plot=True,
             digits=1) for kind, name in KINDS.items() for tasks in TASKS))


def given_again(sampler: Sampler) -> int:
    """All rises of the resident size but for the way from its beginning to its top.

    That is all falls, but for the way from the top to the end.
    """
    sizes = [size for _, size in sampler.samples]
    return returned_bytes(sampler) - (max(sizes) - sizes[-1])


def _loop(target: Guest, kind: str, tasks: int, rounds: int) -> float:
    """MiB given again for each GiB touched."""
    settle(target, calm=2)  # what the loop before has freed is back, or will not be
    with target.sample_rss() as sampler:
        target.sh(f"pagefault {kind} {tasks} {rounds // tasks} {MIB_EACH}", 600)
    gib = rounds * MIB_EACH / 1024
    return given_again(sampler) / MIB / gib


def run(kernel: str, variant: str, quick: bool) -> dict[str, float]:
    """Each loop once, long enough for several turns of either engine."""
    with guest(kernel, variant, icount=True, boot_timeout=150, lifetime=1800) as target:
        load(target, variant)
        found = {f"again_{kind}_{tasks}": _loop(target, kind, tasks, ROUNDS[quick])
                 for kind, tasks in itertools.product(KINDS, TASKS)}
        return {"again": sum(found.values()) / len(found), **found}
