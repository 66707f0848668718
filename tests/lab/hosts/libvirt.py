# SPDX-License-Identifier: GPL-2.0-only
"""A guest of the lab that libvirt runs: Debian's libvirt and QEMU, in a root of their release.

The root is entered with chroot in a mount namespace of its own. The folder of the guest and the
cache have the same path in it. libvirtd is the first process of that namespace, and virsh enters
it. The guest's own ports are the same as without libvirt, so Control and Job work.
"""

import contextlib
import re
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from xml.sax.saxutils import escape

from .. import cache, kernels
from ..guest import accel, initramfs, vmlinux
from ..guest.control import Control, GuestError
from ..proc import LabError, die_with_parent, long_run, run, say

PACKAGES = ("libvirt-daemon", "libvirt-daemon-driver-qemu", "libvirt-clients",
            "qemu-system-x86", "iproute2")
RELEASES = ("bookworm", "trixie")  # libvirt 9.0 with QEMU 7.2, libvirt 11.3 with QEMU 10.0
# libvirtd is root here, as is QEMU. There are no cgroups, and no namespaces, to put QEMU into.
SETTINGS = """user = "root"
group = "root"
dynamic_ownership = 0
remember_owner = 0
cgroup_controllers = [ ]
namespaces = [ ]
security_driver = "none"
stdio_handler = "file"
"""
# libvirt asks for this user, also where QEMU runs as root. Debian 12 makes it in another package.
MAKE_USER = ('chroot "$1" sh -c "id libvirt-qemu 2>/dev/null || { groupadd -r libvirt-qemu && '
             'useradd -r -g libvirt-qemu -d /var/lib/libvirt libvirt-qemu; }"')
# $1 the root, $2 a folder that has the same path there, $3 another one.
ENTER = """
for name in proc dev sys; do mount --rbind "/$name" "$1/$name"; done
mount -t tmpfs run "$1/run"
mount -t tmpfs tmp "$1/tmp"
for folder in "$2" "$3"; do
  mkdir -p "$1/$folder"
  mount --rbind "$folder" "$1/$folder"
done
exec chroot "$1" /usr/bin/env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin LC_ALL=C libvirtd
"""
NAME = "lab"
DOMAIN = """<domain type='{type}'>
  <name>{name}</name>
  <memory unit='MiB'>{memory_mb}</memory>
  <vcpu>1</vcpu>
  <os>
    <type machine='q35'>hvm</type>
    <kernel>{kernel}</kernel>
    <initrd>{initrd}</initrd>
    <cmdline>{append}</cmdline>
  </os>
  <features><acpi/><apic/></features>
  <cpu mode='{cpu}'/>
  <on_reboot>destroy</on_reboot>
  <devices>
    <emulator>/usr/bin/qemu-system-x86_64</emulator>
    <serial type='file'><source path='{home}/console.log'/></serial>
    <channel type='unix'>
      <source mode='bind' path='{home}/control'/>
      <target type='virtio' name='org.vmhooks.control'/>
    </channel>
    <channel type='unix'>
      <source mode='bind' path='{home}/verdict'/>
      <target type='virtio' name='org.vmhooks.verdict'/>
    </channel>
    <memballoon model='virtio' autodeflate='on' freePageReporting='on'>
      <stats period='1'/>
    </memballoon>
  </devices>
</domain>
"""


def _make_root(target: Path, release: str) -> None:
    say(f"unpacking libvirt of Debian {release} (100 MB to download)")
    long_run(f"libvirt of {release}",
             ["mmdebstrap", "--variant=minbase", f"--include={','.join(PACKAGES)}",
              '--aptopt=APT::Install-Recommends "false"', f"--customize-hook={MAKE_USER}",
              release, str(target / "root")],
             target, cache.folder("logs") / f"libvirt-{release}.log")
    (target / "root/etc/libvirt/qemu.conf").write_text(SETTINGS)


