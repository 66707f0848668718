# SPDX-License-Identifier: GPL-2.0-only
"""The kernels that the lab boots: Debian's own, and the lab's."""

import re
import shutil
from dataclasses import dataclass
from pathlib import Path

from . import cache
from .proc import LabError, must, say

STOCK = ("6.1", "6.12")
LAB = ("lab", "lab-noreport", "bench", "bench-nohooks", "bench-irqs", "lab-kasan", "lab-kcsan",
       "lab-6.1", "lab-7.3")
OLD = ("5.10",)  # of an earlier release of Debian
OTHER_KVM = "lab-kvm"  # the lab kernel with another KVM
TESTED = STOCK + LAB[:2]
SERIES = ("lab-6.1", "lab-7.3")  # the other series with a companion patch
NAMES = (*STOCK, *OLD, *LAB, OTHER_KVM)


@dataclass(frozen=True)
class Kernel:
    """A kernel that can be booted and built against."""

    name: str
    release: str
    image: Path
    modules: Path  # the folder lib/modules/<release>
    headers: Path  # KDIR for modules
    kunit: bool
    tree: Path | None = None  # a root to build in, when it has a compiler of its own


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
    """Download and unpack linux-image-<release>, of the headers' version."""
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
    """The kernel of that name, fetched or built when the cache lacks it."""
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
    if name in LAB:
        from . import labkernel
        home, release = labkernel.ensure(name)
        return Kernel(name, release, home / "bzImage", home / "lib/modules" / release,
                      home / "build", kunit=not name.startswith("bench"))
    if name == OTHER_KVM:
        from . import kvmkernel
        home, lab, release = kvmkernel.ensure()
        return Kernel(name, release, lab / "bzImage", home / "lib/modules" / release,
                      home / "build", kunit=False)
    raise LabError(f"no kernel named {name}; there are {', '.join(NAMES)}")
