# SPDX-License-Identifier: GPL-2.0-only
"""Debian roots with dkms and kernels, made once by mmdebstrap."""

import os
from dataclasses import dataclass
from pathlib import Path

from .. import cache
from ..kernels.arch import ARM64, X86, Arch
from ..proc import Skip, long_run, run, say
from .root import CONFINE, Root, namespace, session

PACKAGES = ("systemd-sysv", "udev", "kmod", "dkms", "make", "openssl", "mokutil", "zstd", "ccache")
BUILD_PACKAGES = ("build-essential", "debhelper")  # for "make deb" in a root
# The metapackages of two kernels of each release. An emulated build is slow, so arm64 has one.
FLAVOURS = {("bookworm", X86): ("amd64", "6.12-amd64"), ("trixie", X86): ("amd64", "rt-amd64"),
            ("bookworm", ARM64): ("6.12-arm64",), ("trixie", ARM64): ("arm64",)}
# Only modules for a guest of the lab, as the others make each copy, initramfs and image
# slow.
OLD_PLACE, PLACE = "/lib/modules/*/kernel", "/usr/lib/modules/*/kernel"
OLD_PLACES = ("bullseye", "bookworm")
# Made together and only once, as the package scripts would make each several times.
MAKE_INITRAMFS = {False: """
for image in "$1"/boot/vmlinuz-*; do
  chroot "$1" update-initramfs -c -k "${image##*/vmlinuz-}" &
done
wait
""", True: """
for image in "$1"/boot/vmlinuz-*; do
  kernel=${image##*/vmlinuz-}
  chroot "$1" dracut -q --force --no-hostonly "/boot/initrd.img-$kernel" "$kernel"
done
"""}
BINFMT = Path("/proc/sys/fs/binfmt_misc")


@dataclass(frozen=True)
class System:
    """What a root is made of.

    flavours: of the metapackages linux-image-... and linux-headers-...
    dracut: it makes the initramfs, and not initramfs-tools
    more: packages that a test runs in it
    """

    release: str
    flavours: tuple[str, ...]
    arch: Arch = X86
    dracut: bool = False
    more: tuple[str, ...] = ()

    @property
    def builds(self) -> bool:
        """It builds the packages itself, as the machine's need its C library."""
        return self.arch is not X86 or self.release == "bullseye"

    @property
    def packages(self) -> list[str]:
        """Packages beside the essential ones."""
        return [*PACKAGES, "dracut" if self.dracut else "initramfs-tools", *self.more,
                *(f"linux-{part}-{flavour}" for flavour in self.flavours
                  for part in ("image", "headers")),
                *(BUILD_PACKAGES if self.builds else ()),
                *(["dh-dkms"] if self.builds and self.release != "bullseye" else [])]

    @property
    def paths(self) -> list[str]:
        """What dpkg leaves out, and the exceptions."""
        place = OLD_PLACE if self.release in OLD_PLACES else PLACE
        return ["exclude=/usr/share/doc/*", "exclude=/usr/share/man/*",
                "exclude=/usr/share/locale/*",
                *(f"exclude={place}/{part}/*" for part in ("drivers", "sound", "net", "fs")),
                *(f"include={place}/{part}/*" for part in (
                    "drivers/virtio", "drivers/block", "drivers/char", "drivers/firmware",
                    "fs/ext4", "fs/jbd2", "fs/autofs", "fs/efivarfs", "fs/nls")),
                f"include={place}/fs/mbcache.ko*"]

    @property
    def key(self) -> str:
        """Changes with what the root is made of."""
        return cache.digest(self.release, self.arch.name, MAKE_INITRAMFS[self.dracut],
                            *self.packages, *self.paths)


def _require_namespaces() -> None:
    if os.geteuid() != 0:
        raise Skip("only root can make and mount a Debian root")
    with session(Root((Path("/usr"),))) as inside:
        lower = f"lowerdir=/usr,upperdir={inside.upper},workdir={inside.scratch / 'work'}"
        probe = namespace('mount -t overlay overlay -o "$1" "$2"', lower,
                           str(inside.scratch / "joined"))
        if run(probe).returncode:
            raise Skip("overlay mounts are not possible on this machine")


def _require_emulator(arch: Arch) -> None:
    """Let the machine's kernel start programs of another architecture by qemu-user-static."""
    name = f"qemu-{arch.machine}"
    if (BINFMT / name).exists():
        return
    if not (BINFMT / "register").exists():
        run(["mount", "-t", "binfmt_misc", "binfmt_misc", str(BINFMT)])
    if not (BINFMT / "register").exists():
        raise Skip("this kernel has no binfmt_misc, which starts programs of another architecture")
    (BINFMT / "register").write_text(Path(f"/usr/lib/binfmt.d/{name}.conf").read_text())


def _bootstrap(system: System, target: Path) -> None:
    say(f"making a root of Debian {system.release} for {system.arch.name} with dkms and "
        f"{' and '.join(system.flavours)} (about a minute, ten if it is emulated)")
    log = cache.folder("logs") / f"mmdebstrap-dkms-{system.key}.log"
    log.unlink(missing_ok=True)
    options = ["--mode=root", "--variant=essential", f"--architectures={system.arch.debian}",
               f"--include={','.join(system.packages)}",
               '--aptopt=APT::Install-Recommends "false"', "--dpkgopt=force-unsafe-io",
               # A mirror may be weeks behind.
               *(['--aptopt=Acquire::Check-Valid-Until "false"'] if system.release == "sid"
                 else []),
               *(f"--dpkgopt=path-{path}" for path in system.paths),
               *([f"--customize-hook={MAKE_INITRAMFS[system.dracut]}"]
                 if system.arch is X86 else [])]
    long_run("mmdebstrap", [*CONFINE, "env", "INITRD=No", "mmdebstrap", *options, system.release,
                            str(target / "tree")], target, log)


def make(system: System) -> Root:
    """The root of a system, without vmhooks.

    It has the distribution's initramfs, unless it is of another architecture.
    """
    _require_namespaces()
    if system.arch is not X86:
        _require_emulator(system.arch)
    return Root((cache.built("roots", system.key, lambda target: _bootstrap(system, target),
                             keep=14) / "tree",))


def base(release: str = "bookworm", arch: Arch = X86) -> Root:
    """The root of a Debian release with the kernels that most tests need."""
    return make(System(release, FLAVOURS[release, arch], arch))
