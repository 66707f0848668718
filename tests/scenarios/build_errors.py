# SPDX-License-Identifier: GPL-2.0-only
"""A build that cannot succeed stops with an error message, not with compiler errors."""

import os
import shutil
import tempfile
from pathlib import Path

import pytest

from lab import check, kernels
from lab.kernels import modules
from lab.proc import must, run as run_program

KERNELS = ("6.12",)
# The modules without tracepoints, on a busy machine.
pytestmark = [pytest.mark.timeout(1800), pytest.mark.once]
PROBES = Path("modules/compat/probes")
NEVER = "#error this probe never fits\n"


def _must_stop(what: str, argv: list[str], sentence: str, where: Path = modules.TOP) -> None:
    done = run_program(argv, cwd=where, env={**os.environ, "LC_ALL": "C"})
    check(done.returncode, f"{what}: the build succeeded")
    check(sentence in done.stdout, f"{what}: not '{sentence}' but:\n{done.stdout[-2000:]}")


def _check_kernel() -> None:
    """The kernel is checked before the compiler runs."""
    for version, sentence in (("4.19.0-27-amd64", "is too old: 5.10 or newer is needed"),
                              ("5.9.16", "is too old: 5.10 or newer is needed"),
                              ("6.12.0-none", "no headers for Linux 6.12.0-none"),
                              ("bogus", "is not a kernel version")):
        _must_stop(f"KVER={version}", ["make", "modules", f"KVER={version}"], sentence)
    _must_stop("an empty KDIR", ["make", "modules", "KVER=6.12.1", "KDIR=/nonexistent"],
               "no headers for Linux 6.12.1 in /nonexistent")


def _check_detector(scratch: Path) -> None:
    """Probing fails with a compiler that rejects or accepts everything."""
    probe = ["sh", "modules/compat/probe.sh", str(PROBES), str(scratch / "probed.h")]
    _must_stop("a compiler that fails", [*probe, "/bin/false"],
               "the kernel's headers do not compile a trivial file")
    _must_stop("a compiler that accepts all", [*probe, "/bin/true"],
               "the probes are not reliable")
    check(not (scratch / "probed.h").exists(), "a header was written")


def _check_unknown(kernel: str, scratch: Path, probes: tuple[str, ...], target: str,
                   sentence: str) -> None:
    """A kernel whose interfaces fit no known variant.

    probes: those that detect nothing
    target: what is made; all, or an object that uses the interface
    """
    tree = scratch / probes[0]
    for path in modules.sources():
        copy = tree / path.relative_to(modules.TOP)
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(path, copy)
    for name in probes:
        (tree / PROBES / f"{name}.c").write_text(NEVER)
    _must_stop(f"without {probes}", ["make", "-C", str(kernels.get(kernel).headers),
                                     f"M={tree}", target], sentence, tree)


def _check_options(kernel: str, scratch: Path) -> None:
    """An option that the modules need is named before the compiler runs."""
    tree = scratch / "options"
    for path in modules.sources():
        copy = tree / path.relative_to(modules.TOP)
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(path, copy)
    build = ["make", "-C", str(kernels.get(kernel).headers), f"M={tree}"]
    _must_stop("another architecture", [*build, "CONFIG_X86_64=", "modules"],
               "vmhooks: this kernel is for another architecture than x86-64 and arm64", tree)
    for option in ("CONFIG_VIRTIO", "CONFIG_MEMORY_BALLOON"):
        _must_stop(f"without {option}", [*build, f"{option}=", "modules"],
                   f"vmhooks: this kernel is without {option}", tree)
    said = run_program([*build, "CONFIG_TRIM_UNUSED_KSYMS=y", "-n", "modules"]).stdout
    check("vmhooks: this kernel has CONFIG_TRIM_UNUSED_KSYMS" in said, f"trimmed:\n{said[-2000:]}")
    check(not list(tree.rglob("*.o")), "something was compiled")
    done = run_program([*build, "clean"])
    check(not done.returncode, f"make clean:\n{done.stdout}")


def _check_tracepoints(kernel: str) -> None:
    """Without tracepoints the modules build and use no tracepoint symbol."""
    built = modules.build(kernels.get(kernel), without="CONFIG_TRACEPOINTS")
    found = modules.warnings(built)
    for name in modules.OURS:
        wants = must(["nm", "-u", str(built / f"{name}.ko")])
        found += [f"{name}: {line}" for line in wants.splitlines() if "tracepoint" in line]
    check(not found, "without CONFIG_TRACEPOINTS:\n" + "\n".join(found))


def test_build_errors(kernel: str) -> None:
    """Wrong kernels, wrong compilers, wrong interfaces."""
    _check_kernel()
    _check_tracepoints(kernel)
    with tempfile.TemporaryDirectory(prefix="vmhooks-build") as folder:
        scratch = Path(folder)
        _check_detector(scratch)
        _check_options(kernel, scratch)
        nothing = tuple(path.stem for path in sorted((modules.TOP / PROBES).glob("*.c"))
                        if not path.stem.startswith("control_"))
        _check_unknown(kernel, scratch, nothing, "modules",
                       "needs Linux 5.10 or newer")
        _check_unknown(kernel, scratch, ("virtqueue_info", "virtqueue_names"),
                       "modules/balloon_report/queue.o",
                       "virtio_find_vqs() has unknown arguments")
