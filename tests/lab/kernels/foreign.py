# SPDX-License-Identifier: GPL-2.0-only
"""Debian packages of another architecture, unpacked and never installed.

apt gets folders of its own for their lists, so the machine's packages stay those of one
architecture.
"""

import re
import shutil
from pathlib import Path

from .. import cache
from ..proc import LabError, must, say
from .arch import Arch


def _apt(arch: Arch, state: Path) -> list[str]:
    """Options of apt that make it see the packages of an architecture only."""
    return ["-q", "-o", f"APT::Architecture={arch.debian}",
            "-o", f"APT::Architectures={arch.debian}",
            "-o", f"Dir::State={state}", "-o", f"Dir::State::status={state / 'status'}",
            "-o", f"Dir::Cache={state}", "-o", "APT::Sandbox::User=root"]


def _unpack(arch: Arch, packages: list[str], target: Path) -> None:
    """Download packages by name and unpack them into target/root."""
    state = target / "apt"
    (state / "lists/partial").mkdir(parents=True)
    (state / "archives/partial").mkdir(parents=True)
    (state / "status").touch()
    options = _apt(arch, state)
    say(f"downloading {', '.join(packages)} for {arch.name}")
    must(["apt-get", *options, "update"], timeout=600)
    must(["apt-get", *options, "download", *packages], cwd=target, timeout=1200)
    for file in target.glob("*.deb"):
        must(["dpkg", "-x", str(file), str(target / "root")])
        file.unlink()
    shutil.rmtree(state)


def busybox(arch: Arch) -> Path:
    """A static busybox for an architecture."""
    home = cache.built("foreign", f"busybox-{arch.name}",
                       lambda target: _unpack(arch, ["busybox-static"], target))
    return home / "root/bin/busybox"


def _headers_of(series: str) -> str:
    """The release of Debian's kernel whose headers are here, without its flavour.

    The other architecture shares the common part of the headers and their programs.
    """
    found = sorted(Path("/usr/src").glob(f"linux-headers-{series}.*-common"),
                   key=lambda path: [int(part) for part in re.findall(r"\d+", path.name)])
    if not found:
        raise LabError(f"no headers of kernel {series} in /usr/src; run packaging/setup")
    return found[-1].name.removeprefix("linux-headers-").removesuffix("-common")


def _kernel(base: str, release: str, arch: Arch, target: Path) -> None:
    version = must(["dpkg-query", "-W", "-f=${Version}", f"linux-headers-{base}-common"])
    _unpack(arch, [f"linux-image-{release}={version}", f"linux-headers-{release}={version}"],
            target)
    root = target / "root"
    (root / "boot" / f"vmlinuz-{release}").rename(target / "vmlinuz")
    (target / "lib").mkdir()
    (root / "lib/modules").rename(target / "lib/modules")
    (root / "usr/src" / f"linux-headers-{release}").rename(target / "headers")
    for name in ("scripts", "tools"):  # relative links
        link = target / "headers" / name
        link.unlink()
        link.symlink_to(Path(f"/usr/lib/linux-kbuild-{base}") / name)
    shutil.rmtree(root)
    must(["depmod", "-b", str(target), release])


def kernel(name: str, arch: Arch) -> tuple[Path, str]:
    """The folder of Debian's kernel (vmlinuz, headers, lib/modules) and its release.

    name: series and flavour, such as 6.12-arm64-16k
    """
    series, flavour = name.split("-", 1)
    base = _headers_of(series)
    release = f"{base}-{flavour}"
    home = cache.built("foreign", release, lambda target: _kernel(base, release, arch, target))
    return home, release
