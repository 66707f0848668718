# SPDX-License-Identifier: GPL-2.0-only
"""An update keeps the old modules of each kernel for which the new ones do not build.

The scripts name this kernel. The modules are empty, except for a text that identifies their
sources.
"""

import pytest

from lab import check
from lab.roots import debian, system
from lab.roots.root import Session

KERNELS = ("6.12",)
pytestmark = [pytest.mark.timeout(1500), pytest.mark.once]
MAKE_SMALL = debian.MAKE_SMALL + """
for name in modules/*.c; do echo 'MODULE_INFO(made, "from first");' >> "$name"; done"""
# Sources that build for the newer kernel only.
BROKEN = """#include <linux/version.h>
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 12, 0)
#error not for this kernel
#endif"""


class Machine:
    """A root with two kernels, which have the same modules."""

    def __init__(self, inside: Session, new: str, old: str) -> None:
        self._inside = inside
        self.new, self.old = new, old
        self.version = debian.version()
        inside.must(MAKE_SMALL)
        for release in (old, new):
            self.install(release)
        self.must_be({new: "first", old: "first"})

    def install(self, release: str) -> str:
        """Run packaging/install, which must succeed. Returns what it said."""
        return self._inside.must(f"{debian.SMALL}/packaging/install KVER={release} INITRAMFS=no")

    def change(self, text: str, more: str = "") -> None:
        """Change the sources."""
        self._inside.must(f"cd {debian.SMALL}/modules; sed -i 's/from [^\"]*/from {text}/' *.c\n"
                          f"cat >> part_of_mm_hooks.c <<'END'\n{more}\nEND")

    def mend(self, text: str) -> None:
        """Change to sources that build for both kernels."""
        self._inside.must(f"sed -i '/^#/{{/module.h/!d}}' {debian.SMALL}/modules/*.c")
        self.change(text)

    def new_version(self, version: str) -> None:
        """Change to another version of the package."""
        self.version = version
        self._inside.must(f"sed -i 's/^PACKAGE_VERSION=.*/PACKAGE_VERSION=\"{version}\"/' "
                          f"{debian.SMALL}/dkms.conf")

    def headers(self, there: bool) -> None:
        """Install or remove the headers of the older kernel."""
        link = f"/lib/modules/{self.old}/build"
        self._inside.must(f"mv /build {link}" if there else f"mv {link} /build")

    def must_be(self, texts: dict[str, str], versions: tuple[str, ...] = ()) -> None:
        """Each kernel's modules were built from this text, and dkms lists them as installed."""
        status = self._inside.must("dkms status 2>/dev/null")
        for release, text in texts.items():
            for name in ("mm_hooks", "balloon_report", "kvmclock_fix"):
                made = self._inside.must(f"modinfo -k {release} -F made {name}").strip()
                check(made == f"from {text}", f"{name} of {release} is {made}, not from {text}")
            check(f", {release}, x86_64: installed" in status, f"dkms status says:\n{status}")
        sources = self._inside.must("ls -d /usr/src/vmhooks-*").split()
        expected = [f"/usr/src/vmhooks-{each}" for each in versions or (self.version,)]
        check(sources == expected, f"sources: {sources}, not {expected}")


def _check_headers(machine: Machine) -> None:
    """The headers of the older kernel are removed and installed again."""
    machine.headers(False)
    machine.change("second")
    said = machine.install(machine.new)
    check(f"Kernel {machine.old} keeps the modules that it has, as its headers" in said, said)
    machine.must_be({machine.new: "second", machine.old: "first"})
    machine.headers(True)
    machine.install(machine.new)
    machine.must_be({machine.new: "second", machine.old: "second"})


def _check_broken(machine: Machine) -> None:
    """The sources do not build for the older kernel."""
    machine.change("third", BROKEN)
    said = machine.install(machine.new)
    check(f"Kernel {machine.old} keeps the modules that it had" in said, said)
    check(said.find(machine.new) < said.find(machine.old), f"the order of the kernels:\n{said}")
    machine.must_be({machine.new: "third", machine.old: "second"})


def _check_version(machine: Machine) -> None:
    """A new version that does not build for the older kernel, then does."""
    before = machine.version
    machine.new_version("9.9.9")
    machine.install(machine.new)
    machine.must_be({machine.new: "third", machine.old: "second"}, (before, "9.9.9"))
    machine.change("fourth")
    machine.headers(False)
    machine.install(machine.new)
    machine.must_be({machine.new: "fourth", machine.old: "second"}, (before, "9.9.9"))


def _check_all(machine: Machine) -> None:
    """The older kernel gets the new version, and the old version is removed."""
    machine.headers(True)
    machine.mend("fifth")
    machine.install(machine.new)
    machine.must_be({machine.new: "fifth", machine.old: "fifth"})


def test_dkms_update(kernel: str) -> None:
    """One update after the other."""
    state = system.base()
    with debian.session_by_su(state) as inside:
        inside.must("ln -s /usr/sbin/dkms /usr/sbin/modinfo /usr/local/bin")
        machine = Machine(inside, state.release(kernel), state.release("6.1"))
        _check_headers(machine)
        _check_broken(machine)
        _check_version(machine)
        _check_all(machine)
