# SPDX-License-Identifier: GPL-2.0-only
"""The static programs that run in the guest: tests/programs/*.c, and one for each folder."""

from pathlib import Path

from . import cache
from .proc import must

SOURCES = Path(__file__).resolve().parent.parent / "programs"
FLAGS = ["-static", "-O2", "-Wall", "-Wextra", "-Werror", "-pthread"]


def _programs() -> dict[str, list[Path]]:
    """The sources of each program."""
    found = {source.stem: [source] for source in sorted(SOURCES.glob("*.c"))}
    folders = sorted(path for path in SOURCES.iterdir() if path.is_dir())
    return found | {path.name: sorted(path.glob("*.c")) for path in folders}


def build() -> Path:
    """The folder with all programs, compiled when their sources changed."""
    sources = sorted(path for path in SOURCES.rglob("*") if path.suffix in (".c", ".h"))
    key = cache.digest(cache.digest_files(SOURCES, sources), " ".join(FLAGS))

    def compile_all(target: Path) -> None:
        for name, files in _programs().items():
            must(["gcc", *FLAGS, "-o", str(target / name), *map(str, files)])

    return cache.built("programs", key, compile_all, keep=6)
