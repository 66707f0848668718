# SPDX-License-Identifier: GPL-2.0-only
"""The kernels that the lab boots: Debian's own, and the lab's."""

import re
import shutil
from dataclasses import dataclass
from pathlib import Path

from .. import cache
from ..proc import LabError, must, say
from .arch import ARM64, X86, Arch

STOCK = ("6.1", "6.12")
LAB = ("lab", "lab-noreport", "lab-builtin", "bench", "bench-nohooks", "bench-irqs", "lab-kasan", "lab-kcsan",
       "lab-6.1", "lab-7.3")
OLD = ("5.10",)  # of an earlier release of Debian
LAB_ARM64 = ("lab-arm64", "lab-arm64-16k", "lab-arm64-64k", "lab-arm64-kcsan")
STOCK_ARM64 = ("6.12-arm64", "6.12-arm64-16k")
OTHER_KVM = "lab-kvm"  # the lab kernel with another KVM
TESTED = STOCK + LAB[:2]
SERIES = ("lab-6.1", "lab-7.3")  # the other series with a companion patch
NAMES = (*STOCK, *OLD, *LAB, OTHER_KVM, *LAB_ARM64, *STOCK_ARM64)


@dataclass(frozen=True)
class Kernel:
    """A kernel to boot and to build modules for."""

    name: str
    release: str
    image: Path
    modules: Path  # the folder lib/modules/<release>
    headers: Path  # KDIR for modules
    kunit: bool
    tree: Path | None = None  # the root to build in, if the kernel needs its compiler
    arch: Arch = X86

    @property
    def page_shift(self) -> int:
        """The page size is 1 << page_shift."""
        return {"16k": 14, "64k": 16}.get(self.name.rpartition("-")[2], 12)


def _version_key(path: Path) -> list[int]:
    return [int(number) for number in re.findall(r"\d+", path.name)]


def _headers(name: str) -> Path:
    """The newest installed headers of a Debian kernel series."""
    pattern = re.compile(rf"linux-headers-{re.escape(name)}\.\d+[^a-z]*(deb\d+)?-amd64")
    found = [path for path in Path("/usr/src").glob(f"linux-headers-{name}.*")
             if pattern.fullmatch(path.name)]
    if not found:
        raise LabError(f"no headers of kernel {name} in /usr/src; run packaging/setup")
    return max(found, key=_version_key)


def _fetch_image(release: str, target: Path) -> None:
    """Download and unpack linux-image-<release> of the headers' version."""
    version = must(["dpkg-query", "-W", "-f=${Version}", f"linux-headers-{release}"])
    say(f"downloading linux-image-{release} {version} (about 100 MB)")
    load = target / "load"
    load.mkdir()
    try:
        must(["apt-get", "-o", "APT::Sandbox::User=root", "download",
              f"linux-image-{release}={version}"], cwd=load, timeout=1200)
    except LabError as error:
        raise LabError(
            f"linux-image-{release} {version} cannot be downloaded; if Debian has a "
            "newer one, run: apt-get update && apt-get install "
            f"linux-headers-amd64 linux-headers-6.12-amd64\n{error}") from error
    say(f"unpacking linux-image-{release}")
    must(["dpkg", "-x", str(next(load.glob("*.deb"))), str(target / "root")])
    (target / "root/boot" / f"vmlinuz-{release}").rename(target / "vmlinuz")
    (target / "lib").mkdir()
    (target / "root/lib/modules").rename(target / "lib/modules")
    shutil.rmtree(target / "root")
    shutil.rmtree(load)
    must(["depmod", "-b", str(target), release])


def _stock(name: str) -> Kernel:
    headers = _headers(name)
    release = headers.name.removeprefix("linux-headers-")
    home = cache.built("kernels", release, lambda path: _fetch_image(release, path))
    return Kernel(name, release, home / "vmlinuz", home / "lib/modules" / release,
                  headers, kunit=False)


def get(name: str) -> Kernel:
    """The kernel of this name, fetched or built if it is not in the cache."""
    if name in STOCK:
        return _stock(name)
    if name in OLD:
        from . import oldkernel
        home = oldkernel.home(name)
        release = (home / "release").read_text()
        tree = home / "tree"
        return Kernel(name, release, tree / f"boot/vmlinuz-{release}",
                      tree / "lib/modules" / release, tree / f"usr/src/linux-headers-{release}",
                      kunit=False, tree=tree)
    if name in (*LAB, *LAB_ARM64):
        from . import labkernel
        home, release = labkernel.ensure(name)
        arch = labkernel.VARIANTS[name].arch
        return Kernel(name, release, home / arch.image[0], home / "lib/modules" / release,
                      home / "build", kunit=not name.startswith("bench"), arch=arch)
    if name in STOCK_ARM64:
        from . import foreign
        home, release = foreign.kernel(name, ARM64)
        return Kernel(name, release, home / "vmlinuz", home / "lib/modules" / release,
                      home / "headers", kunit=False, arch=ARM64)
    if name == OTHER_KVM:
        from . import kvmkernel
        home, lab, release = kvmkernel.ensure()
        return Kernel(name, release, lab / "bzImage", home / "lib/modules" / release,
                      home / "build", kunit=False)
    raise LabError(f"no kernel named {name}; there are {', '.join(NAMES)}")
