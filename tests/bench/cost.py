# SPDX-License-Identifier: GPL-2.0-only
"""What it costs the guest: instructions for a timer start and for a page fault

QEMU counts instructions: its clock moves 1 ns for each one that the guest executes
(-icount shift=0,sleep=off), so a time read in the guest is a number of instructions,
whatever else the machine does. The timer loop turns SO_KEEPALIVE on and off; most of
it is the two system calls, the difference between the variants is the probe that our
pacer has on the start of timers. The page loops map 64 MiB, touch every page and unmap.
"""

from lab import Guest
from lab.bench import Metric
from lab.measure import NONE, OURS, STOCK, guest, load, settle

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
    """Instructions for each page of a size."""
    words = target.sh(f"churn 64 {seconds} {flag}", timeout=240).split()
    return float(words[5]) * 1e9 / (int(words[3]) / size)


def run(kernel: str, variant: str, quick: bool) -> dict[str, float]:
    """The three loops, one after the other."""
    with guest(kernel, variant, icount=True, boot_timeout=150) as target:
        load(target, variant)
        settle(target, calm=3)
        target.sh("ifconfig lo 127.0.0.1 up")
        target.sh("keepalive 100")
        words = target.sh(f"keepalive {TIMERS}", timeout=120).split()
        seconds = 1 if quick else 4
        return {"timer": float(words[3]), "small": _pages(target, "--nohuge", 4096, seconds),
                "huge": _pages(target, "--thp", 2 << 20, seconds)}
