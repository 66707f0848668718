# SPDX-License-Identifier: GPL-2.0-only
"""Debian 13's QEMU, beside the machine's own.

Debian 12's QEMU 7.2 misses some of a guest's writes to memory during a migration under TCG.
QEMU 9.0 fixed this. It is unpacked into the cache and run there.
"""

from pathlib import Path

from .. import cache
from ..proc import long_run, say

PACKAGES = "qemu-system-x86,seabios"
RELEASE = "trixie"


def _unpack(target: Path) -> None:
    say("unpacking Debian 13's QEMU (60 MB to download)")
    long_run("QEMU of Debian 13",
             ["mmdebstrap", "--variant=extract", f"--include={PACKAGES}",
              '--aptopt=APT::Install-Recommends "false"', RELEASE, str(target / "root")],
             target, cache.folder("logs") / "newqemu.log")


def command() -> tuple[str, ...]:
    """The words that start this QEMU."""
    root = cache.built("qemu", cache.digest(RELEASE, PACKAGES), _unpack) / "root"
    libraries = root / "usr/lib/x86_64-linux-gnu"
    return (str(libraries / "ld-linux-x86-64.so.2"), "--library-path", str(libraries),
            str(root / "usr/bin/qemu-system-x86_64"),
            "-L", str(root / "usr/share/qemu"), "-L", str(root / "usr/share/seabios"))