class Domain:
    """A domain that runs.

    home: its sockets and its console
    """

    def __init__(self, daemon: int, home: Path) -> None:
        self._daemon = daemon
        self.home = home
        self.control: Control

    def virsh(self, *words: str) -> str:
        """Run virsh with these words. Returns its output."""
        done = run(["nsenter", "-t", str(self._daemon), "--mount", "--root", "--wd=/", "virsh",
                    "-q", "-c", "qemu:///system", *words], timeout=120)
        if done.returncode:
            raise GuestError(f"virsh {' '.join(words)}: {done.stdout}")
        return done.stdout

    def sh(self, command: str, timeout: float = 60) -> str:
        """Run a shell command in the guest that must succeed. Returns its output."""
        status, said = self.control.wait(self.control.start(command), timeout)
        if status:
            raise GuestError(f"exit status {status}: {command}\n{said}")
        return said

    def statistics(self) -> dict[str, int]:
        """What dommemstat says, in KiB."""
        return {name: int(value) for name, value in
                (line.split() for line in self.virsh("dommemstat", NAME).splitlines() if line)}

    def held_mb(self) -> int:
        """What the host backs of QEMU, in MiB."""
        return self.statistics()["rss"] // 1024

    def resize(self, mib: int, timeout: float = 60) -> None:
        """Set the guest's memory, and wait until it has given the rest."""
        self.virsh("setmem", NAME, f"{mib}M", "--live")
        deadline = time.monotonic() + timeout
        while (actual := self.statistics()["actual"]) != mib * 1024:
            if time.monotonic() > deadline:
                raise GuestError(f"{actual >> 10} MiB and not {mib}")
            time.sleep(0.2)


def _wait_daemon(domain: Domain, process: subprocess.Popen[bytes], log: Path) -> None:
    for _ in range(100):
        if process.poll() is not None:
            break
        with contextlib.suppress(GuestError):
            domain.virsh("version")
            return
        time.sleep(0.2)
    raise LabError(f"libvirtd does not answer:\n{log.read_text(errors='replace')}")


def _xml(kernel: str, home: Path, memory_mb: int) -> str:
    chosen = kernels.get(kernel)
    chosen_accel = accel.choose(chosen.arch)
    words = accel.clock_words(chosen_accel, False, chosen.arch)
    native = chosen_accel == "kvm"
    return DOMAIN.format(
        type="kvm" if native else "qemu", name=NAME, memory_mb=memory_mb,
        kernel=vmlinux.direct(chosen.image), initrd=initramfs.build(chosen), home=home,
        cpu="host-passthrough" if native else "maximum",
        append=escape(f"console=ttyS0 quiet panic=-1 panic_on_warn=1 oops=panic {words}".strip()))


@contextlib.contextmanager
def domain(kernel: str, release: str, memory_mb: int = 1024) -> Iterator[Domain]:
    """A domain for a "with" statement, whose guest has booted."""
    root = cache.built("libvirt", cache.digest(release, *PACKAGES, SETTINGS, MAKE_USER),
                       lambda target: _make_root(target, release)) / "root"
    home = Path(tempfile.mkdtemp(prefix="vmhooks-", dir="/var/tmp"))
    log = home / "libvirtd.log"
    with open(log, "wb") as out:
        process = subprocess.Popen(
            ["unshare", "--mount", "--", "sh", "-eu", "-c", ENTER, "libvirt", str(root), str(home),
             str(cache.root())], stdout=out, stderr=subprocess.STDOUT,
            preexec_fn=die_with_parent)
    found = Domain(process.pid, home)
    try:
        _wait_daemon(found, process, log)
        (home / "domain.xml").write_text(_xml(kernel, home, memory_mb))
        found.virsh("create", str(home / "domain.xml"))
        found.control = Control(home / "control")
        if not found.control.wait_boot(1, 180):
            raise GuestError(f"no boot:\n{(home / 'console.log').read_text(errors='replace')}")
        yield found
    finally:
        with contextlib.suppress(GuestError):
            found.virsh("destroy", NAME)
        process.terminate()
        process.wait(20)
        shutil.rmtree(home, ignore_errors=True)


def versions(found: Domain) -> str:
    """The versions of libvirt and of QEMU."""
    said = found.virsh("version")
    return ", ".join(re.findall(r"(?:library: libvirt|hypervisor: QEMU) ([\d.]+)", said))
