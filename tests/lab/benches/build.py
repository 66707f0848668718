# SPDX-License-Identifier: GPL-2.0-only
"""A guest that works like a machine for builds: small files on a disk, and programs' memory."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from .. import MIB
from ..guest import Guest
from .measure import guest, load, settle

DISK_MB = 1024
FOLDER = "/disk"
_DONE = "/tmp/built"


def _modules(kernel: str) -> tuple[str, ...]:
    """What a kernel of Debian's needs for the disk. The lab's have it built in."""
    return ("virtio_blk", "crc32c_generic", "ext4") if kernel[0].isdigit() else ()


@contextmanager
def machine(kernel: str, variant: str, **more: Any) -> Iterator[Guest]:
    """A guest with a variant's driver and an empty disk at FOLDER."""
    with tempfile.NamedTemporaryFile(prefix="vmhooks-disk") as disk:
        disk.truncate(DISK_MB * MIB)
        with guest(kernel, variant, disks=(Path(disk.name),), lifetime=1800,
                   extra_modules=_modules(kernel), **more) as target:
            for name in _modules(kernel):
                target.sh(f"modprobe {name}")
            target.poll("the disk", lambda: not target.try_sh("test -b /dev/vda")[0], 20)
            load(target, variant)
            target.sh(f"mke2fs /dev/vda >/dev/null && mkdir {FOLDER} && "
                      f"mount -t ext4 /dev/vda {FOLDER}", 120)
            settle(target, calm=4)
            yield target


def start(target: Guest, jobs: int) -> None:
    """Run jobs to their end. Each keeps single pages until end()."""
    target.sh(f"rm -f {_DONE}; (buildmix {FOLDER} {jobs} {_DONE} >/dev/null 2>&1 &); "
              f"while ! [ -p {_DONE} ]; do sleep 0.2; done", 500)


def end(target: Guest) -> None:
    """Let the jobs free their pages."""
    target.sh(f"echo >{_DONE}; while pidof buildmix >/dev/null; do sleep 0.1; done", 60)
