# SPDX-License-Identifier: GPL-2.0-only
"""What the companion patch costs without a module: instructions for a page

For kernels with the companion patch (--kernel bench): the same source and options with and
without CONFIG_MM_HOOKS, without a balloon driver. Instructions as in cost.py.
"""

from lab.benches.bench import Metric
from lab.benches.measure import NONE, guest
from pagefault import KINDS, TASKS, loops

KERNELS = ()
BASE, COMPARED = "without", "with"
VARIANTS = (BASE, COMPARED)
METRICS = tuple(
    Metric(f"insn_{kind}_{tasks}", f"{name}, {tasks} task(s): for each page", "instructions",
           plot=True, digits=2, ratio_most=1.001)
    for kind, name in KINDS.items() for tasks in TASKS)


def run(kernel: str, variant: str, quick: bool) -> dict[str, float]:
    """A guest on each kernel."""
    booted = kernel if variant == COMPARED else f"{kernel}-nohooks"
    with guest(booted, NONE, icount=True, boot_timeout=150, lifetime=1200) as target:
        return loops(target, quick)
