# SPDX-License-Identifier: GPL-2.0-only
"""Random sequences of a hostile host neither crash nor hang the guest, and lose no page.

The kept sequences (lab/hosts/fuzz.cases) and random ones run on our driver. The stock driver runs
some of the random ones for comparison, and is not judged. Guards: no warning, no operation
without progress for ten seconds, no page that stays in a balloon without a device, no violation
of the specification while the host itself breaks no rule. A run is repeated with its seed.
"""

import os

import pytest

from lab import check
from lab.guest import balloon
from lab.hosts import fuzz
from lab.hosts.fakehost import no_memory_lost

KERNELS = ("lab",)
ALSO = ("lab-kasan", "lab-6.1", "lab-7.3")
pytestmark = [pytest.mark.timeout(1200), pytest.mark.wide]
SEED = int(os.environ.get("VMHOOKS_SEED", "1"))
COUNT = 60
STOCK_COUNT = 20


def test_host_fuzz(kernel: str) -> None:
    """Our driver: the kept sequences, then random ones."""
    with fuzz.fuzzing(kernel) as run, no_memory_lost(run.guest):
        kept = fuzz.cases()
        check(run.replay(kept), "a kept sequence hangs")
        check(run.run(SEED, 0, COUNT), "a sequence hangs")
        counts = run.counts()
        print(f"{fuzz.Counts.head()}\n{counts.row()}")
        check(counts.sequences >= COUNT + len(kept), "not all sequences ran")
        check(counts.hangs == counts.lost == counts.violations == counts.splats == 0,
              f"{counts}\n{run.host.violations()}")
        run.guest.finish()


def test_stock(kernel: str) -> None:
    """The stock driver on the first of these sequences."""
    print(f"{fuzz.Counts.head()}\n{fuzz.campaign(kernel, balloon.STOCK, SEED, STOCK_COUNT).row()}")
