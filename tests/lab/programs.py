# SPDX-License-Identifier: GPL-2.0-only
"""The static programs that run in the guest: tests/programs/*.c."""

from pathlib import Path

from . import cache
from .proc import must

SOURCES = Path(__file__).resolve().parent.parent / "programs"
FLAGS = ["-static", "-O2", "-Wall", "-Wextra", "-Werror", "-pthread"]


def build() -> Path:
    """The folder with all programs, compiled when their sources changed."""
    sources = sorted(SOURCES.glob("*.c"))
    key = cache.digest(cache.digest_files(SOURCES, sources), " ".join(FLAGS))

    def compile_all(target: Path) -> None:
        for source in sources:
            must(["gcc", *FLAGS, "-o", str(target / source.stem), str(source)])

    return cache.built("programs", key, compile_all, keep=6)
