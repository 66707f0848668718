# SPDX-License-Identifier: GPL-2.0-only
"""Builds of our modules, one folder for each kernel and state of the sources."""

import os
import shutil
import subprocess
from pathlib import Path

from . import cache, oldkernel
from .kernels import Kernel
from .proc import LabError, run

TOP = Path(__file__).resolve().parent.parent.parent
OURS = ("balloon_report", "kvmclock_fix", "mm_hooks")
TEST_MODULES = tuple(Path("tests") / name
                     for name in ("fake_clock", "fake_host", "filler", "nmi_free",
                                   "shrinkable", "slow_drain"))
LOG = "build.log"


class BuildError(LabError):
    """Our modules do not build for a kernel; the text is the compiler's."""


def sources() -> list[Path]:
    """The files that a module build reads: tracked, or new and not ignored."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard",
         "--", "Kbuild", "modules", *map(str, TEST_MODULES)], cwd=TOP, capture_output=True, check=False)
    if listed.returncode == 0:
        names = [Path(name) for name in listed.stdout.decode().split("\0") if name]
    else:  # an unpacked archive: no git
        names = [Path("Kbuild"), *(path.relative_to(TOP)
                                   for folder in (Path("modules"), *TEST_MODULES)
                                   for path in (TOP / folder).rglob("*")
                                   if path.suffix in (".c", ".h", ".sh")
                                   or path.name == "Kbuild")]
    return sorted({TOP / name for name in names if (TOP / name).is_file()})


def _make(kernel: Kernel, top: Path, folder: Path, extra: list[str]) -> tuple[int, str]:
    words = [f"-j{os.cpu_count() or 1}", "W=1",
             *(["VMHOOKS_KUNIT=1"] if kernel.kunit else []), *extra]
    if kernel.tree:
        return oldkernel.make(kernel.tree, kernel.release, top, folder, words)
    done = run(["nice", "-n", "5", "make", "-C", str(kernel.headers), f"M={top / folder}",
                *words, "modules"])
    return done.returncode, done.stdout


def _build(kernel: Kernel, target: Path, extra: list[str], without: str) -> None:
    for path in sources():
        copy = target / path.relative_to(TOP)
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(path, copy)
    if without:
        header = target / "without.h"
        header.write_text(f"#undef {without}\n")
        extra = [*extra, f"KCFLAGS=-include {header}", f"{without}="]
    status, output = _make(kernel, target, Path(), extra)
    # Those share the compile probes of ours; they are for newer kernels.
    for folder in () if kernel.tree else TEST_MODULES:
        if not status:
            status, more = _make(kernel, target, folder, extra)
            output += more
    output = output.replace(f"{target}/", "")
    (target / LOG).write_text(output)
    if status:
        errors = [line for line in output.splitlines() if "rror" in line] or \
            output.splitlines()[-20:]
        raise BuildError(f"our modules do not build for {kernel.name}:\n" +
                         "\n".join(errors[:20]))


def build(kernel: Kernel, sparse: bool = False, without: str = "", unset: str = "") -> Path:
    """The folder with our modules and those of the tests built for a kernel, with W=1.

    without: an option that they are built as if that kernel did not have it
    unset: the same in the makefiles only: they have other files, and that kernel loads them
    """
    files = sources()
    if TOP / "Kbuild" not in files:
        raise BuildError("there is no Kbuild: nothing to build")
    extra = [*(["C=2"] if sparse else []), *([f"{unset}="] if unset else [])]
    key = cache.digest(cache.digest_files(TOP, files), str(kernel.headers),
                       kernel.release, *extra, without)
    return cache.built("modules", f"{kernel.name}-{key}",
                       lambda target: _build(kernel, target, extra, without), keep=24)


def objects(folder: Path) -> list[Path]:
    """The modules of a build, those of the tests included."""
    return [*folder.glob("*.ko"), *(each for where in TEST_MODULES
                                    for each in (folder / where).glob("*.ko"))]


def warnings(folder: Path) -> list[str]:
    """What the compiler or sparse complained about in a build."""
    return [line for line in (folder / LOG).read_text().splitlines()
            if "warning:" in line or "error:" in line]
