# SPDX-License-Identifier: GPL-2.0-only
"""The lab's own kernels: Debian's source, the companion patch, and kernel.config's options.

Each is built once (about ten minutes on two cores) and kept in the cache. The variants of a
series share one work tree. In it an interrupted build continues. The work tree is removed when
every variant that the tests use is built.
"""

import os
import shutil
from dataclasses import dataclass
from pathlib import Path

from .. import cache
from ..proc import LabError, long_run, must, say
from . import modules, source
from .arch import ARM64, X86, Arch

OWN_PATCHES = Path(__file__).resolve().parent / "patches"
FRAGMENT = Path(__file__).resolve().parent / "kernel.config"
# What only x86 has of kernel.config, without the section about the processor.
X86_ONLY = ("CONFIG_KERNEL_GZIP", "CONFIG_SERIAL_8250", "CONFIG_SERIAL_8250_CONSOLE",
            "CONFIG_HOTPLUG_PCI_ACPI", "CONFIG_VMWARE_VMCI", "CONFIG_VMWARE_BALLOON",
            "CONFIG_X86_64_ACPI_NUMA", "CONFIG_NUMA_EMU", "CONFIG_ACPI_HOTPLUG_MEMORY",
            "CONFIG_UNWINDER_ORC")


@dataclass(frozen=True)
class Variant:
    """A kernel that differs from the lab kernel in a few options.

    without: sections of kernel.config that are left out
    series: of the source
    builtin: with our modules in its own tree, by make patch
    arch: with the fragment kernel-ARCH.config in place of the options that only x86 has
    """

    name: str
    options: tuple[str, ...] = ()
    without: tuple[str, ...] = ()
    series: str = source.SERIES
    arch: Arch = X86
    builtin: bool = False


def _bench(name: str, *options: str) -> Variant:
    """A kernel for benchmarks: without the debug checks, with scheduler statistics."""
    return Variant(name, ("CONFIG_DEBUG_KERNEL=y", "CONFIG_DEBUG_INFO_NONE=y",
                          "CONFIG_UNWINDER_ORC=y", "CONFIG_SCHEDSTATS=y", *options,
                          f'CONFIG_LOCALVERSION="-{name}"'), without=("# Checks",))


def _arm64(name: str, *options: str) -> Variant:
    return Variant(name, (*options, f'CONFIG_LOCALVERSION="-{name}"'), arch=ARM64)


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
    Variant("lab-builtin", ("# CONFIG_VIRTIO_BALLOON is not set", "CONFIG_VMHOOKS=y",
                            "CONFIG_VMHOOKS_KVMCLOCK=m", 'CONFIG_LOCALVERSION="-lab-builtin"'),
            builtin=True),
    _arm64("lab-arm64"),
    _arm64("lab-arm64-16k", "CONFIG_ARM64_16K_PAGES=y"),
    _arm64("lab-arm64-64k", "CONFIG_ARM64_64K_PAGES=y"),
    _arm64("lab-arm64-kcsan", "CONFIG_KCSAN=y", "CONFIG_KCSAN_STRICT=y"),
    _bench("bench"),
    _bench("bench-nohooks", "# CONFIG_MM_HOOKS is not set"),
    # Traces when interrupts are disabled and enabled, and by which function.
    _bench("bench-irqs", "CONFIG_IRQSOFF_TRACER=y", "# CONFIG_ENABLE_DEFAULT_TRACERS is not set",
           "# CONFIG_UNWINDER_ORC is not set", "CONFIG_UNWINDER_FRAME_POINTER=y"),
)}
# Built together, from one work tree. Others are built when they are first used.
TESTED = ("lab", "lab-noreport")


def _option(line: str) -> str:
    """The option that a line of a .config sets or unsets, or empty."""
    word = line.removeprefix("# ").split("=")[0].split(" ")[0]
    return word if word.startswith("CONFIG_") else ""


def wanted(variant: Variant) -> dict[str, str]:
    """Option to line, for the fragment with the variant's changes."""
    sections = FRAGMENT.read_text().split("\n\n")
    skip: tuple[str, ...] = ()
    if variant.arch is not X86:
        own = FRAGMENT.with_name(f"kernel-{variant.arch.name}.config")
        sections = [*(each for each in sections if not each.startswith("# Processor")),
                    own.read_text()]
        skip = X86_ONLY
    lines = [line for section in sections
             if section.splitlines()[0] not in variant.without
             for line in section.splitlines()] + list(variant.options)
    return {_option(line): line for line in lines if _option(line) not in ("", *skip)}


