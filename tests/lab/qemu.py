# SPDX-License-Identifier: GPL-2.0-only
"""The command line and the process of a QEMU."""

import subprocess
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from .proc import LabError, die_with_parent, no_huge_pages

QEMU = "qemu-system-x86_64"
TCG = "tcg,thread=single,tb-size=64"


@dataclass(frozen=True)
class Machine:
    """What a guest is made of; Guest's parameters, see there."""

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
    qemu_args: Sequence[str] = field(default_factory=tuple)
    qemu: Sequence[str] = (QEMU,)

    def _memory(self) -> list[str]:
        size = f"{self.memory_mb}M"
        if self.max_memory_mb:
            size += f",slots=8,maxmem={self.max_memory_mb}M"
        args = ["-m", size]
        each = self.memory_mb // self.nodes
        share = max(1, self.cpus // self.nodes)
        for node in range(self.nodes):
            args += ["-object", f"memory-backend-ram,id=ram{node},size={each}M"]
            if self.nodes > 1 or self.max_memory_mb:
                cpus = f",cpus={node * share}-{(node + 1) * share - 1}" \
                    if node < self.cpus else ""
                args += ["-numa", f"node,nodeid={node},memdev=ram{node}{cpus}"]
        if self.nodes == 1 and not self.max_memory_mb:
            args += ["-machine", "memory-backend=ram0"]
        return args

    def _processors(self) -> str:
        """Nodes do not share sockets: kernels warn about that."""
        if self.nodes == 1:
            return str(self.cpus)
        return f"{self.cpus},sockets={min(self.nodes, self.cpus)}"

    def _devices(self, home: Path) -> list[str]:
        bus = "pcie.0" if self.machine == "q35" else "pci.0"
        plug = bus
        args: list[str] = []
        if self.machine == "q35":  # what is plugged and unplugged needs a port
            for number in range(2):
                args += ["-device", f"pcie-root-port,id=slot{number},chassis={number + 1}"]
            plug = "slot0"
        args += ["-device", f"virtio-serial-pci,id=serial0,bus={bus}"]
        for name in ("control", "verdict"):
            args += ["-chardev", f"socket,id={name},path={home / name},server=on,wait=off",
                     "-device", f"virtserialport,bus=serial0.0,chardev={name},"
                                f"name=org.vmhooks.{name}"]
        if self.balloon is not None:
            args += ["-device", ",".join(["virtio-balloon-pci", "id=balloon0",
                                          f"bus={plug}", *self.balloon])]
        for number, disk in enumerate(self.disks):
            args += ["-drive", f"if=none,id=disk{number},file={disk},format=raw",
                     "-device", f"virtio-blk-pci,drive=disk{number},bus={bus}"]
        return args

    def command(self, home: Path, incoming: str = "") -> list[str]:
        """The whole command line; sockets and the console's file are in home."""
        line = ("console=ttyS0,115200 quiet panic=-1 panic_on_warn=1 oops=panic "
                "no_timer_check "  # that check fails when QEMU gets no processor
                f"{self.append}")
        args = [*self.qemu, "-nodefaults", "-no-user-config", "-display", "none",
                "-machine", self.machine, "-accel", self.accel,
                "-cpu", self.cpu or ("host" if self.accel == "kvm" else "max,la57=off"),
                "-smp", self._processors(), *self._memory(),
                "-kernel", str(self.image), "-initrd", str(self.initramfs),
                "-append", line.strip(), "-object", "iothread,id=io0",
                "-chardev", f"file,id=console,path={home / 'console.log'}",
                "-serial", "chardev:console",
                "-qmp", f"unix:{home / 'qmp'},server=on,wait=off",
                *self._devices(home)]
        if self.icount:
            args += ["-icount", "shift=0,sleep=off"]
        if not self.reboot:
            args += ["-no-reboot"]
        if incoming:
            args += ["-incoming", incoming]
        return args + list(self.qemu_args)


def start(command: list[str], log: Path, small_pages: bool = False) -> subprocess.Popen[bytes]:
    """Start QEMU; it is killed when the thread that called this ends."""
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
            raise LabError(f"{QEMU} is not installed; run packaging/setup") from error
