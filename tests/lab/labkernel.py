# SPDX-License-Identifier: GPL-2.0-only
"""The lab's own kernels: Debian's source, the companion patch, and kernel.config's options.

Each is built once (about ten minutes on two cores) and kept in the cache. The variants
of a series share one work tree, in which an interrupted build goes on where it stopped;
the work tree goes away when every variant of it that the tests use is there.
"""

import os
import shutil
from dataclasses import dataclass
from pathlib import Path

from . import cache, source
from .proc import LabError, long_run, must, say

OWN_PATCHES = Path(__file__).resolve().parent / "patches"
FRAGMENT = Path(__file__).resolve().parent / "kernel.config"


@dataclass(frozen=True)
class Variant:
    """A kernel that differs from the lab kernel in a few options.

    without: sections of kernel.config that are left out
    series: of the source
    """

    name: str
    options: tuple[str, ...] = ()
    without: tuple[str, ...] = ()
    series: str = source.SERIES


def _bench(name: str, *options: str) -> Variant:
    """A kernel to measure on: without the checks, and with the counters of the scheduler."""
    return Variant(name, ("CONFIG_DEBUG_KERNEL=y", "CONFIG_DEBUG_INFO_NONE=y",
                          "CONFIG_UNWINDER_ORC=y", "CONFIG_SCHEDSTATS=y", *options,
                          f'CONFIG_LOCALVERSION="-{name}"'), without=("# Checks",))


VARIANTS = {variant.name: variant for variant in (
    Variant("lab"),
    Variant("lab-noreport", ("# CONFIG_VIRTIO_BALLOON is not set",
                             "# CONFIG_MM_HOOKS is not set",
                             "# CONFIG_PAGE_REPORTING is not set",
                             'CONFIG_LOCALVERSION="-lab-noreport"')),
    Variant("lab-kasan", ("CONFIG_KASAN=y", "CONFIG_KASAN_INLINE=y", "CONFIG_KASAN_VMALLOC=y",
                          'CONFIG_LOCALVERSION="-lab-kasan"')),
    Variant("lab-kcsan", ("CONFIG_KCSAN=y", "CONFIG_KCSAN_STRICT=y",
                          'CONFIG_LOCALVERSION="-lab-kcsan"')),
    Variant("lab-6.1", ('CONFIG_LOCALVERSION="-lab"',), series="6.1"),
    Variant("lab-7.3", ("CONFIG_BALLOON_MIGRATION=y", 'CONFIG_LOCALVERSION="-lab"'),
            without=("# Balloon pages that move, up to 7.2",), series="7.3"),
    _bench("bench"),
    _bench("bench-nohooks", "# CONFIG_MM_HOOKS is not set"),
    # Says when interrupts go off and on, and who did it.
    _bench("bench-irqs", "CONFIG_IRQSOFF_TRACER=y", "# CONFIG_ENABLE_DEFAULT_TRACERS is not set",
           "# CONFIG_UNWINDER_ORC is not set", "CONFIG_UNWINDER_FRAME_POINTER=y"),
)}
# Built together, from one work tree; any other is built when it is asked for.
TESTED = ("lab", "lab-noreport")


def _option(line: str) -> str:
    """The option that a line of a .config sets or unsets; empty when neither."""
    word = line.removeprefix("# ").split("=")[0].split(" ")[0]
    return word if word.startswith("CONFIG_") else ""


def wanted(variant: Variant) -> dict[str, str]:
    """Option to line, for the fragment and the variant's changes to it."""
    sections = FRAGMENT.read_text().split("\n\n")
    lines = [line for section in sections
             if section.splitlines()[0] not in variant.without
             for line in section.splitlines()] + list(variant.options)
    return {_option(line): line for line in lines if _option(line)}


def missing_options(want: dict[str, str], config: str) -> list[str]:
    """The options that do not have the wanted value in a .config."""
    have = {_option(line): line for line in config.splitlines()}
    return [name for name, line in want.items()
            if have.get(name, f"# {name} is not set") != line]