def missing_options(want: dict[str, str], config: str) -> list[str]:
    """The options without the wanted value in a .config."""
    have = {_option(line): line for line in config.splitlines()}
    return [name for name, line in want.items()
            if have.get(name, f"# {name} is not set") != line]


def _configure(tree: Path, variant: Variant) -> None:
    want = wanted(variant)
    given = tree / "lab.config"
    given.write_text("\n".join(want.values()) + "\n")
    must(["make", "-s", *variant.arch.make, "allnoconfig"], cwd=tree,
         env={**os.environ, "KCONFIG_ALLCONFIG": str(given)})
    lost = missing_options(want, (tree / ".config").read_text())
    if lost:
        raise LabError(f"kernel options that did not stick: {', '.join(lost)}")


def _export_headers(tree: Path, arch: Arch, target: Path) -> None:
    """Copy the files that external modules are built with."""
    script = "scripts/package/install-extmod-build"
    if (tree / script).is_file():
        # With two compilers the script would build scripts/ for the other architecture.
        must(["make", "-s", *arch.make, "run-command",
              f"KBUILD_RUN_COMMAND=+HOSTCC='$(CC)' $(srctree)/{script} {target}"], cwd=tree)
        return
    target.mkdir()  # before v6.4 this was a part of builddeb
    must(["sh", "-euc", "tar -c --exclude='*.o' --exclude='*.cmd' Makefile Module.symvers "
          "include scripts arch/x86/Makefile* arch/x86/include arch/x86/Kbuild "
          'tools/objtool/objtool | tar -x -C "$1"', "sh", str(target)], cwd=tree)


def _export(tree: Path, arch: Arch, target: Path) -> None:
    """Copy the files for booting and for building modules from a built tree."""
    must(["make", "-s", *arch.make, "modules_install", f"INSTALL_MOD_PATH={target}"], cwd=tree)
    release = (tree / "include/config/kernel.release").read_text().strip()
    (target / "lib/modules" / release / "build").unlink(missing_ok=True)
    _export_headers(tree, arch, target / "build")
    for name in (arch.image[1], ".config", "System.map"):
        shutil.copy(tree / name, target)
    shutil.copy(tree / ".config", target / "build")
    (target / "release").write_text(release)


def _build(tree: Path, variant: Variant, target: Path) -> None:
    jobs = os.cpu_count() or 1
    say(f"kernel {variant.name}: configuring")
    if variant.builtin:
        must(["make", "-s", "-C", str(modules.TOP), "patch", f"KERNEL={tree}"])
    _configure(tree, variant)
    say(f"kernel {variant.name}: building (minutes; an interrupted build goes on "
        "where it stopped)")
    long_run(f"kernel {variant.name}",
             ["nice", "-n", "10", "make", f"-j{jobs}", *variant.arch.make,
              variant.arch.image[0], "modules"],
             tree, cache.folder("logs") / f"kernel-{variant.name}.log")
    _export(tree, variant.arch, target)


def _key(variant: Variant) -> str:
    more = []
    if variant.builtin:
        more.append(cache.digest_files(modules.TOP, modules.sources()))
    digest = cache.digest(_source_key(variant.series), *wanted(variant).values(), *more)
    return f"{variant.name}-{digest}"


def _source_key(series: str) -> str:
    return cache.digest(source.key(series), *(file.read_text() for file in (
        *source.patches(series), *_own_patches(series))))


def _own_patches(series: str) -> list[Path]:
    """Patches of the lab's kernels only."""
    return sorted((OWN_PATCHES / series).glob("*.patch"))


def _work_tree(series: str, arch: Arch) -> Path:
    def fill(target: Path) -> None:
        say(f"unpacking the source of kernel {series}")
        source.unpack(series, target, [])
        source.apply_patches(source.patches(series), target)
        source.apply_patches(_own_patches(series), target)

    return cache.built("work", f"{arch.name}-{_source_key(series)}", fill)


def _is_built(variant: Variant) -> bool:
    return (cache.folder("kernels") / _key(variant)).is_dir()


def ensure(name: str) -> tuple[Path, str]:
    """The folder of a variant (bzImage, build, lib/modules) and its release."""
    variant = VARIANTS[name]
    series, arch = variant.series, variant.arch
    home = cache.folder("kernels") / _key(variant)
    if not home.is_dir():
        with cache.lock(f"work-{arch.name}-{_source_key(series)}"):
            tree = _work_tree(series, arch)
            cache.built("kernels", home.name, lambda path: _build(tree, variant, path))
            if all(_is_built(VARIANTS[each]) for each in TESTED
                   if (VARIANTS[each].series, VARIANTS[each].arch) == (series, arch)):
                shutil.rmtree(tree)
    return home, (home / "release").read_text()
