# SPDX-License-Identifier: GPL-2.0-only
"""What it costs the guest: instructions for a timer start and for a page fault

QEMU counts instructions: its clock advances 1 ns for each instruction of the guest
(-icount shift=0,sleep=off). So a time that the guest reads is a number of instructions,
on a busy machine, too. The timer loop sets and clears SO_KEEPALIVE. Most of its cost is the two
system calls. The variants differ by our pacer's probe of timer starts. The page loops map
64 MiB, touch every page and unmap.
"""

from lab import Guest
from lab.benches.bench import Metric
from lab.benches.measure import NONE, OURS, STOCK, guest, load, settle

VARIANTS = (NONE, STOCK, OURS)
METRICS = (
    Metric("timer", "timer started and stopped", "instructions", plot=True, digits=1),
    Metric("small", "4 KiB page mapped, touched, unmapped", "instructions", plot=True,
           digits=1, ratio_most=1.03),
    Metric("huge", "2 MiB page mapped, touched, unmapped", "instructions", plot=True,
           digits=0, ratio_most=1.03),
)
TIMERS = 50000


def _pages(target: Guest, flag: str, size: int, seconds: float) -> float:
    """Instructions per page of this size."""
    words = target.sh(f"churn 64 {seconds} {flag}", timeout=240).split()
    return float(words[5]) * 1e9 / (int(words[3]) / size)


def run(kernel: str, variant: str, quick: bool) -> dict[str, float]:
    """The three loops, in sequence."""
    with guest(kernel, variant, icount=True, boot_timeout=150) as target:
        load(target, variant)
        settle(target, calm=3)
        target.sh("ifconfig lo 127.0.0.1 up")
        target.sh("keepalive 100")
        words = target.sh(f"keepalive {TIMERS}", timeout=120).split()
        seconds = 1 if quick else 4
        return {"timer": float(words[3]), "small": _pages(target, "--nohuge", 4096, seconds),
                "huge": _pages(target, "--thp", 2 << 20, seconds)}
