# SPDX-License-Identifier: GPL-2.0-only
"""What reporting costs the guest: instructions, in a guest of 1 GiB and one of 16 GiB

QEMU counts instructions (-icount shift=0,sleep=off). A nanosecond of the guest's clock is an
instruction, unless its one CPU idled and QEMU skipped the time. The kernel adds up the idle
nanoseconds without the interrupts in between (/proc/timer_list). The rest of the clock is what
the guest executed: programs, workers, timers, interrupts, and frees with our hook. Only the
idle loop's own work around each sleep is missing. /proc/stat is too coarse, and the scheduler's
account of tasks (/proc/schedstat) misses interrupts of an idle guest.

Each step is a window of guest time in which memory is freed. The steps run before the driver is
loaded, and again with it. The difference is the driver's cost, so the value without a driver is
the error of the method. All free memory is reported first. Then 512 MiB are used and freed, then
64 MiB: a pass should cost the unreported memory, not the reported memory. The result is the
median of five steps. The kernel's workers are also counted alone. The lock metric is the longest
section of zone->lock in the last part, as the native engine measures it.
"""

import statistics

from lab import Guest
from lab.benches.bench import Metric
from lab.benches.measure import NONE, OURS, STOCK, by_size, is_native, load

KERNELS = ("6.12",)
VARIANTS = (NONE, STOCK, OURS)
SIZES_GIB = (1, 16)
STEPS_MIB = {"gib": 512, "part": 64}
TEXTS = {"gib": "for each GiB reported", "part": "64 MiB freed, the rest reported"}
RATIOS = {"gib": 0.5, "part": 1.0}
METRICS = (
    *(Metric(f"{step}_{size}", f"{size} GiB guest: {text}", "instructions", plot=True, digits=0,
             native_ratio_most=RATIOS[step])
      for step, text in TEXTS.items() for size in SIZES_GIB),
    *(Metric(f"{step}_workers_{size}", f"{size} GiB guest, workers only: {text}", "instructions",
             digits=0) for step, text in TEXTS.items() for size in SIZES_GIB),
    *(Metric(f"lock_{size}", f"{size} GiB guest: longest section of zone->lock", "instructions",
             digits=0) for size in SIZES_GIB),
)
REPEAT = 5
WINDOW = 12  # seconds of guest time: several passes of the stock driver
CALM, REPORT_ALL = 30, 120
HELD = "/sys/module/filler/parameters/mib"
LOCK = "/sys/kernel/mm_hooks/native/longest_lock_ns"
COUNT = r"""busy() { awk '/^now at/ { now = $3 } /(idle|iowait)_sleeptime/ { idle += $(NF - 1) }
    END { printf "%.0f\n", now - idle }' /proc/timer_list; }
workers() { cat $(grep -l '^kworker' /proc/[0-9]*/comm | sed s/comm/schedstat/) 2>/dev/null |
    awk '{ s += $1 } END { printf "%.0f\n", s }'; }
"""


def _window(target: Guest, command: str) -> tuple[int, int]:
    """Instructions after a command: of the whole guest, and of the kernel's workers."""
    said = target.sh(f"{COUNT}workers; busy; {command}; sleep {WINDOW}; busy; workers", 300)
    workers, busy, busy_after, workers_after = map(int, said.split())
    return busy_after - busy, workers_after - workers


def freeing(target: Guest, mib: int) -> tuple[float, float]:
    """The same for a free of this size."""
    found = []
    for _ in range(REPEAT):
        target.sh(f"echo {mib} >{HELD}; sleep {WINDOW}", 300)
        found.append(_window(target, f"echo 0 >{HELD}"))
    whole, workers = zip(*found)
    return statistics.median(whole), statistics.median(workers)


def _one(kernel: str, variant: str, size_gib: int) -> dict[str, float]:
    """The metrics of a guest of this size, by name."""
    values = {}
    with Guest(kernel, memory_mb=size_gib * 1024, ours=True, icount=True,
               boot_timeout=300, lifetime=1200) as target:
        target.insmod("filler")
        target.sh(f"sleep {CALM}", 300)
        without = {step: freeing(target, mib) for step, mib in STEPS_MIB.items()}
        load(target, variant)
        target.sh(f"sleep {REPORT_ALL}", 300)
        for step, mib in STEPS_MIB.items():
            if is_native(variant):
                target.write(LOCK, "0")
            scale = 1024 / mib if step == "gib" else 1
            whole, workers = (scale * (mine - before)
                              for mine, before in zip(freeing(target, mib), without[step]))
            values |= {f"{step}_{size_gib}": whole, f"{step}_workers_{size_gib}": workers}
        if is_native(variant):
            values[f"lock_{size_gib}"] = float(target.read(LOCK))
        return values


def run(kernel: str, variant: str, quick: bool) -> dict[str, float]:
    """A small guest and a large one."""
    return by_size(lambda size: _one(kernel, variant, size), SIZES_GIB, quick)
