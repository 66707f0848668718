# SPDX-License-Identifier: GPL-2.0-only
"""The static programs that run in the guest: tests/programs/*.c, and one per folder."""

from pathlib import Path

from .. import cache
from ..kernels.arch import X86, Arch
from ..proc import must

SOURCES = Path(__file__).resolve().parent.parent.parent / "programs"
X86_ONLY = ("clockvm", "rawclock", "tsckhz")
FLAGS = ["-static", "-O2", "-Wall", "-Wextra", "-Werror", "-pthread"]


def _programs(arch: Arch) -> dict[str, list[Path]]:
    """The sources of each program."""
    found = {source.stem: [source] for source in sorted(SOURCES.glob("*.c"))}
    folders = sorted(path for path in SOURCES.iterdir() if path.is_dir())
    found |= {path.name: sorted(path.glob("*.c")) for path in folders}
    return {name: files for name, files in found.items() if arch is X86 or name not in X86_ONLY}


def build(arch: Arch = X86) -> Path:
    """The folder with all programs, compiled again if their sources changed."""
    sources = sorted(path for path in SOURCES.rglob("*") if path.suffix in (".c", ".h"))
    key = cache.digest(cache.digest_files(SOURCES, sources), " ".join(FLAGS),
                       *([arch.name] if arch.cross else []))

    def compile_all(target: Path) -> None:
        for name, files in _programs(arch).items():
            must([arch.compiler, *FLAGS, "-o", str(target / name), *map(str, files)])

    return cache.built("programs", key, compile_all, keep=6)
