# SPDX-License-Identifier: GPL-2.0-only
"""Guests on a host with less memory than they have together: all live with our driver.

Guards: with the stock driver, the kernel of the host kills a guest on the same host. So the host is
small enough. The run leaves a table, samples and a picture.
"""

import tempfile
from pathlib import Path

import pytest

from lab import check
from lab.benches import overcommit
from lab.benches.measure import OURS, STOCK

KERNELS = ()
ALSO = ("6.12",)
pytestmark = pytest.mark.timeout(900)


def test_overcommit(kernel: str) -> None:
    """Four small guests with either driver."""
    scale = overcommit.QUICK
    results = {variant: overcommit.Run(kernel, variant, scale).play() for variant in (STOCK, OURS)}
    print(overcommit.table(kernel, scale, results))
    check(results[OURS].finished == scale.guests and not results[OURS].killed,
          f"ours: {results[OURS].finished} of {scale.guests} finished")
    check(results[STOCK].killed > 0, "the host was large enough for the stock driver")
    with tempfile.TemporaryDirectory() as folder:
        overcommit.write(Path(folder), scale, results)
        for name in ("overcommit.tsv", "overcommit.png"):
            check((Path(folder) / name).stat().st_size > 1000, f"{name} is empty")
