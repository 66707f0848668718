# SPDX-License-Identifier: GPL-2.0-only
"""Debian 12 roots in the states that a user meets, and guests booted from them."""

import contextlib
import functools
import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from .. import cache, check, locale
from ..guest import Guest, accel, programs, qemu
from ..guest.verdict import bad_lines
from ..kernels import Kernel, modules
from ..proc import say
from . import root
from .root import Root, Session
from .system import base

TOP = modules.TOP
PROJECT_IN_ROOT = "/opt/vmhooks"
UNIT = """# SPDX-License-Identifier: GPL-2.0-only
[Unit]
Description=Runs what the lab asks for
BindsTo=dev-virtio\\x2dports-org.vmhooks.control.device
After=dev-virtio\\x2dports-org.vmhooks.control.device
[Service]
ExecStart=/opt/agent /dev/virtio-ports/org.vmhooks.control
WorkingDirectory=/
[Install]
WantedBy=multi-user.target
"""
# Units without a purpose here, which take seconds to start on a slow machine.
IDLE_UNITS = ("getty.target getty-static.service serial-getty@.service dev-hugepages.mount "
              "dev-mqueue.mount sys-fs-fuse-connections.mount sys-kernel-config.mount "
              "modprobe@configfs.service modprobe@dm_mod.service modprobe@efi_pstore.service "
              "modprobe@fuse.service modprobe@loop.service systemd-update-utmp.service "
              "systemd-update-utmp-runlevel.service systemd-journal-flush.service "
              "systemd-random-seed.service systemd-sysusers.service e2scrub_reap.service "
              "systemd-user-sessions.service systemd-logind.service systemd-timesyncd.service")
# The image has no compiler and no headers, only their package names.
FURNISH = f"""
mkdir -p {PROJECT_IN_ROOT}
cp -a /mnt/. {PROJECT_IN_ROOT}/
rm -rf /usr/lib/gcc /usr/src/linux-headers-*/[a-z]* /usr/lib/linux-kbuild-*
ln -s /opt/lab-agent.service /etc/systemd/system/
systemctl enable -q lab-agent.service
systemctl mask -q {IDLE_UNITS}
"""
# A project with empty modules, for tests of the scripts.
SMALL = "/opt/small"
MAKE_SMALL = f"mkdir -p {SMALL}; cp -r /mnt/. {SMALL}; cd {SMALL}" + """
rm -rf modules/* Kbuild
for name in $(sed -n 's/^[[:space:]]*BUILT_MODULE_NAME.*"\\(.*\\)"/\\1/p' dkms.conf); do
    echo "obj-m += $name.o" >> Kbuild
    echo "$name-y := modules/part_of_$name.o" >> Kbuild
    echo '#include <linux/module.h>' > modules/part_of_$name.c
    echo 'MODULE_LICENSE("GPL"); MODULE_DESCRIPTION("small");' >> modules/part_of_$name.c
    [ $name = mm_hooks ] || echo 'MODULE_SOFTDEP("pre: mm_hooks");' >> modules/part_of_$name.c
done"""
IMAGE_MB = 1500
# As in docs/install.md.
TO_STOCK = """device=$(basename /sys/bus/virtio/drivers/balloon_report/virtio*)
echo "$device" > /sys/bus/virtio/drivers/balloon_report/unbind
modprobe virtio_balloon
[ -e /sys/bus/virtio/drivers/virtio_balloon/"$device" ] ||
    echo "$device" > /sys/bus/virtio/drivers/virtio_balloon/bind"""


def version() -> str:
    """The version in dkms.conf."""
    for line in (TOP / "dkms.conf").read_text().splitlines():
        if line.startswith("PACKAGE_VERSION="):
            return line.split('"')[1]
    raise ValueError("dkms.conf has no PACKAGE_VERSION")


# Neither dkms nor install and uninstall read these files. So changes to them do not
# invalidate the cached roots.
NOT_INSTALLED = tuple(f"packaging/{name}" for name in (
    "deb", "files.sh", "kernel", "package", "packages.list", "release", "rpm/build",
    "rpm/vmhooks.spec", "setup", "stage"))


def _project_files() -> list[Path]:
    named = [TOP / name for name in ("Kbuild", "Makefile", "LICENSE", "dkms.conf")]
    modules_only = [path for path in modules.sources() if path.is_relative_to(TOP / "modules")
                    and path.parent.name != "tests"]  # KUnit's, for VMHOOKS_KUNIT=1
    packaging = [path for path in (TOP / "packaging").rglob("*") if path.is_file()
                 and str(path.relative_to(TOP)) not in NOT_INSTALLED]
    return sorted(path for path in [*named, *modules_only, *packaging] if path.exists())


@functools.cache  # fixed for one test, also while the sources are edited
def project() -> Path:
    """A copy of the project as a user installs it, named by its hash."""
    files = _project_files()

    def copy(target: Path) -> None:
        target.chmod(0o755)  # tests also read it as an ordinary user
        for path in files:
            place = target / path.relative_to(TOP)
            place.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(path, place)

    return cache.built("project", cache.digest_files(TOP, files), copy, keep=6)


def _grow(below: Root, name: str, commands: str) -> Root:
    source = project()
    return root.grow(below, name, commands, source, source.name)


def with_dkms() -> Root:
    """The modules of both kernels added, built and installed by dkms commands."""
    named = f"-m vmhooks -v {version()}"
    return _grow(base(), "dkms add, build and install for two kernels", f"""set -e
        cp -a /mnt /usr/src/vmhooks-{version()}
        dkms add {named}
        for kernel in $(ls /lib/modules); do
            dkms build {named} -k "$kernel" ||
                {{ tail -n 30 /var/lib/dkms/vmhooks/{version()}/build/make.log; exit 1; }}
            dkms install {named} -k "$kernel"
        done""")


