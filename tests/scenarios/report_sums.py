# SPDX-License-Identifier: GPL-2.0-only
"""Counters of all CPUs are summed up in process context only, once per decision.

Guards: a free wakes the pacer in hardirq context, its timer in softirq context. Neither reads
the counters of every CPU there.
"""

import re

from lab import Guest, check
from lab.guest import balloon

KERNELS = ("6.12",)
ALSO = ("6.1", "6.12-arm64")
TRACE = "/sys/kernel/tracing"
SUMS = ("mmh_pcp_pages", "mmh_pcp_allocated")
HOG_MB = 96
ROUNDS = 4
# Task, CPU, then: interrupts off, resched, context, preemption depth.
LINE = re.compile(r"\[\d+\] (\S)(\S)(\S)(\S)\S*\s+\S+: (\w+) <-(\w+)")


def _decisions(guest: Guest) -> dict[str, int]:
    seen = balloon.hooks(guest)
    return {name: seen[name] for name in ("requests", "checks", "low_checks", "passes", "pcp_drains")}


def test_report_sums(kernel: str) -> None:
    """The function tracer shows the caller and the context."""
    with Guest(kernel, memory_mb=512) as guest:
        balloon.load(guest)
        balloon.flush(guest)
        guest.sh(f"cd {TRACE}; echo {' '.join(SUMS)} >set_ftrace_filter; "
                 "echo function >current_tracer; echo 1 >tracing_on")
        before = _decisions(guest)
        for _ in range(ROUNDS):
            guest.sh(f"memhog {HOG_MB} --hold 0; sleep 2", 60)
        guest.sh(f"echo 0 >{TRACE}/tracing_on")
        rise = {name: value - before[name] for name, value in _decisions(guest).items()}
        found = LINE.findall(guest.read(f"{TRACE}/trace"))
        guest.sh(f"cd {TRACE}; echo nop >current_tracer; echo >set_ftrace_filter")
        sums = {name: [line for line in found if line[4] == name] for name in SUMS}
        counts = {name: len(lines) for name, lines in sums.items()}
        print(f"sums {counts}, {rise}")
        for name, lines in sums.items():
            check(len(lines) >= ROUNDS, f"{name} was traced {len(lines)} times")
            wrong = [line for line in lines if line[0] != "." or line[2] != "."]
            check(not wrong, f"{name} outside of process context: {wrong[:3]}")
            # A requested drain needs sums of its own.
            most = rise["requests"] + rise["checks"] + rise["low_checks"] + 2 * ROUNDS
            check(len(lines) <= most, f"{len(lines)} sums of {name}, decisions {rise}")
        check(rise["passes"] > 0, f"no pass: {rise}")
        guest.finish()
