# SPDX-License-Identifier: GPL-2.0-only
"""Idle guest, nothing freed for 60 s: reports, and who wakes the processor

The variants run in parallel. There are three sources. First, the counters of mm_hooks. Second,
the kernel's trace of every expired timer and executed work item. It counts our pacer's timers and
the passes of either engine. At the end memory is freed once, to prove that the trace shows them.
Third, the number of interrupts and of local timer interrupts. The traces are read after the 60 s.
"""

import re
import time

from lab import Guest, check
from lab.benches.bench import Metric
from lab.benches.measure import NONE, OURS, STOCK, guest, is_native, is_ours, load, settle
from lab.guest import balloon

VARIANTS = (NONE, STOCK, OURS)
TOGETHER = True
METRICS = (
    Metric("reported_bytes", "bytes reported (counter)", digits=0, most=0),
    Metric("checks", "our pacer's timer expired (counter)", digits=0, most=0),
    Metric("our_timers", "timers of our modules that expired (trace)", digits=0, most=0),
    Metric("report_passes", "reporting passes (trace)", digits=0, most=0),
    Metric("all_timers", "all timers that expired (trace)", digits=0),
    Metric("local_timer", "local timer interrupts", plot=True, digits=0, ratio_most=1.05),
    Metric("interrupts", "all interrupts", plot=True, digits=0, ratio_most=1.05),
)
EVENTS = ("timer/timer_expire_entry", "workqueue/workqueue_execute_start")
TRACING = "/sys/kernel/tracing"
OUR_TIMERS = re.compile(r"timer_expire_entry:.*function=\S+ \[(mm_hooks|balloon_report)\]"
                        r"|timer_expire_entry:.*function=pacer_check")
NATIVE_PASSES, KERNEL_PASSES = (
    re.compile(rf"workqueue_execute_start:.*function {name}\b")
    for name in ("native_work", "page_reporting_process"))


def _interrupts(target: Guest) -> tuple[int, int]:
    """Local timer interrupts and all interrupts since boot."""
    said = target.sh("grep -E 'LOC:' /proc/interrupts; grep -E '^intr' /proc/stat")
    local, total = (line.split()[1] for line in said.splitlines())
    return int(local), int(total)


def _trace(target: Guest) -> None:
    words = [f"echo 1 >{TRACING}/events/{event}/enable" for event in EVENTS]
    target.sh("; ".join([f"echo 4096 >{TRACING}/buffer_size_kb", *words]))


def _expired_and_run(target: Guest) -> list[str]:
    """The lines of the trace so far."""
    return target.sh(f"grep -E 'timer_expire_entry|execute_start' {TRACING}/trace || true",
                     timeout=60).splitlines()


def _passes(variant: str) -> re.Pattern[str]:
    """The trace line of a pass of the variant's engine."""
    return NATIVE_PASSES if is_native(variant) else KERNEL_PASSES


def _prove(target: Guest, variant: str) -> None:
    """The trace shows our timer and the engine's pass when memory is freed."""
    target.sh("memhog 64 --hold 0; sleep 3", timeout=60)
    lines = _expired_and_run(target)
    for what in (OUR_TIMERS, _passes(variant)):
        check(any(map(what.search, lines)), f"the trace would not have shown {what.pattern}")


def run(kernel: str, variant: str, quick: bool) -> dict[str, float]:
    """Settle, leave the guest idle for a minute, read the sources."""
    with guest(kernel, variant) as target:
        load(target, variant)
        settle(target, calm=5)
        _trace(target)
        time.sleep(1 if quick else 8)
        target.sh(f"echo >{TRACING}/trace")
        local, total = _interrupts(target)
        before = balloon.hooks(target)
        time.sleep(5 if quick else 60)
        after = _interrupts(target)
        hooks = balloon.hooks(target)
        lines = _expired_and_run(target)
        if is_ours(variant):
            _prove(target, variant)
        values = {"our_timers": sum(bool(OUR_TIMERS.search(line)) for line in lines),
                  "report_passes": sum(bool(_passes(variant).search(line)) for line in lines),
                  "all_timers": sum("timer_expire_entry" in line for line in lines),
                  "local_timer": after[0] - local, "interrupts": after[1] - total}
        if is_ours(variant):
            for name in ("reported_bytes", "checks"):
                values[name] = hooks[name] - before[name]
        return values
