# SPDX-License-Identifier: GPL-2.0-only
"""The guest's file system: a cpio archive, written without external tools."""

import lzma
import os
import shutil
import stat
from collections.abc import Mapping
from pathlib import Path

from .. import cache
from ..kernels import Kernel, foreign, modules
from ..kernels.arch import X86
from ..proc import LabError, must, run
from . import programs
from .verdict import BAD

GUEST = Path(__file__).resolve().parent / "files"
BUSYBOX = Path("/bin/busybox")
# The device drivers that every guest needs, and the stock balloon (not loaded).
LOADED = ("virtio_pci", "virtio_console", "virtio_blk")
LOADED_ARM64 = ("virtio_mmio", *LOADED)
CARRIED = ("virtio_balloon",)


def _header(number: int, mode: int, size: int, name: bytes,
            device: tuple[int, int] = (0, 0)) -> bytes:
    fields = (number, mode, 0, 0, 1, 0, size, 0, 0, *device, len(name) + 1, 0)
    head = b"070701" + b"".join(b"%08X" % value for value in fields) + name + b"\0"
    return head + b"\0" * (-len(head) % 4)


def write_cpio(tree: Path, target: Path) -> None:
    """Write a folder as a newc archive, with /dev/console in it."""
    with open(target, "wb") as out:
        out.write(_header(1, stat.S_IFDIR | 0o755, 0, b"dev"))
        out.write(_header(2, stat.S_IFCHR | 0o600, 0, b"dev/console", (5, 1)))
        for number, path in enumerate(sorted(tree.rglob("*")), 3):
            name = str(path.relative_to(tree)).encode()
            mode = path.lstat().st_mode
            data = b"" if path.is_dir() else path.read_bytes()
            out.write(_header(number, mode, len(data), name))
            out.write(data + b"\0" * (-len(data) % 4))
        out.write(_header(0, 0, 0, b"TRAILER!!!"))


def _needs(kernel: Kernel, name: str) -> list[Path] | None:
    """The files that loading a module takes, none for a built-in one; None: no such module."""
    done = run(["modprobe", "-C", "/dev/null", "-d", str(kernel.modules.parents[2]),
                "-S", kernel.release, "--show-depends", name])
    if done.returncode:
        return None
    return [Path(line.split()[1]) for line in done.stdout.splitlines()
            if line.startswith("insmod ")]


def _copy_module(source: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    if source.suffix == ".xz":
        target.with_suffix("").write_bytes(lzma.decompress(source.read_bytes()))
    else:
        shutil.copy(source, target)


def _fill_modules(kernel: Kernel, tree: Path, extra: tuple[str, ...],
                  built: Path | None) -> list[str]:
    """Write /lib/modules. Returns the modules that the guest loads at boot."""
    loaded = LOADED if kernel.arch is X86 else LOADED_ARM64
    files = {name: _needs(kernel, name) for name in (*loaded, *CARRIED, *extra)}
    for name, found in files.items():
        if found is None and name not in CARRIED:
            raise LabError(f"{kernel.release} has no module {name}")
    target = tree / "lib/modules" / kernel.release
    for path in {path for found in files.values() for path in found or ()}:
        _copy_module(path, target / path.relative_to(kernel.modules))
    for path in modules.objects(built) if built else ():
        _copy_module(path, target / "updates" / path.name)
    for name in ("modules.order", "modules.builtin", "modules.builtin.modinfo"):
        shutil.copy(kernel.modules / name, target)
    must(["depmod", "-b", str(tree), kernel.release])
    return [name for name in loaded if files[name]]


def _busybox(kernel: Kernel) -> Path:
    if kernel.arch is not X86:
        return foreign.busybox(kernel.arch)
    if not BUSYBOX.is_file():
        raise LabError(f"{BUSYBOX} is missing; run packaging/setup")
    return BUSYBOX


def _fill(tree: Path, kernel: Kernel, extra: tuple[str, ...], built: Path | None,
          files: Mapping[str, bytes]) -> None:
    shutil.copytree(programs.build(kernel.arch), tree / "bin")
    shutil.copy(_busybox(kernel), tree / "bin/busybox")
    for name in ("find-port", "verdict"):
        shutil.copy(GUEST / name, tree / "bin")
    shutil.copy(GUEST / "init", tree / "init")
    load = _fill_modules(kernel, tree, extra, built)
    ours = [path.stem for path in modules.objects(built)] if built else []
    etc = {"etc/load": "".join(f"{name}\n" for name in load), "etc/bad": "\n".join(BAD) + "\n",
           "etc/ours": "|".join(ours) or "none"}
    for name, data in {**{name: text.encode() for name, text in etc.items()},
                       **files}.items():
        path = tree / name.lstrip("/")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
        if data[:2] == b"#!" or data[:4] == b"\x7fELF":
            path.chmod(0o755)


def build(kernel: Kernel, extra: tuple[str, ...] = (), ours: bool = True,
          files: Mapping[str, bytes] | None = None) -> Path:
    """The archive for a kernel: busybox, programs, modules, given files."""
    files = files or {}
    built = modules.build(kernel) if ours else None
    key = cache.digest(kernel.release, str(kernel.modules), str(built),
                       *(LOADED_ARM64 if kernel.arch is not X86 else ()),
                       str(programs.build(kernel.arch)), *extra, *BAD,
                       *(path.read_bytes() for path in sorted(GUEST.iterdir())),
                       str(os.stat(_busybox(kernel)).st_mtime_ns),
                       *(part for item in sorted(files.items()) for part in item))

    def make(target: Path) -> None:
        tree = target / "tree"
        tree.mkdir()
        _fill(tree, kernel, extra, built, files)
        write_cpio(tree, target / "initramfs")
        shutil.rmtree(tree)

    return cache.built("initramfs", key, make, keep=24) / "initramfs"
