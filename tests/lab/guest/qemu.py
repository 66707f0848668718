# SPDX-License-Identifier: GPL-2.0-only
"""The command line and the process of QEMU."""

import subprocess
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from ..kernels.arch import ARM64, X86, Arch
from ..proc import LabError, die_with_parent, no_huge_pages

QEMU = "qemu-system-x86_64"
TCG = "tcg,thread=single,tb-size=64"


@dataclass(frozen=True)
class Board:
    """What differs between architectures: QEMU, its CPU under TCG, the kernel's parameters."""

    qemu: str
    cpu: str
    words: str


# The check of the timer fails on a busy host.
BOARDS = {X86: Board(QEMU, "max,la57=off", "console=ttyS0,115200 no_timer_check"),
          # That of a Graviton 2, which has all page sizes.
          ARM64: Board("qemu-system-aarch64", "neoverse-n1", "console=ttyAMA0")}


@dataclass(frozen=True)
class Machine:
    """The parts of a guest: see the parameters of Guest."""

    image: Path
    initramfs: Path
    memory_mb: int = 2048
    cpus: int = 1
    balloon: Sequence[str] | None = ("free-page-reporting=on",)
    append: str = ""
    accel: str = TCG
    machine: str = "q35"
    cpu: str = ""
    icount: bool = False
    reboot: bool = False
    wakes: bool = False
    nodes: int = 1
    max_memory_mb: int = 0
    disks: Sequence[Path] = ()
    small_pages: bool = False
    slot_hotplug: bool = False
    qemu_args: Sequence[str] = field(default_factory=tuple)
    mmio: bool = False
    arch: Arch = X86
    qemu: Sequence[str] = ()

    @property
    def _pcie(self) -> bool:
        return self.machine in ("q35", "virt")

    def _model(self, device: str) -> str:
        """The name of a virtio device on this machine's transport."""
        return f"virtio-{device}-{'device' if self.mmio else 'pci'}"

    def _on(self, bus: str) -> str:
        """The property for a bus of PCI.  Each device of virtio-mmio has a bus of its own."""
        return "" if self.mmio else f",bus={bus}"

    def _memory(self) -> list[str]:
        size = f"{self.memory_mb}M"
        if self.max_memory_mb:
            size += f",slots=8,maxmem={self.max_memory_mb}M"
        args = ["-m", size]
        each = self.memory_mb // self.nodes
        # QEMU refuses a backend that takes its memory at once and reserves none
        reserve = "" if "-mem-prealloc" in self.qemu_args else ",reserve=off"
        share = max(1, self.cpus // self.nodes)
        for node in range(self.nodes):
            args += ["-object", f"memory-backend-ram,id=ram{node},size={each}M{reserve}"]
            if self.nodes > 1 or self.max_memory_mb:
                cpus = f",cpus={node * share}-{(node + 1) * share - 1}" \
                    if node < self.cpus else ""
                args += ["-numa", f"node,nodeid={node},memdev=ram{node}{cpus}"]
        if self.nodes == 1 and not self.max_memory_mb:
            args += ["-machine", "memory-backend=ram0"]
        return args

    def _processors(self) -> str:
        """Nodes do not share sockets, as kernels would warn."""
        if self.nodes == 1:
            return str(self.cpus)
        return f"{self.cpus},sockets={min(self.nodes, self.cpus)}"

    def _devices(self, home: Path) -> list[str]:
        bus = "pcie.0" if self._pcie else "pci.0"
        plug = bus
        args = ["-global", "virtio-mmio.force-legacy=false"] if self.mmio else []
        if self._pcie and not self.mmio:  # hotplug needs a root port
            for number in range(2):
                args += ["-device", f"pcie-root-port,id=slot{number},chassis={number + 1}"]
            plug = "slot0"
        args += ["-device", f"{self._model('serial')},id=serial0{self._on(bus)}"]
        for name in ("control", "verdict"):
            args += ["-chardev", f"socket,id={name},path={home / name},server=on,wait=off",
                     "-device", f"virtserialport,bus=serial0.0,chardev={name},"
                                f"name=org.vmhooks.{name}"]
        if self.balloon is not None:
            args += ["-device", ",".join([f"{self._model('balloon')},id=balloon0{self._on(plug)}",
                                          *self.balloon])]
        for number, disk in enumerate(self.disks):
            args += ["-drive", f"if=none,id=disk{number},file={disk},format=raw",
                     "-device", f"{self._model('blk')},drive=disk{number}{self._on(bus)}"]
        return args

    def command(self, home: Path, incoming: str = "") -> list[str]:
        """The whole command line. Sockets and the console's file are in home."""
        board = BOARDS[self.arch]
        line = f"{board.words} quiet panic=-1 panic_on_warn=1 oops=panic {self.append}"
        args = [*(self.qemu or (board.qemu,)), "-nodefaults", "-no-user-config", "-display", "none",
                "-machine", self.machine, "-accel", self.accel,
                "-cpu", self.cpu or ("host" if self.accel == "kvm" else board.cpu),
                "-smp", self._processors(), *self._memory(),
                "-kernel", str(self.image), "-initrd", str(self.initramfs),
                "-append", line.strip(), "-object", "iothread,id=io0",
                "-chardev", f"file,id=console,path={home / 'console.log'}",
                "-serial", "chardev:console",
                "-qmp", f"unix:{home / 'qmp'},server=on,wait=off",
                *self._devices(home)]
        if self.icount:
            args += ["-icount", "shift=0,sleep=off"]
        if self.slot_hotplug:
            args += ["-global", "ICH9-LPC.acpi-pci-hotplug-with-bridge-support=off"]
        if not self.reboot:
            args += ["-no-reboot"]
        if incoming:
            args += ["-incoming", incoming]
        return args + list(self.qemu_args)


def start(command: list[str], log: Path, small_pages: bool = False) -> subprocess.Popen[bytes]:
    """Start QEMU. The kernel kills it when the calling thread ends."""
    def in_child() -> None:
        die_with_parent()
        if small_pages:
            no_huge_pages()
    with open(log, "wb") as out:
        out.write((" ".join(command) + "\n").encode())
        out.flush()
        try:
            return subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=out,
                                    stderr=subprocess.STDOUT, preexec_fn=in_child)
        except FileNotFoundError as error:
            raise LabError(f"{command[0]} is not installed; run packaging/setup") from error
