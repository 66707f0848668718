# SPDX-License-Identifier: GPL-2.0-only
"""A limit of memory for several QEMUs together, as a host with less than its guests' sum has it.

It is a memory cgroup, of version 1 or 2, and needs root. Nothing in it is swapped out unless it
may be. Where the limit is exceeded, the kernel kills one of the QEMUs, or a victim.
"""

import contextlib
import os
import re
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from ..proc import LabError, must
from .qemu import QEMU

_ROOT = Path("/sys/fs/cgroup")
# The files of either version: the limit, what is in use, and where a 0 forbids swap.
_V1 = ("memory.limit_in_bytes", "memory.usage_in_bytes", "memory.swappiness")
_V2 = ("memory.max", "memory.current", "memory.swap.max")


class Limit:
    """A group of QEMUs that share one limit."""

    def __init__(self, folder: Path, names: tuple[str, str, str], swaps: bool) -> None:
        self._folder = folder
        self._limit, self._usage, self._swap = (folder / name for name in names)
        self._swaps = swaps
        self._mib = 0

    def command(self) -> tuple[str, ...]:
        """The words that start a QEMU in the group."""
        return ("/bin/sh", "-c", f'{self._enter()} && exec {QEMU} "$@"', QEMU)

    def _enter(self) -> str:
        return f"echo $$ >{self._folder}/cgroup.procs"

    def victim(self) -> None:
        """Run a program that takes memory until the kernel kills it, and not a QEMU."""
        script = f"{self._enter()} && echo 1000 >/proc/self/oom_score_adj && exec tail /dev/zero"
        subprocess.run(["/bin/sh", "-c", script], check=False, stderr=subprocess.DEVNULL)

    def reclaim(self, mib: int) -> int:
        """Lower the limit for a moment by this much below what is in use.

        Returns the bytes that were swapped out.
        """
        before, used = _swapped(), int(self._usage.read_text())
        with contextlib.suppress(OSError):  # no more can be reclaimed
            self._limit.write_text(str(used - (mib << 20)))
        self.set(self._mib)
        return _swapped() - before

    def kills(self) -> int:
        """How many processes the kernel has killed in the group."""
        for name in ("memory.oom_control", "memory.events"):
            if (file := self._folder / name).exists():
                found = dict(line.split() for line in file.read_text().splitlines())
                return int(found.get("oom_kill", 0))
        return 0

    def set(self, mib: int) -> None:
        """Limit the memory of the whole group."""
        self._mib = mib
        if self._swap.exists() and not self._swaps:
            self._swap.write_text("0")
        self._limit.write_text(str(mib << 20))

    def end(self) -> None:
        """Remove the group, whose processes have ended or are about to."""
        for _ in range(100):
            with contextlib.suppress(OSError):
                self._folder.rmdir()
                return
            time.sleep(0.1)


def _base() -> tuple[Path, tuple[str, str, str]]:
    """Where groups are made, and the names of their files."""
    if (_ROOT / "memory").is_dir():
        return _ROOT / "memory", _V1
    if "memory" in (_ROOT / "cgroup.controllers").read_text().split():
        with contextlib.suppress(OSError):
            (_ROOT / "cgroup.subtree_control").write_text("+memory")
        return _ROOT, _V2
    raise LabError(f"{_ROOT} has no memory controller")


def _swapped() -> int:
    """Bytes that the machine has swapped out since its boot."""
    found = re.search(r"^pswpout (\d+)$", Path("/proc/vmstat").read_text(), re.M)
    return int(found[1]) * os.sysconf("SC_PAGE_SIZE") if found else 0


@contextlib.contextmanager
def swap(mib: int) -> Iterator[None]:
    """A file of this size is swap of the machine during a "with" statement."""
    with tempfile.NamedTemporaryFile(prefix="vmhooks-swap", dir="/var/tmp") as file:
        os.posix_fallocate(file.fileno(), 0, mib << 20)
        must(["mkswap", file.name])
        must(["swapon", file.name])
        try:
            yield
        finally:
            must(["swapoff", file.name])


@contextlib.contextmanager
def limit(mib: int, swaps: bool = False) -> Iterator[Limit]:
    """A group with this limit in MiB for the QEMUs of a "with" statement.

    swaps: what it uses may be swapped out
    """
    try:
        base, names = _base()
        folder = base / f"vmhooks-{os.getpid()}"
        folder.mkdir(exist_ok=True)
        group = Limit(folder, names, swaps)
        group.set(mib)
    except OSError as error:
        raise LabError(f"no memory cgroup can be made, which needs root: {error}") from error
    try:
        yield group
    finally:
        group.end()
