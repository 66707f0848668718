# SPDX-License-Identifier: GPL-2.0-only
"""Kernel sources with their companion patch: Debian's linux-source packages.

packaging/setup installs that of SERIES. Those of the other series with a patch are fetched
into the cache when they are needed.
"""

import shutil
from pathlib import Path

from .. import cache
from ..proc import LabError, long_run, must, say

TOP = Path(__file__).resolve().parent.parent.parent.parent
SERIES = "6.12"
# Series to the Debian release that has it, after the releases that it builds upon.
RELEASES = {"6.1": ("bookworm",), "7.3": ("trixie", "trixie-backports")}


def patched() -> list[str]:
    """The series that have a companion patch."""
    return sorted(path.name for path in (TOP / "patches").iterdir() if path.is_dir())


def patches(series: str) -> list[Path]:
    """The companion patch of a series, in order."""
    return sorted((TOP / "patches" / series).glob("*.patch"))


def mirror() -> str:
    """The archive from which this machine gets Debian's packages."""
    found = must(["apt-get", "indextargets", "--format", "$(REPO_URI)", "Identifier: Packages",
                  "Origin: Debian", "Label: Debian", "Component: main"]).split()
    if not found:
        raise LabError("apt knows no archive of Debian's packages; run apt-get update")
    return found[0]


def _fetch(series: str, target: Path) -> None:
    package = f"linux-source-{series}"
    releases = RELEASES[series]
    where = mirror()
    say(f"fetching {package} of {releases[-1]} (150 MB to download)")
    long_run(package, ["mmdebstrap", "--variant=extract", f"--include={package}",
                       '--aptopt=APT::Install-Recommends "false"', releases[0],
                       str(target / "root"),
                       *(f"deb {where} {release} main" for release in releases)],
             target, cache.folder("logs") / f"{package}.log")
    (target / "root/usr/src" / f"{package}.tar.xz").rename(target / f"{package}.tar.xz")
    shutil.rmtree(target / "root")


def archive(series: str) -> Path:
    """The package's archive."""
    name = f"linux-source-{series}.tar.xz"
    if series == SERIES:
        path = Path("/usr/src") / name
        if not path.is_file():
            raise LabError(f"{path} is missing; run packaging/setup")
        return path
    if series not in RELEASES:
        raise LabError(f"no Debian release is known to have linux-source-{series}")
    return cache.built("sources", series, lambda target: _fetch(series, target)) / name


def key(series: str) -> str:
    """Changes with the version of the source."""
    path = archive(series)
    if series == SERIES:
        return must(["dpkg-query", "-W", "-f=${Version}", f"linux-source-{series}"])
    return f"{series} {path.stat().st_size}"


def unpack(series: str, target: Path, members: list[str]) -> None:
    """Unpack a source, or some of its members, into a folder."""
    must(["tar", "-xJf", str(archive(series)), "-C", str(target), "--strip-components=1",
          *(f"linux-source-{series}/{member}" for member in members)], timeout=900)


def apply_patches(files: list[Path], tree: Path) -> None:
    """Apply patches without fuzz."""
    for file in files:
        must(["patch", "-p1", "--fuzz=0", "--no-backup-if-mismatch", "-i", str(file)], cwd=tree)


def tools() -> Path:
    """A folder with checkpatch, kernel-doc and kunit.py, placed as in the source."""
    members = ["scripts/checkpatch.pl", "scripts/spelling.txt",
               "scripts/const_structs.checkpatch", "scripts/kernel-doc", "tools/testing/kunit"]
    return cache.built("source-tools", cache.digest(key(SERIES), *members),
                       lambda target: unpack(SERIES, target, members))
