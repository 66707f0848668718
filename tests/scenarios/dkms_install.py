# SPDX-License-Identifier: GPL-2.0-only
"""dkms adds, builds and installs the three modules, and a second install is harmless."""

import pytest

from lab import check
from lab.kernels.modules import OURS
from lab.roots import debian
from lab.roots.root import Session

KERNELS = ("6.1", "6.12")
pytestmark = pytest.mark.timeout(1500)


def _check_module(inside: Session, release: str, name: str) -> None:
    info = inside.must(f"modinfo -k {release} {name}")
    check(f"/lib/modules/{release}/updates/dkms/{name}.ko" in info,
          f"{name} is not in updates/dkms:\n{info}")
    check(f"{release} " in info.split("vermagic:")[1], f"{name} is for another kernel:\n{info}")
    check("DKMS module signing key" in info, f"{name} is not signed by DKMS's key:\n{info}")
    if name != "mm_hooks":
        check("mm_hooks" in info.split("depends:")[1].splitlines()[0],
              f"{name} does not depend on mm_hooks:\n{info}")


def _check_order(inside: Session, release: str) -> None:
    """modprobe of the stock driver loads balloon_report first."""
    order = inside.must(f"modprobe -S {release} --show-depends virtio_balloon")
    at = [order.find(f"/{name}.ko") for name in ("mm_hooks", "balloon_report", "virtio_balloon")]
    check(-1 < at[0] < at[1] < at[2], f"modprobe loads in another order:\n{order}")


def _check_not_weak(inside: Session, named: str, release: str) -> None:
    """dkms does not call weak-modules (Fedora, SUSE) to link them into other kernels."""
    inside.must("printf '#!/bin/sh\\ntouch /weak\\n' > /sbin/weak-modules; "
                "chmod +x /sbin/weak-modules")
    inside.must(f"dkms uninstall {named} -k {release}; dkms install {named} -k {release}")
    check(inside.run("test -e /weak").returncode != 0, "weak-modules was called")


def test_dkms_install(kernel: str) -> None:
    """Check what dkms installed for one of the kernels."""
    state = debian.with_dkms()
    release = state.release(kernel)
    named = f"-m vmhooks -v {debian.version()}"
    with debian.session(state) as inside:
        for name in OURS:
            _check_module(inside, release, name)
        _check_order(inside, release)
        wanted = f"vmhooks/{debian.version()}, {release}, x86_64: installed"
        before = inside.must("dkms status")
        check(wanted in before, f"dkms status says:\n{before}")
        again = inside.must(f"dkms install {named} -k {release}")
        check("already installed" in again, f"the second install said:\n{again}")
        check(inside.must("dkms status") == before, "the second install changed the status")
        _check_not_weak(inside, named, release)
        inside.must("test -f /etc/modprobe.d/vmhooks.conf")
        inside.must("test -x /etc/initramfs-tools/hooks/vmhooks")
    hint = f"update-initramfs -u -k {release}"
    check(hint in state.log(), f"dkms install did not print: {hint}")