def _configure(tree: Path, variant: Variant) -> None:
    want = wanted(variant)
    given = tree / "lab.config"
    given.write_text("\n".join(want.values()) + "\n")
    must(["make", "-s", "allnoconfig"], cwd=tree,
         env={**os.environ, "KCONFIG_ALLCONFIG": str(given)})
    lost = missing_options(want, (tree / ".config").read_text())
    if lost:
        raise LabError(f"kernel options that did not stick: {', '.join(lost)}")


def _export_headers(tree: Path, target: Path) -> None:
    """Copy what external modules are built with."""
    script = "scripts/package/install-extmod-build"
    if (tree / script).is_file():
        must(["make", "-s", "run-command",
              f"KBUILD_RUN_COMMAND=+$(srctree)/{script} {target}"], cwd=tree)
        return
    target.mkdir()  # before v6.4 that was a part of builddeb
    must(["sh", "-euc", "tar -c --exclude='*.o' --exclude='*.cmd' Makefile Module.symvers "
          "include scripts arch/x86/Makefile* arch/x86/include arch/x86/Kbuild "
          'tools/objtool/objtool | tar -x -C "$1"', "sh", str(target)], cwd=tree)


def _export(tree: Path, target: Path) -> None:
    """Copy from a built tree what booting it and building modules for it takes."""
    must(["make", "-s", "modules_install", f"INSTALL_MOD_PATH={target}"], cwd=tree)
    release = (tree / "include/config/kernel.release").read_text().strip()
    (target / "lib/modules" / release / "build").unlink(missing_ok=True)
    _export_headers(tree, target / "build")
    for name in ("arch/x86/boot/bzImage", ".config", "System.map"):
        shutil.copy(tree / name, target)
    shutil.copy(tree / ".config", target / "build")
    (target / "release").write_text(release)


def _build(tree: Path, variant: Variant, target: Path) -> None:
    jobs = os.cpu_count() or 1
    say(f"kernel {variant.name}: configuring")
    _configure(tree, variant)
    say(f"kernel {variant.name}: building (minutes; an interrupted build goes on "
        "where it stopped)")
    long_run(f"kernel {variant.name}",
             ["nice", "-n", "10", "make", f"-j{jobs}", "bzImage", "modules"],
             tree, cache.folder("logs") / f"kernel-{variant.name}.log")
    _export(tree, target)


def _key(variant: Variant, base: str) -> str:
    return f"{variant.name}-{cache.digest(base, *variant.options, *variant.without)}"


def _own_patches(series: str) -> list[Path]:
    """What only the lab's kernels have."""
    return sorted((OWN_PATCHES / series).glob("*.patch"))


def _work_tree(series: str, base: str) -> Path:
    def fill(target: Path) -> None:
        say(f"unpacking the source of kernel {series}")
        source.unpack(series, target, [])
        source.apply_patches(source.patches(series), target)
        source.apply_patches(_own_patches(series), target)

    return cache.built("work", base, fill)


def ensure(name: str) -> tuple[Path, str]:
    """The folder of a variant (bzImage, build, lib/modules) and its release."""
    series = VARIANTS[name].series
    base = cache.digest(source.key(series), *wanted(Variant("base")).values(),
                        *(file.read_text() for file in (*source.patches(series),
                                                        *_own_patches(series))))
    key = _key(VARIANTS[name], base)
    home = cache.folder("kernels") / key
    if not home.is_dir():
        with cache.lock(f"work-{base}"):
            tree = _work_tree(series, base)
            cache.built("kernels", key, lambda path: _build(tree, VARIANTS[name], path))
            if all((cache.folder("kernels") / _key(VARIANTS[each], base)).is_dir()
                   for each in TESTED if VARIANTS[each].series == series):
                shutil.rmtree(tree)
    return home, (home / "release").read_text()
