# SPDX-License-Identifier: GPL-2.0-only
"""A Linux in a guest that is a host, under this machine's QEMU, which is copied there.

It executes a script without further input, as QEMU's emulation of SVM sometimes loses an
interrupt of a serial port. The script's output goes through the kernel log, which needs none.
"""

import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from .. import check, kernels
from ..guest import initramfs, vmlinux
from ..guest.control import GuestError
from ..guest.qemu import QEMU
from ..guest.verdict import bad_lines
from ..proc import LabError, must
from .nested import Host

LOADER = Path("/lib64/ld-linux-x86-64.so.2")
FIRMWARE = tuple(Path("/usr/share") / name for name in (
    "seabios/bios-256k.bin", "qemu/kvmvapic.bin", "qemu/linuxboot_dma.bin", "qemu/pvh.bin"))
ROMS, IMAGE, INITRAMFS = "/linux/roms", "/linux/kernel", "/linux/initramfs"
CONSOLE, MONITOR = "/tmp/linux-console", "/tmp/linux-monitor"
INIT = """#!/bin/busybox sh
export PATH=/bin:/sbin
/bin/busybox mkdir -p /proc /sys /dev /tmp /sbin
/bin/busybox --install -s /bin
mount -t proc proc /proc
mount -t sysfs sysfs /sys
mount -t devtmpfs devtmpfs /dev
mount -t debugfs debugfs /sys/kernel/debug
say() {
	echo "<0>linux: $*" >/dev/kmsg
}
"""


def _libraries(program: Path) -> list[Path]:
    """The libraries that the program is linked with."""
    return [Path(found) for found in re.findall(r"=> (/\S+)", must(["ldd", str(program)]))]


def files(kernel: str, script: str) -> dict[str, bytes]:
    """The files that a host needs for a Linux with this kernel and our modules.

    script: a shell script; "say WORD..." is for said()
    """
    found = shutil.which(QEMU)
    if not found:
        raise LabError(f"{QEMU} is not installed; run packaging/setup")
    qemu, chosen = Path(found), kernels.get(kernel)
    carried = {str(path): path.read_bytes() for path in (LOADER, *_libraries(qemu))}
    carried[f"/bin/{QEMU}"] = qemu.read_bytes()
    carried |= {f"{ROMS}/{path.name}": path.read_bytes() for path in FIRMWARE}
    archive = initramfs.build(chosen, (), True, {"/linux-init": (INIT + script).encode()})
    return carried | {IMAGE: vmlinux.direct(chosen.image).read_bytes(),
                      INITRAMFS: archive.read_bytes()}


class LinuxVm:
    """A Linux that a host runs. The host needs files()."""

    def __init__(self, host: Host, cpus: int, memory_mb: int) -> None:
        self._host = host
        host.sh(f"mkfifo {MONITOR}.in {MONITOR}.out")
        # The xsave areas of an emulated CPU cause a warning, so there is no xsave. KVM of
        # newer kernels may lack a PIC and an I/O APIC (CONFIG_KVM_IOAPIC): QEMU has them.
        self._job = host.start(
            f"exec {QEMU} -L {ROMS} -nodefaults -no-user-config -display none -no-reboot "
            f"-machine pc,kernel-irqchip=split -accel kvm -cpu host,-svm,-xsave -smp {cpus} "
            f"-m {memory_mb} -kernel {IMAGE} -initrd {INITRAMFS} "
            "-append 'console=ttyS0,115200 loglevel=5 panic=-1 no_timer_check printk.devkmsg=on "
            "rdinit=/linux-init' "
            f"-serial file:{CONSOLE} -monitor pipe:{MONITOR} </dev/null 2>&1")

    def console(self) -> str:
        """Its console: kernel warnings and errors, and the script's output."""
        return self._host.sh(f"cat {CONSOLE} 2>/dev/null; true").replace("\r", "")

    def said(self) -> list[str]:
        """The script's output, line by line."""
        return re.findall(r"linux: (.*)\n", self.console())

    def wait(self, what: str, count: int, timeout: float) -> list[str]:
        """Wait for this many lines that begin with this word. Returns them."""
        def has_said() -> list[str]:
            if self._job.status is not None or self._job.lost:
                raise GuestError("the Linux in the guest ended")
            lines = [line for line in self.said() if line.split(" ", 1)[0] == what]
            return lines if len(lines) >= count else []
        try:
            return self._host.poll(f"{what} of the Linux in the guest", has_said, timeout, 0.5)
        except GuestError as error:
            raise GuestError(f"{error}\n--- the Linux in it\n{self._job.output.decode()[-1000:]}"
                             f"\n{self.console()[-3000:]}") from None

    def monitor(self, command: str) -> None:
        """Send its QEMU a command."""
        self._host.sh(f"echo {command} >{MONITOR}.in")

    def end(self) -> None:
        """Check its log, and end it."""
        bad = bad_lines(self.console())
        check(not bad, "the log of the Linux in the guest:\n" + "\n".join(bad[:20]))
        self.monitor("quit")
        status, output = self._host.wait(self._job, 20)
        check(status == 0, f"its QEMU ended with {status}: {output[-2000:]}")


@contextmanager
def linux(host: Host, cpus: int = 1, memory_mb: int = 192) -> Iterator[LinuxVm]:
    """A Linux that runs during the block."""
    machine = LinuxVm(host, cpus, memory_mb)
    yield machine
    machine.end()
