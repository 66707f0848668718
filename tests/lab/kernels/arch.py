# SPDX-License-Identifier: GPL-2.0-only
"""The architectures that the lab builds and boots: the machine's own, and arm64 beside it."""

import shutil
from dataclasses import dataclass

from ..proc import LabError


@dataclass(frozen=True)
class Arch:
    """How kernels, modules and programs of an architecture are built.

    debian: Debian's name
    machine: the kernel's own name, as uname prints it
    cross: prefix of the cross compiler, empty for the machine's own
    image: target of the kernel's make, and its place in the tree
    """

    name: str
    debian: str
    machine: str
    cross: str
    image: tuple[str, str]

    @property
    def make(self) -> list[str]:
        """Arguments of the kernel's make."""
        return [f"ARCH={self.name}", f"CROSS_COMPILE={self.cross}"] if self.cross else []

    @property
    def compiler(self) -> str:
        """The C compiler."""
        found = f"{self.cross}gcc"
        if not shutil.which(found):
            raise LabError(f"{found} is missing; run packaging/setup")
        return found


X86 = Arch("x86", "amd64", "x86_64", "", ("bzImage", "arch/x86/boot/bzImage"))
ARM64 = Arch("arm64", "arm64", "aarch64", "aarch64-linux-gnu-",
             ("Image", "arch/arm64/boot/Image"))
