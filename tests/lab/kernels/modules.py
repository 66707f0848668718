# SPDX-License-Identifier: GPL-2.0-only
"""Builds of our modules, one folder for each kernel and state of the sources."""

import contextlib
import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

from .. import cache
from ..proc import LabError, must, run
from . import Kernel, oldkernel
from .arch import X86

TOP = Path(__file__).resolve().parent.parent.parent.parent
OURS = ("balloon_report", "kvmclock_fix", "mm_hooks")
TEST_MODULES = tuple(Path("tests") / name
                     for name in ("cover", "fake_clock", "fake_host", "filler", "nmi_free",
                                   "shrinkable", "slow_drain"))
X86_TEST_MODULES = ("fake_clock", "nmi_free")
LOG = "build.log"
FAULTS = Path(__file__).resolve().parent / "broken"
COVERED = ("lab-kasan",)  # kernels whose modules record what has run; see tests/cover
NO_KERNEL_DOC = ["cmd_checkdoc="]  # of W=1; static/kernel_doc checks more


class BuildError(LabError):
    """Our modules do not build for a kernel; the text is the compiler's."""


def sources() -> list[Path]:
    """The files that a module build reads: tracked, or new and not ignored."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard",
         "--", "Kbuild", "dkms.conf", "modules", *map(str, TEST_MODULES)], cwd=TOP, capture_output=True, check=False)
    if listed.returncode == 0:
        names = [Path(name) for name in listed.stdout.decode().split("\0") if name]
    else:  # an unpacked archive: no git
        names = [Path("Kbuild"), Path("dkms.conf"), *(path.relative_to(TOP)
                                   for folder in (Path("modules"), *TEST_MODULES)
                                   for path in (TOP / folder).rglob("*")
                                   if path.suffix in (".c", ".h", ".sh")
                                   or path.name == "Kbuild")]
    return sorted({TOP / name for name in names if (TOP / name).is_file()})


def environment() -> dict[str, str]:
    """Debian's ccache stands in for every compiler; how it is called does not change."""
    return {**os.environ, **cache.CCACHE_RULES, "PATH": f"{cache.CCACHE}:{os.environ['PATH']}",
            "CCACHE_DIR": str(cache.folder("ccache")), "CCACHE_MAXSIZE": "2G"}


def _make(kernel: Kernel, top: Path, extra: list[str]) -> tuple[int, str]:
    words = [f"-j{os.cpu_count() or 1}", "W=1", *NO_KERNEL_DOC,
             *(["VMHOOKS_KUNIT=1"] if kernel.kunit else []), *extra]
    if kernel.tree:
        return oldkernel.make(kernel.tree, kernel.release, top, words)
    done = run(["nice", "-n", "5", "make", "-C", str(kernel.headers), f"M={top}",
                *kernel.arch.make, *words, "modules"], env=environment(), timeout=1800)
    return done.returncode, done.stdout


@contextlib.contextmanager
def place(name: str, target: Path) -> Iterator[Path]:
    """A folder to build in, whose files are in the target afterwards.

    The same folder each time, as ccache tells compilations apart by their paths too. The
    target itself when another process builds there.
    """
    with cache.lock(f"building-{name}", wait=False) as free:
        if not free:
            yield target
            return
        where = cache.folder("building") / name
        shutil.rmtree(where, ignore_errors=True)
        where.mkdir()
        yield where
        for path in where.iterdir():
            path.rename(target / path.name)


def _copy(kernel: Kernel, where: Path) -> None:
    """Our sources, with the test modules below them in one build.

    Those share our compile probes. They are for newer kernels.
    """
    for path in sources():
        copy = where / path.relative_to(TOP)
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(path, copy)
    if not kernel.tree:
        with open(where / "Kbuild", "a") as kbuild:
            kbuild.write("".join(f"obj-m += {each}/\n$(obj)/{each}: $(probed)\n"
                                 for each in TEST_MODULES
                                 if kernel.arch is X86 or each.name not in X86_TEST_MODULES))


def _build(kernel: Kernel, where: Path, extra: list[str], without: str, first: str,
           fault: str) -> None:
    _copy(kernel, where)
    if fault:
        must(["patch", "-p1", "-i", str(FAULTS / f"{fault}.patch")], cwd=where)
    if without:
        first += f"#undef {without}\n"
        extra = [*extra, f"{without}="]
    flags = ["-fsanitize-coverage=trace-pc"] if kernel.name in COVERED else []
    if first:
        header = where / "first.h"
        header.write_text(first)
        flags += ["-include", str(header)]
    if flags:
        extra = [*extra, f"KCFLAGS={' '.join(flags)}"]
    status, output = _make(kernel, where, extra)
    output = output.replace(f"{where}/", "")
    (where / LOG).write_text(output)
    if status:
        errors = [line for line in output.splitlines() if "rror" in line] or \
            output.splitlines()[-20:]
        raise BuildError(f"our modules do not build for {kernel.name}:\n" +
                         "\n".join(errors[:20]))


def build(kernel: Kernel, sparse: bool = False, without: str = "", unset: str = "",
          first: str = "", fault: str = "") -> Path:
    """The folder with our modules and the test modules, built for a kernel with W=1.

    without: build our modules as if the kernel did not have this option
    first: the text of a header that each file includes first
    unset: the same in the makefiles only, so that this kernel loads the modules
    fault: a patch of the folder broken, which a test must detect
    """
    files = sources()
    if TOP / "Kbuild" not in files:
        raise BuildError("there is no Kbuild: nothing to build")
    extra = [*(["C=2"] if sparse else []), *([f"{unset}="] if unset else [])]
    key = cache.digest(cache.digest_files(TOP, files), str(kernel.headers),
                       kernel.release, *extra, without, first, str(kernel.name in COVERED),
                       *([(FAULTS / f"{fault}.patch").read_text()] if fault else []))

    def make(target: Path) -> None:
        with place(kernel.name, target) as where:
            _build(kernel, where, extra, without, first, fault)

    return cache.built("modules", f"{kernel.name}-{key}", make, keep=24)


def objects(folder: Path) -> list[Path]:
    """The modules of a build, test modules included."""
    return [*folder.glob("*.ko"), *(each for where in TEST_MODULES
                                    for each in (folder / where).glob("*.ko"))]


def warnings(folder: Path) -> list[str]:
    """The complaints of the compiler or sparse in a build."""
    return [line for line in (folder / LOG).read_text().splitlines()
            if "warning:" in line or "error:" in line]
