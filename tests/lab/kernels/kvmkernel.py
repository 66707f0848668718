# SPDX-License-Identifier: GPL-2.0-only
"""The lab kernel with another KVM: Hyper-V's clock, and the bug of 2020 on request.

Only KVM's two modules are built, in the lab kernel's own build folder. This takes two minutes,
where a kernel takes ten. mixed_clocks=1 bases the offset of a VM's clock on CLOCK_MONOTONIC, as
before v5.6, and its time on CLOCK_MONOTONIC_RAW.
"""

import os
import shutil
from pathlib import Path

from .. import cache
from ..proc import long_run, must, say
from . import labkernel, source

NAME = "lab-kvm"
PATCHES = labkernel.OWN_PATCHES / "kvm"
FOLDERS = ("arch/x86/kvm", "virt/kvm")
OPTION = "CONFIG_KVM_HYPERV"


def _kvm_patches() -> list[Path]:
    """The KVM parts of the companion patch and of the lab. Neither changes other files."""
    ours = [path for path in source.patches(source.SERIES)
            if "+++ b/arch/x86/kvm/" in path.read_text()]
    return ours + sorted(PATCHES.glob("*.patch"))


def _turn_on(tree: Path) -> None:
    """Enable the option, as the configuration would."""
    for name, line in ((".config", f"{OPTION}=y"), ("include/config/auto.conf", f"{OPTION}=y"),
                       ("include/generated/autoconf.h", f"#define {OPTION} 1")):
        path = tree / name
        text = path.read_text().replace(f"# {OPTION} is not set\n", "")
        path.write_text(f"{text}{line}\n")


def _forget_symbols(tree: Path) -> None:
    """Remove the old KVM's exports, as the new KVM has them."""
    path = tree / "Module.symvers"
    path.write_text("".join(line for line in path.read_text().splitlines(keepends=True)
                            if "\tarch/x86/kvm/" not in line))


def _build(lab: Path, target: Path) -> None:
    tree = target / "build"
    shutil.copytree(lab / "build", tree, symlinks=True)
    source.unpack(source.SERIES, tree, list(FOLDERS))
    source.apply_patches(_kvm_patches(), tree)
    _turn_on(tree)
    _forget_symbols(tree)
    say("building another KVM for the lab kernel (two minutes)")
    long_run(NAME, ["nice", "-n", "10", "make", f"-j{os.cpu_count() or 1}", "M=arch/x86/kvm",
                    "modules"], tree, cache.folder("logs") / f"kernel-{NAME}.log")


def _install(lab: Path, release: str, target: Path) -> None:
    tree = target / "build"
    shutil.copytree(lab / "lib", target / "lib", symlinks=True)
    where = target / "lib/modules" / release / "kernel/arch/x86/kvm"
    for name in ("kvm.ko", "kvm-amd.ko"):
        shutil.copy(tree / "arch/x86/kvm" / name, where)
    with open(tree / "Module.symvers", "a") as symbols:
        symbols.write((tree / "arch/x86/kvm/Module.symvers").read_text())
    for folder in FOLDERS:
        shutil.rmtree(tree / folder)
    must(["depmod", "-b", str(target), release])


def ensure() -> tuple[Path, Path, str]:
    """The folder (build, lib/modules), the lab kernel's folder, and its release."""
    lab, release = labkernel.ensure("lab")

    def make(target: Path) -> None:
        _build(lab, target)
        _install(lab, release, target)

    key = cache.digest(lab.name, OPTION, *(path.read_text() for path in _kvm_patches()))
    return cache.built("kernels", f"{NAME}-{key}", make), lab, release
