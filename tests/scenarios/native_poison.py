# SPDX-License-Identifier: GPL-2.0-only
"""native_survive with poisoned free pages, which the kernel checks when it allocates them.

Zeroing of freed pages would hide a wrong pattern, so this is a guest of its own.
"""

import pytest

from lab import Guest, survive

KERNELS = ("lab",)
ALSO = ("lab-kasan", "lab-6.1", "lab-7.3", "lab-arm64")
pytestmark = pytest.mark.timeout(survive.TIMEOUT)


def test_native_poison(kernel: str) -> None:
    """Long ranges and compaction. The driver is configured to report poisoned pages."""
    with Guest(kernel, append=f"{survive.WORDS} page_poison=1", **survive.MACHINE) as guest:
        survive.survive(guest, (survive.contiguous, survive.compact), "report_poisoned=1")
