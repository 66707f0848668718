# SPDX-License-Identifier: GPL-2.0-only
"""Forgetting all reports disables interrupts no longer in a large guest than in a small one.

Guards: the engine for stock kernels walks free memory in sections of zone->lock. The guest
counts instructions (icount), so that the lengths can be compared. All memory is reported once
more afterwards.
"""

import re

import pytest

from lab import MIB, Guest, check
from lab.guest import balloon

KERNELS: tuple[str, ...] = ()
ALSO = ("6.12",)
pytestmark = pytest.mark.timeout(400)
SIZES_MB = (512, 4096)
GROWTH = 1.5  # of the longest section, in a guest that is eight times as large
SHARE = 0.95  # of the reported free memory is reported once more
TRACE = "/sys/kernel/tracing"
EVENT = re.compile(r"(\d+): (_raw_spin_(?:un)?lock_irq) <-.*forget")


def _longest(guest: Guest) -> tuple[int, int]:
    """Forget under the tracer. Returns the number of sections and the longest one."""
    guest.sh(f"cd {TRACE}; echo x86-tsc >trace_clock; echo 8192 >buffer_size_kb; "
             "echo _raw_spin_lock_irq _raw_spin_unlock_irq >set_ftrace_filter; "
             "echo function >current_tracer")
    guest.sh(f"echo >{TRACE}/trace; echo 1 >{TRACE}/tracing_on; echo 1 >{balloon.HOOKS}/forget; "
             f"echo 0 >{TRACE}/tracing_on; grep forget {TRACE}/trace >/tmp/forget; "
             f"echo nop >{TRACE}/current_tracer", 120)
    count = longest = locked = 0
    for when, what in EVENT.findall(guest.read("/tmp/forget")):
        if what == "_raw_spin_lock_irq":
            locked = int(when)
            continue
        count += 1
        longest = max(longest, int(when) - locked)
    return count, longest


def _one(kernel: str, size_mb: int) -> int:
    with Guest(kernel, memory_mb=size_mb, icount=True, boot_timeout=200, lifetime=300) as guest:
        balloon.load(guest)
        balloon.flush(guest)
        before = balloon.hooks(guest)
        sections, longest = _longest(guest)
        balloon.flush(guest)
        again = balloon.hooks(guest)["reported_bytes"] - before["reported_bytes"]
        print(f"{size_mb} MiB: {sections} sections, the longest {longest}; "
              f"{again // MIB} MiB reported once more")
        check(sections > 0, "no section of zone->lock in the trace")
        reported = before["reported_free_bytes"]
        check(again > reported * SHARE, f"{reported} bytes were reported before")
        guest.finish()
        return longest


def test_forget_sections(kernel: str) -> None:
    """A small guest and a large one."""
    small, large = (_one(kernel, size_mb) for size_mb in SIZES_MB)
    check(large < small * GROWTH, f"the longest section: {small} in the small guest, {large}")
