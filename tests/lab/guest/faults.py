# SPDX-License-Identifier: GPL-2.0-only
"""Allocations of our modules fail, one after the other: the kernel's fault injection.

An allocation is ours if a function of a module is among its callers. The guest has no other
modules with work to do meanwhile. kmemleak's allocations for each of ours do not count, and those
of debug objects are switched off (WORDS). The kernel counts these allocations in
fault_attr.count. It fails each whose count is a multiple of "interval", "times" times at most
(lib/fault-inject.c).
"""

import re
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field

from .guest import Guest

WORDS = "no_debug_objects log_buf_len=4M"  # for the kernel's command line
KINDS = ("failslab", "fail_page_alloc")
DEBUG = "/sys/kernel/debug"
MODULES = (0xffffffffa0000000, 0xffffffffff000000)  # where x86 has the text of modules
KMEMLEAK = ("__alloc_object", "__create_object")  # where it allocates, in 6.12 and 6.1
STACK = 32  # callers that are compared, and printed
PAGE = 4096  # no function that allocates is longer
LONGEST_STEP = 8
SILENT = "with __GFP_NOWARN"  # for these the kernel prints nothing
_OURS = re.compile(r"\] +(?:\? )?(\w+)\+0x[0-9a-f]+/0x[0-9a-f]+ \[(mm_hooks|balloon_report|"
                   r"kvmclock_fix)\]")


@dataclass
class Faults:
    """Allocations of one kind in one guest.

    kind: one of KINDS
    sites: "FUNCTION [MODULE]", or SILENT, to how many of its allocations failed
    """

    guest: Guest
    kind: str
    sites: Counter[str] = field(default_factory=Counter)
    _count: int = 0  # fault_attr.count
    _marked: int = 0

    def __post_init__(self) -> None:
        more = "; echo 0 >min-order; echo N >ignore-gfp-highmem" \
            if self.kind == "fail_page_alloc" else ""
        begin, end = self._kmemleak()
        # Each character to the console costs time. The verdict reads the kernel's own buffer.
        self.guest.sh(f"dmesg -n 2; cd {DEBUG}/{self.kind} || exit 1; echo N >ignore-gfp-wait; "
                      f"echo 2 >verbose; echo {STACK} >stacktrace-depth; "
                      f"echo 0x{begin} >reject-start; echo 0x{end} >reject-end; "
                      f"echo {MODULES[0]:#x} >require-start; "
                      f"echo {MODULES[1]:#x} >require-end{more}")

    def _kmemleak(self) -> list[str]:
        """The addresses of kmemleak's function and of the next one."""
        wanted = " ".join(f"-e ' {name}$'" for name in KMEMLEAK)
        said = self.guest.sh(f"sort /proc/kallsyms | grep -m 1 -A 1 -i {wanted}")
        return [line.split()[0] for line in said.splitlines()]

    def only(self, module: str) -> None:
        """From now on, only allocations below this module, which is loaded: not KVM's."""
        said = self.guest.sh(f"grep -i ' t .*\\[{module}\\]$' /proc/kallsyms | sort | "
                             "sed -n '1p;$p'")
        begin, last = (line.split()[0] for line in said.splitlines())
        self.guest.sh(f"cd {DEBUG}/{self.kind} && echo 0x{begin} >require-start && "
                      f"echo {int(last, 16) + PAGE:#x} >require-end")

    def _arm(self, number: int) -> None:
        """The allocation of this number from now on will fail."""
        interval = 1
        if number > 1:  # the kernel does not count with an interval of 1
            interval = self._count = self._count + number
        self._marked += 1
        self.guest.sh(f"echo {self._mark()} >/dev/kmsg; cd {DEBUG}/{self.kind}; "
                      f"echo {interval} >interval; echo 1 >times; echo 100 >probability")

    def _mark(self) -> str:
        """The line of the log before this fault."""
        return f"fault {self._marked} of {self.kind}"

    def _disarm(self) -> str:
        """The function of ours whose allocation has failed, or empty."""
        said = self.guest.sh(f"cd {DEBUG}/{self.kind}; echo 0 >probability; cat times; "
                             f"dmesg | sed -n '/{self._mark()}$/,$p'")
        times, _, log = said.partition("\n")
        if int(times):
            return ""
        if "FAULT_INJECTION" not in log:
            return SILENT
        found = _OURS.search(log)
        return f"{found[1]} [{found[2]}]" if found else "unknown"

    def each(self, attempt: Callable[[], object], restore: Callable[[], object]) -> None:
        """Fail the first allocation of an attempt, then the second, until none fails.

        attempt: does not raise if the guest reports an error
        restore: back to the state before the attempt
        """
        number = step = 1
        while True:
            self._arm(number)
            attempt()
            site = self._disarm()
            restore()
            if not site:
                return
            step = min(step * 2, LONGEST_STEP) if site in self.sites else 1
            self.sites[site] += 1
            number += step
