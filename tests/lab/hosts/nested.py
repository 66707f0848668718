# SPDX-License-Identifier: GPL-2.0-only
"""A guest that is a host, with KVM, and VMs whose pvclock pages are read (clockvm)."""

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from .. import check
from ..guest import Guest, accel
from ..guest.control import GuestError, Job

CPU = "max,la57=off,+invtsc"  # has SVM with nested paging under TCG
WORDS = "clocksource=tsc tsc=reliable"
SOURCE = "/sys/devices/system/clocksource/clocksource0"
CLOCK = "/sys/kernel/kvmclock_fix"
VMS = "/proc/kvmclock_fix"  # a row for each VM
INSIDE = f"{CLOCK}/guest"  # the audit of this guest's own clock
TRACING = "/sys/kernel/tracing"
FIX = "/sys/module/kvmclock_fix/parameters/fix"
KVM = ("kvm_amd", "kvm")
STABLE = 1  # flags of a page: the masterclock is on

RAW_SHIFT = 24  # shift of the kernel's raw clock at these rates

Said = dict[str, dict[str, int]]


def parse(output: str) -> Said:
    """clockvm's output: the first word of a line to its NAME=NUMBER, of the last such line."""
    found: Said = {}
    for line in output.splitlines():
        word, _, rest = line.partition(" ")
        found[word] = {name: int(value) for name, value in re.findall(r"(\S+)=(-?\d+)", rest)}
    return found


def pages(output: str) -> list[dict[str, int]]:
    """The pages that clockvm printed, in order."""
    return [parse(line)["page"] for line in output.splitlines() if line.startswith("page ")]


def risen(before: dict[str, int], after: dict[str, int]) -> dict[str, int]:
    """The rise of each counter, without those that have not changed."""
    return {name: after[name] - before[name] for name in after if after[name] != before[name]}


def shown_at(page: dict[str, int], tsc: int) -> int:
    """The guest's clock by this page at a TSC, in nanoseconds."""
    cycles, shift = tsc - page["tsc"], page["shift"]
    shifted = cycles << shift if shift >= 0 else cycles >> -shift
    return page["ns"] + (shifted * page["mul"] >> 32)


def raw_gain(khz: int) -> float:
    """How much the raw clock gains at a rate, because its factor is an integer."""
    exact = (10**6 << RAW_SHIFT) / khz
    return round(exact) / exact - 1


def raw_error(khz: int) -> float:
    """The absolute value of raw_gain."""
    return abs(raw_gain(khz))