def after_dkms_remove() -> Root:
    """The same, then dkms remove, and nothing else."""
    return _grow(with_dkms(), "dkms remove",
                 f"dkms remove -m vmhooks -v {version()} --all")


def with_package() -> Root:
    """packaging/install has run for both kernels. The user has also configured the stock
    driver for the initramfs.
    """
    return _grow(with_dkms(), "packaging/install with the initramfs", """set -e
        echo virtio_balloon >> /etc/initramfs-tools/modules
        for kernel in $(ls /lib/modules); do
            /mnt/packaging/install KVER="$kernel"
        done""")


def without_package() -> Root:
    """The same, then packaging/uninstall."""
    return _grow(with_package(), "packaging/uninstall with the initramfs",
                 "/mnt/packaging/uninstall")


def session(state: Root) -> Any:
    """A root in a state, with the project at /mnt, to run commands in."""
    return root.session(state, project())


@contextlib.contextmanager
def session_by_su(state: Root) -> Iterator[Session]:
    """Like session(), for root by "su" without a dash: no sbin in PATH, another locale than C."""
    with root.session(state, project(), environment=(
            "PATH=/usr/local/bin:/usr/bin:/bin", "HOME=/root", f"LANG={locale.NAME}")) as inside:
        shutil.copytree(locale.folder(), inside.upper / "usr/lib/locale", dirs_exist_ok=True)
        said = inside.must("command -v depmod; echo i | tr '[:lower:]' '[:upper:]'")
        check(said.split() == ["i"], f"the locale is C, or sbin in PATH: {said}")
        yield inside


def _furnish(inside: Session) -> None:
    """Add the files that let the lab drive the guest."""
    place = inside.upper / "opt"
    place.mkdir(parents=True)
    for program in programs.build().iterdir():
        shutil.copy(program, place)
    (place / "lab-agent.service").write_text(UNIT)
    inside.must(FURNISH)


def disk(state: Root) -> Path:
    """A bootable ext4 image of a root, in the cache."""
    source, agent = project(), programs.build()
    key = cache.digest(source.name, agent.name, UNIT, FURNISH, str(IMAGE_MB),
                       *(str(layer) for layer in state.layers))

    def write(target: Path) -> None:
        say("writing a root to a disk image")
        with session(state) as inside:
            _furnish(inside)
            inside.image(target / "disk", IMAGE_MB)

    return cache.built("root-disks", key, write, keep=4) / "disk"


class RootGuest(Guest):
    """A guest with a Debian root on its disk and that root's own kernel.

    initramfs_of: the root that provides the initramfs, if another one
    append: more words for the kernel's command line

    Writes to the disk are discarded.
    """

    def __init__(self, series: str, state: Root, initramfs_of: Root | None = None,
                 append: str = "", memory_mb: int = 1024, **machine: Any) -> None:
        # Kernel and initramfs come from the root, not from Guest.
        release = state.release(series)
        image = state.find(f"boot/vmlinuz-{release}")
        initramfs = (initramfs_of or state).find(f"boot/initrd.img-{release}")
        kernel = Kernel(f"debian-{series}", release, image, Path("/lib/modules") / release,
                        Path("/usr/src"), kunit=False)
        self._prepare(kernel, qemu.Machine(
            image=image, initramfs=initramfs, disks=(disk(state),),
            append=f"root=/dev/vda rw {append}".strip(), accel=accel.choose(),
            memory_mb=memory_mb, qemu_args=("-snapshot",), **machine),
            lifetime=900, boot_timeout=300)

    def booted(self) -> None:
        """Wait until systemd has started everything."""
        self.try_sh("systemctl is-system-running --wait", self.boot_timeout)
        self.sh("udevadm settle", 150)

    def balloon_driver(self) -> str:
        """The driver that is bound to the balloon device; empty if there is none."""
        return self.sh("""for id in /sys/bus/virtio/devices/*/device; do
            if [ "$(cat "$id")" = 0x0005 ] && [ -e "${id%/device}/driver" ]; then
                basename "$(readlink "${id%/device}/driver")"
            fi
        done""").strip()

    def package(self, command: str) -> str:
        """Run a packaging script, with a long timeout because of dkms."""
        return self.sh(f"{PROJECT_IN_ROOT}/packaging/{command} INITRAMFS=no", 400)

    def to_stock(self) -> None:
        """Move the balloon device from our driver to the stock driver by hand."""
        self.sh(TO_STOCK)
        check(self.balloon_driver() == "virtio_balloon", "the stock driver is not bound")

    def purge(self) -> None:
        """Purge the packages: the stock driver has the device, and the modules are unloaded.

        No initramfs is made, as that takes minutes.
        """
        self.sh("mkdir -p /etc/initramfs-tools; "
                "echo update_initramfs=no > /etc/initramfs-tools/update-initramfs.conf; "
                "if command -v dracut; then ln -sf /bin/true $(command -v dracut); fi")
        said = self.sh("dpkg -P vmhooks-dkms vmhooks", 400)
        check(self.balloon_driver() == "virtio_balloon", f"purge said:\n{said}")
        left = self.sh("cat /proc/modules")
        for name in modules.OURS:
            check(not re.search(rf"^{name}", left, re.M), f"{name} is left:\n{left}")

    def judge(self) -> None:
        """Require a kernel log without bad lines."""
        bad = bad_lines(self.sh("dmesg"), tuple(self._allowed))
        check(not bad, "the kernel's log has:\n" + "\n".join(bad))
