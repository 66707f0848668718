# SPDX-License-Identifier: GPL-2.0-only
"""The Debian packages, as "make deb" builds them on this machine, and roots that have them."""

import shutil
from pathlib import Path

from .. import cache
from ..checks.sources import tracked
from ..kernels.modules import TOP
from ..proc import must
from . import root
from .root import Root
from .system import System, base as base_of, make

PARTS = ("debian", "docs", "modules", "packaging", "tools")
FILES = ("CHANGELOG.md", "Kbuild", "LICENSE", "Makefile", "dkms.conf")
# As a build is slow, and what is built does not matter to the package.
COPY = """case $1 in FAILS_FOR) echo "not for kernel $1"; exit 1 ;; esac
from=$(find "/lib/modules/$1/kernel/drivers/virtio" -name 'virtio_balloon.ko*')
for name in mm_hooks balloon_report kvmclock_fix; do
    case $from in
    *.xz) xz -dc "$from" > "$name.ko" ;;
    *) cp "$from" "$name.ko" ;;
    esac
done"""
WHEN = "1700000000"  # so that two builds are equal


def _sources() -> list[Path]:
    """The files of the tree that the packages are built from."""
    return sorted(path for path in tracked()
                  if path.relative_to(TOP).parts[0] in (*PARTS, *FILES))


def copy_tree(target: Path) -> None:
    """A copy of these files."""
    for path in _sources():
        place = target / path.relative_to(TOP)
        place.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(path, place)


def build(tree: Path, out: Path) -> None:
    """Run packaging/deb in a tree."""
    must(["env", f"SOURCE_DATE_EPOCH={WHEN}", f"OUT={out}", str(tree / "packaging/deb")],
         timeout=300)


def _built(changes: str) -> Path:
    """A folder with the packages of a tree after these shell commands."""

    def make(target: Path) -> None:
        tree = target / "tree"
        copy_tree(tree)
        must(["bash", "-ec", f"cd {tree}\n{changes}"])
        build(tree, target)
        shutil.rmtree(tree)

    key = cache.digest(cache.digest_files(TOP, _sources()), changes, WHEN)
    return cache.built("debs", key, make, keep=8)


def real() -> Path:
    """The packages of this tree."""
    return _built("")


def copied(version: str, fails_for: str = "") -> Path:
    """Packages of a version whose build copies a module of the kernel, three times.

    fails_for: the kernels for which it fails, as a pattern of the shell
    """
    return _built(f"""rm -rf modules/* Kbuild
        echo 'obj-m := none.o' > Kbuild
        cat > modules/make <<'END'
{COPY.replace("FAILS_FOR", fails_for or "none")}
END
        sed -i -e 's/^PACKAGE_VERSION=.*/PACKAGE_VERSION="{version}"/' \
            -e 's|^MAKE\\[0\\]=.*|MAKE[0]="sh modules/make ${{kernelver}}"|' dkms.conf""")


def _digest() -> str:
    """Changes with what the packages do."""
    return cache.digest_files(TOP, [path for path in _sources()
                                    if path.relative_to(TOP).parts[0] != "docs"
                                    and path.suffix != ".md"])


def installed(series: str) -> Root:
    """A root in which the packages of this tree were installed, for one of its two kernels."""
    base = base_of()
    release = base.release(series)
    return root.grow(base, "install the packages", f"""set -e
        for kernel in $(ls /lib/modules); do
            [ "$kernel" = {release} ] || rm "/lib/modules/$kernel/build"
        done
        dpkg -i /mnt/vmhooks*.deb
        modinfo -k {release} balloon_report mm_hooks kvmclock_fix""",
                     real(), _digest())


def tree() -> Path:
    """A copy of the files that the packages are built from."""
    return cache.built("debs", cache.digest(cache.digest_files(TOP, _sources()), "tree"),
                       copy_tree, keep=8)


def installed_on(system: System) -> Root:
    """The root of a system that has installed the packages, for all of its kernels."""
    base = make(system)
    place = "/mnt"
    if system.builds:
        base = root.grow(base, "make deb", f"""set -e
            cp -r /mnt /tmp/tree
            cd /tmp/tree
            OUT=/opt/out SOURCE_DATE_EPOCH={WHEN} packaging/deb""", tree(), _digest())
        place = "/opt/out"
    return root.grow(base, "install the packages", f"dpkg -i {place}/vmhooks*.deb", real(),
                     _digest(), timeout=3000)


def stock_first(series: str) -> Root:
    """The distribution's root, whose initramfs loads the stock driver."""
    base = base_of()
    return root.grow(base, "the stock driver in the initramfs", f"""set -e
        echo virtio_balloon >> /etc/initramfs-tools/modules
        update-initramfs -u -k {base.release(series)}""", None)