def worst_khz(near: int, badness: Callable[[int], float] = raw_error) -> int:
    """A rate near another one at which clocks step as far as possible.

    It is more than 1 % away. Then the kernel rejects its own later calibration, and keeps the
    configured rate.
    """
    low = near + near // 50
    return max(range(low, low + near // 1000), key=badness)


class Host(Guest):
    """A guest with KVM in it.

    kvm: load it at once
    khz: the configured TSC rate; 0 for a rate near the true one at which clocks step the
        furthest
    badness: chooses that rate; with raw_gain the one at which clock lines fall behind most
    """

    def __init__(self, kernel: str, *, kvm: bool = True, khz: int = 0,
                 badness: Callable[[int], float] = raw_error, append: str = "",
                 **machine: Any) -> None:
        self._kvm = kvm
        machine = {"memory_mb": 512, "balloon": None, "cpu": CPU, "boot_timeout": 150, **machine}
        extra = ("kvm_amd", *machine.pop("extra_modules", ()))
        said = re.search(r"tsc_early_khz=(\d+)", accel.clock_words(accel.choose(), False))
        if not khz and said:
            khz = worst_khz(int(said[1]), badness)
        words = f"{WORDS} {f'tsc_early_khz={khz}' if khz else ''} {append}"
        super().__init__(kernel, extra_modules=extra, append=" ".join(words.split()), **machine)

    def _start(self) -> None:
        super()._start()
        # Older kernels first calibrate the TSC for a second or two.
        self.poll("the TSC as clocksource",
                  lambda: self.read(f"{SOURCE}/current_clocksource") == "tsc", 20)
        if self._kvm:
            self.load_kvm()

    def load_kvm(self) -> None:
        """Load KVM and check that a VM has its masterclock on."""
        self.insmod("kvm_amd")
        page = pages(self.sh("clockvm on pages"))[0]
        check(page["flags"] == STABLE, f"the masterclock is off: {page}")

    def unload_kvm(self) -> None:
        """Unload KVM. Fails if it is in use."""
        self.rmmod(*KVM)

    def load_fix(self, *parameters: str) -> None:
        """Load kvmclock_fix, and check that it has found KVM's hooks."""
        self.insmod("kvmclock_fix", *parameters)

    def vm(self, *commands: str, vcpus: int = 1, timeout: float = 120) -> str:
        """Run clockvm. Returns its output."""
        words = " ".join(f"'{command}'" for command in commands)
        return self.sh(f"clockvm -n {vcpus} {words}", timeout)

    def shown(self, name: str) -> int:
        """A counter of kvmclock_fix."""
        return int(self.read(f"{CLOCK}/{name}"))

    def steps(self) -> dict[int, int]:
        """kvmclock_fix's histogram: the upper limit of a bin to its count."""
        return {int(size): int(count) for size, count in
                (line.removeprefix("<=").split() for line in
                 self.read(f"{CLOCK}/steps").splitlines())}

    def leave_tsc(self, vm: "LiveVm", other: str) -> dict[str, int]:
        """Switch the host to another clocksource. Returns the VM's page without the masterclock."""
        self.write(f"{SOURCE}/current_clocksource", other)
        self.poll("the masterclock to go off", lambda: not vm.page()["flags"] & STABLE, 20)
        return vm.page()

    def back_to_tsc(self, vm: "LiveVm") -> dict[str, int]:
        """Switch the host back to the TSC. Returns the VM's page with the masterclock."""
        self.write(f"{SOURCE}/current_clocksource", "tsc")
        self.poll("the TSC again",
                  lambda: self.read(f"{SOURCE}/current_clocksource") == "tsc", 20)
        vm.tell("resnap 2 0")
        page = vm.page()
        check(page["flags"] & STABLE, f"the masterclock stays off: {page}")
        return page

    @contextmanager
    def live(self, *commands: str, vcpus: int = 1, patience: float = 20) -> Iterator["LiveVm"]:
        """A VM that runs during the block, and its first commands.

        patience: seconds for its end
        """
        machine = LiveVm(self, vcpus)
        machine.tell(*commands)
        yield machine
        machine.end(patience)


class LiveVm:
    """A clockvm that takes commands one by one."""

    _number = 0

    def __init__(self, host: Host, vcpus: int) -> None:
        LiveVm._number += 1
        self._host = host
        self._pipe = f"/tmp/clockvm{LiveVm._number}"
        host.sh(f"mkfifo {self._pipe}")
        # Opened for reading and writing, so that it does not end with the first writer.
        self._job: Job = host.start(f"echo $$; exec clockvm -n {vcpus} - <>{self._pipe}")

    def start(self, *commands: str) -> int:
        """Send commands and return at once. The value is for done()."""
        begun = len(self._job.output)
        text = "\\n".join(commands)
        self._host.sh(f"printf '{text}\\n' >{self._pipe}")
        return begun

    def done(self, begun: int, count: int = 1, timeout: float = 120) -> str:
        """Its output since then, when it has done this many commands."""
        def has_done() -> bool:
            # Read the status first: all output before the end is then complete.
            ended, said = self._job.status is not None, self._job.output[begun:]
            if said.count(b"done ") >= count:
                return True
            if ended:
                raise GuestError(f"clockvm ended: {self._job.output.decode()[-2000:]}")
            return False
        self._host.poll(f"{count} commands of clockvm", has_done, timeout, interval=0.02)
        return self._job.output[begun:].decode()

    def tell(self, *commands: str, timeout: float = 120) -> str:
        """Send commands and wait. Returns its output."""
        return self.done(self.start(*commands), len(commands), timeout) if commands else ""

    def page(self) -> dict[str, int]:
        """The page of its first vCPU, updated now."""
        return pages(self.tell("pages"))[0]

    def _number_of(self) -> str:
        return self._job.output.split()[0].decode()

    def pid(self) -> str:
        """The name of its process in vms."""
        return f"pid={self._number_of()} "

    def kill(self) -> None:
        """Kill it at any moment."""
        self._host.sh(f"kill -9 {self._number_of()}")
        self._host.wait(self._job, 20)

    def end(self, patience: float = 20) -> None:
        """Let it end by itself, unless it was killed."""
        if self._job.status is not None:
            return
        self.tell("quit")
        status, output = self._host.wait(self._job, patience)
        check(status == 0, f"clockvm ended with {status}: {output[-2000:]}")
