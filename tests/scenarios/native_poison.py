# SPDX-License-Identifier: GPL-2.0-only
"""native_survive with poisoned free pages, which the kernel checks when it hands them out.

Wiping would hide that, so this is a guest of its own.
"""

from lab import Guest, survive

KERNELS = ("lab",)
ALSO = ("lab-kasan", "lab-6.1", "lab-7.3")
TIMEOUT = survive.TIMEOUT


def run(kernel: str) -> None:
    """Long ranges and compaction; the driver is asked to report poisoned pages."""
    with Guest(kernel, append=f"{survive.WORDS} page_poison=1", **survive.MACHINE) as guest:
        survive.survive(guest, (survive.contiguous, survive.compact), "report_poisoned=1")
