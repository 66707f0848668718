# SPDX-License-Identifier: GPL-2.0-only
"""A guest: booted, driven from outside, judged, and killed when the block ends."""

import shlex
import shutil
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from .. import cache, kernels
from ..kernels.arch import X86
from ..proc import say
from . import accel, booted, initramfs, qemu, rss, verdict, vmlinux
from .control import Control, GuestError, Job
from .qmp import Qmp, QmpError, connect


class Guest:
    """A QEMU with a kernel and our initramfs, for a "with" statement.

    kernel: a name of kernels.NAMES
    balloon: properties of the balloon device, None for no device
    append: more words for the kernel's command line
    machine: "q35" (the balloon in slot0, slot1 free for device_add), or "pc". There debug
        kernels take 20 s longer to boot, but unplugging works after a suspend (QEMU 7.2).
        A guest for arm64 is always "virt", with the same slots
    mmio: the devices are on virtio-mmio and not on virtio-pci (arm64)
    extra_modules: modules of this kernel to include, for modprobe
    files: guest path to contents, added to the initramfs
    ours: include our modules (built for this kernel)
    wakes: the guest will be suspended to RAM. It only wakes up if its kernel has unpacked
        itself
    nodes: NUMA nodes; max_memory_mb: limit for memory hotplug
    disks: raw images, seen as /dev/vda, /dev/vdb, ...
    slot_hotplug: the slots are PCI Express's alone, not ACPI's, as debug kernels have them; there
        a device does not leave its slot
    small_pages: the host backs the guest with small pages, where QEMU asks for huge ones
    qemu: the words that start QEMU, such as newqemu.command()
    restores: it may start from the state that an earlier guest had after its boot, see booted.py
    lifetime: seconds after which QEMU is killed in any case
    """

    def __init__(self, kernel: str = "6.12", *, extra_modules: Sequence[str] = (),
                 files: Mapping[str, bytes] | None = None, ours: bool = True,
                 accelerator: str = "", lifetime: float = 600,
                 boot_timeout: float = 90, restores: bool = True, **machine: Any) -> None:
        chosen = kernels.get(kernel)
        archive = initramfs.build(chosen, tuple(extra_modules), ours, files)
        chosen_accel = accelerator or accel.choose(chosen.arch)
        if chosen.arch is not X86:
            machine["machine"] = "virt"
        # Debug kernels interpret ACPI's tables for slots for three seconds of a processor.
        machine.setdefault("slot_hotplug", chosen.name.startswith("lab") and
                           machine.get("machine", "q35") == "q35")
        clock = accel.clock_words(chosen_accel, bool(machine.get("icount")), chosen.arch)
        machine["append"] = f"{clock} {machine.get('append', '')}".strip()
        self._prepare(chosen, qemu.Machine(image=chosen.image, initramfs=archive,
                                           accel=chosen_accel, arch=chosen.arch, **machine),
                      lifetime, boot_timeout, restores)

    def _prepare(self, kernel: kernels.Kernel, machine: qemu.Machine, lifetime: float,
                 boot_timeout: float, restores: bool = False) -> None:
        self.kernel = kernel
        self.machine = machine if machine.wakes else replace(
            machine, image=vmlinux.direct(machine.image))
        self.lifetime = lifetime
        self.boot_timeout = boot_timeout
        self._restores = restores
        self._allowed: list[str] = []
        self.home = Path(tempfile.mkdtemp(prefix="vmhooks-"))  # short: socket paths
        self.console = self.home / "console.log"

    def __enter__(self) -> "Guest":
        try:
            self._start()
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(self, kind: type | None, *_: object) -> None:
        if kind is not None:
            self.save_logs()
        self.close()

    def _start(self) -> None:
        """Start from the state after an earlier boot, or boot."""
        kept = booted.of(self.machine) if self._restores else None
        incoming = kept.incoming() if kept else ""
        if kept and incoming:
            try:
                self._launch(incoming)
                booted.proceed(self.qmp)
                self.control.boots = 1
                return
            except (GuestError, QmpError) as error:
                say(f"a guest boots, since its state could not be read: {error}")
                kept.drop()
                self._kill()
        self._launch()
        self.wait_boot(1)
        if kept and not incoming:
            kept.save(self.qmp)

    def _launch(self, incoming: str = "") -> None:
        """Start QEMU and connect to it."""
        command = self.machine.command(self.home, incoming)
        self.process = qemu.start(command, self.home / "qemu.log",
                                  self.machine.small_pages)
        self._killer = threading.Timer(self.lifetime, self.process.kill)
        self._killer.daemon = True
        self._killer.start()
        try:
            self.qmp = Qmp(self.home / "qmp")
            self.control = Control(self.home / "control")
            self._verdict = connect(self.home / "verdict", 20)
        except Exception as error:
            raise GuestError(f"QEMU did not start: {error}\n{self._log_tail()}") from error

    def wait_boot(self, count: int, timeout: float | None = None) -> None:
        """Wait until the guest has booted this many times (with reboot=True)."""
        if not self.control.wait_boot(count, timeout or self.boot_timeout):
            raise GuestError(f"the guest did not boot\n{self._log_tail()}")

    def _log_tail(self, lines: int = 25) -> str:
        """The last output of QEMU and of the kernel, after the kernel's bad lines."""
        console = self._console_text()
        said = (self.home / "qemu.log").read_text(errors="replace").splitlines()[1:]
        parts = (("bad lines", verdict.bad_lines(console)[:10]), ("qemu", said[-lines:]),
                 ("console", console.splitlines()[-lines:]))
        return "\n".join("\n".join((f"--- {name}", *text))
                         for name, text in parts if text)

    def _console_text(self) -> str:
        try:
            return self.console.read_text(errors="replace")
        except FileNotFoundError:
            return ""

    # Commands in the guest

    def start(self, command: str) -> Job:
        """Start a shell command in the guest and return at once."""
        return self.control.start(command)

    def wait(self, job: Job, timeout: float = 60) -> tuple[int, str]:
        """Exit status and output of a started command, after its end."""
        try:
            return self.control.wait(job, timeout)
        except GuestError as error:
            raise GuestError(f"{error}\n{self._log_tail()}") from None

    def try_sh(self, command: str, timeout: float = 60) -> tuple[int, str]:
        """Run a shell command in the guest. Returns its exit status and output."""
        return self.wait(self.start(command), timeout)

    def sh(self, command: str, timeout: float = 60) -> str:
        """Run a shell command in the guest that must succeed. Returns its output."""
        status, output = self.try_sh(command, timeout)
        if status:
            raise GuestError(f"exit status {status}: {command}\n{output[-3000:]}")
        return output

    def read(self, path: str) -> str:
        """The contents of a file in the guest, without the last newlines; a pattern will do."""
        status, output = self.wait(self.control.start(path, "c"))
        if status:
            raise GuestError(f"{path} cannot be read")
        return output.rstrip("\n")

    def read_lines(self, *patterns: str) -> dict[str, list[str]]:
        """Each small file that matches and can be read, to its lines without the empty ones."""
        found: dict[str, list[str]] = {}
        for line in self.wait(self.control.start(" ".join(patterns), "g"))[1].splitlines():
            path, _, text = line.partition(":")
            found.setdefault(path, []).append(text)
        return found

    def write(self, path: str, text: str, timeout: float = 60) -> None:
        """Write text to a file in the guest."""
        status, output = self.wait(self.control.start(f"{path}\n{text}", "w"), timeout)
        if status:
            raise GuestError(f"{text[:100]!r} cannot be written: {output}")

    def insmod(self, module: str, *parameters: str) -> None:
        """modprobe a module, with parameters such as delay_ms=50."""
        self.sh(shlex.join(["modprobe", module, *parameters]))

    def rmmod(self, *modules: str) -> None:
        """Unload modules, in this order."""
        for module in modules:
            self.sh(f"rmmod {module}")

    def poll(self, what: str, check: Callable[[], Any], timeout: float = 30,
             interval: float = 0.1) -> Any:
        """Call check until it returns a true value, and return that."""
        deadline = time.monotonic() + timeout
        while not (value := check()):
            if time.monotonic() > deadline:
                raise GuestError(f"not in {timeout:.0f} s: {what}\n{self._log_tail()}")
            time.sleep(interval)
        return value

    # The host's side

    def wait_event(self, name: str, timeout: float = 30, since: int = 0) -> dict[str, Any]:
        """The data of a QMP event, at or after index since of qmp.events."""
        return self.qmp.wait_event(name, timeout, since)

    def ram_ranges(self) -> list[tuple[int, int]]:
        """Addresses of the guest's RAM in QEMU, hotplugged modules included."""
        each = (self.machine.memory_mb << 20) // self.machine.nodes
        wanted = [(f"ram{node}", node * each, each) for node in range(self.machine.nodes)]
        wanted += [(Path(module["data"]["memdev"]).name, module["data"]["addr"],
                    module["data"]["size"]) for module in self.qmp("query-memory-devices")]
        return [self._host_range(*block) for block in wanted]

    def _host_range(self, name: str, address: int, size: int) -> tuple[int, int]:
        """The address of a memory block in QEMU. address may be below the gap under 4 GiB."""
        for gap_mb in (0, 512, 1024, 2048):
            said = self.qmp("human-monitor-command",
                            command_line=f"gpa2hva {address + (gap_mb << 20):#x}")
            if f"({name})" in said:
                start = int(said.split()[-1], 16)
                return start, start + size
        raise GuestError(f"QEMU does not say where {name} is")

    def rss_bytes(self) -> int:
        """Bytes of the guest's RAM that the host backs, exactly."""
        return rss.ram_bytes(self.process.pid, self.ram_ranges())

    def sample_rss(self, interval: float = 0.05) -> rss.Sampler:
        """Start sampling the resident size in the background."""
        return rss.Sampler(self.process.pid, self.ram_ranges(), interval)

    # Changes of state

    @property
    def sleeps(self) -> bool:
        """Whether the guest survives a suspend.

        The virtio_console of 7.3 fails after resume, with and without our modules: the guest
        continues, but its control port is dead. A kernel with KCSAN is reset at resume, with and
        without our modules. QEMU's firmware interface for arm64 cannot suspend.
        """
        awake = self.kernel.name in ("lab-7.3", "lab-kcsan") or self.kernel.arch is not X86
        if awake:
            print("no suspend: this kernel, or the port to it, does not survive it")
        return not awake

    def suspend(self, seconds: float = 1, timeout: float = 60) -> None:
        """Suspend to RAM for a while, then wake up."""
        if vmlinux.is_direct(self.machine.image):
            raise GuestError("this guest cannot resume: it needs wakes=True")
        since = len(self.qmp.events)
        job = self.start("echo mem >/sys/power/state")
        self.wait_event("SUSPEND", timeout, since)
        time.sleep(seconds)
        self.qmp("system_wakeup")
        status, output = self.wait(job, timeout)
        if status:
            raise GuestError(f"suspend failed: {output}")

    def reset(self) -> None:
        """Reset the machine and wait for the next boot; needs reboot=True."""
        boots = self.control.boots
        self.qmp("system_reset")
        self.wait_boot(boots + 1)

    def migrate(self, timeout: float = 180, qemu_args: Sequence[str] | None = None,
                **parameters: int) -> "Migrated":
        """Migrate to a second QEMU, which is the value of "with". This one ends.

        qemu_args: of the second one, if they differ
        parameters: of migrate-set-parameters, such as max_bandwidth
        """
        machine = self.machine if qemu_args is None else replace(self.machine,
                                                                 qemu_args=qemu_args)
        return Migrated(self, machine, timeout, parameters)

    # The end

    def allow(self, *patterns: str) -> None:
        """Log lines (extended regular expressions) that this scenario provokes."""
        self._allowed += patterns

    def finish(self, unload: bool = True, timeout: float = 120) -> None:
        """Require the verdict: modules unloaded, no leaks, nothing bad in the log."""
        fine = "\n".join([*verdict.HARMLESS, *self._allowed]) + "\n"
        self.write("/tmp/allowed", fine)
        job = self.start("verdict" if unload else "verdict keep")
        said = self._read_verdict(timeout)
        self.wait(job, 10)
        bad = [line for line in said.splitlines() if line.startswith("bad: ")]
        bad += verdict.bad_lines(self._console_text(), tuple(self._allowed))
        if bad:
            raise GuestError("verdict:\n" + "\n".join(dict.fromkeys(bad)))

    def _read_verdict(self, timeout: float) -> str:
        self._verdict.settimeout(timeout)
        said = b""
        try:
            while not said.endswith(b"end\n"):
                part = self._verdict.recv(65536)
                if not part:
                    break
                said += part
        except TimeoutError:
            pass
        if not said.endswith(b"end\n"):
            raise GuestError(f"no verdict from the guest\n{self._log_tail()}")
        return said.decode(errors="replace")

    def save_logs(self) -> Path:
        """Keep the console and QEMU's output in the cache's logs folder."""
        target = cache.folder("logs") / f"{self.kernel.name}-{self.home.name}"
        target.mkdir(exist_ok=True)
        for path in (self.home / "qemu.log", self.console):
            if path.exists():
                shutil.copy(path, target)
        return target

    def _kill(self) -> None:
        if hasattr(self, "process"):
            self._killer.cancel()
            self.process.kill()
            try:
                self.process.wait(10)
            except subprocess.TimeoutExpired:
                pass
        for name in ("qmp", "control", "_verdict"):
            if link := getattr(self, name, None):
                link.close()

    def close(self) -> None:
        """Kill QEMU and remove its files."""
        self._kill()
        shutil.rmtree(self.home, ignore_errors=True)


class Migrated(Guest):
    """The second QEMU of a migration.

    migration: the last answer of query-migrate (ram, total-time, ...)
    """

    def __init__(self, source: Guest, machine: qemu.Machine, timeout: float,
                 parameters: Mapping[str, int]) -> None:
        self._prepare(source.kernel, machine, source.lifetime, timeout)
        self._allowed = list(source._allowed)
        self._source = source
        self._parameters = parameters
        self.migration: dict[str, Any] = {}

    def _start(self) -> None:
        incoming = f"unix:{self.home / 'incoming'}"
        self._launch(incoming)
        source = self._source.qmp
        if self._parameters:
            source("migrate-set-parameters", **self._parameters)
        source("migrate", uri=incoming)
        self.migration = self._source.poll("the migration", self._ended, self.boot_timeout)
        if self.migration["status"] != "completed":
            raise GuestError(f"the migration failed: {self.migration}\n{self._log_tail()}")
        self.wait_event("RESUME", 30)

    def _ended(self) -> dict[str, Any] | None:
        state = self._source.qmp("query-migrate")
        return state if state.get("status") in ("completed", "failed", "cancelled") else None
