# SPDX-License-Identifier: GPL-2.0-only
"""When the only kernel that dkms built for is removed, the next kernel gets the modules.

dkms 3.0 and older would forget the package at that removal. After "dkms remove" by a user,
the package is forgotten. The modules here are empty.
"""

import pytest

from lab import check
from lab.roots import debian, system
from lab.roots.root import Session

KERNELS = ("6.12",)
pytestmark = [pytest.mark.timeout(1500), pytest.mark.once]
NAMED = f"-m vmhooks -v {debian.version()}"
# The hooks that packages of kernels and headers run.
REMOVE = "run-parts --exit-on-error --arg={0} --arg=/boot/vmlinuz-{0} /etc/kernel/prerm.d"
ADD = "run-parts --exit-on-error --arg={0} /etc/kernel/header_postinst.d"


def _check_status(inside: Session, expected: str) -> None:
    status = inside.must("dkms status 2>/dev/null").strip()
    check(status == expected, f"dkms status is\n{status}\nrather than\n{expected}")


def _kernels_go(inside: Session, new: str, old: str) -> None:
    """The only kernel is removed, the next one is installed and removed."""
    inside.must(f"{debian.SMALL}/packaging/install KVER={old} INITRAMFS=no")
    inside.must(REMOVE.format(old))
    _check_status(inside, f"vmhooks/{debian.version()}: added")
    check(inside.run("ls /etc/modprobe.d/vmhooks.conf").returncode, "the configuration stays")
    inside.must(ADD.format(new))
    _check_status(inside, f"vmhooks/{debian.version()}, {new}, x86_64: installed")
    for name in ("mm_hooks", "balloon_report", "kvmclock_fix"):
        inside.must(f"modinfo -k {new} {name}")
    inside.must("ls /etc/modprobe.d/vmhooks.conf")
    inside.must(REMOVE.format(new))
    inside.must(f"dkms install {NAMED} -k {old}")


def _user_removes(inside: Session, old: str) -> None:
    """"dkms remove" by a user forgets the package, also when no kernel has the modules."""
    inside.must(f"dkms remove {NAMED} -k {old}")
    _check_status(inside, "")
    inside.must(f"dkms install {NAMED} -k {old}")
    inside.must(f"{REMOVE.format(old)}; sleep 2; dkms remove {NAMED} --all")
    _check_status(inside, "")


def test_dkms_autoremove(kernel: str) -> None:
    """Removal by the packages of kernels, then by a user."""
    state = system.base()
    with debian.session(state) as inside:
        inside.must(debian.MAKE_SMALL)
        _kernels_go(inside, state.release(kernel), state.release("6.1"))
        _user_removes(inside, state.release("6.1"))
