# SPDX-License-Identifier: GPL-2.0-only
"""dkms remove removes the modules of one kernel, and with the last the configuration."""

import pytest

from lab import check
from lab.roots import debian
from lab.roots.root import Session

KERNELS = ("6.1", "6.12")
pytestmark = [pytest.mark.timeout(1500), pytest.mark.once]
CONFIGURATION = "ls /etc/modprobe.d/vmhooks.conf /etc/initramfs-tools/hooks/vmhooks"
TRACES = ("{ find /usr/src -maxdepth 1; find /lib/modules /var/lib/dkms /etc; } | grep -E "
          "'vmhooks|mm_hooks|balloon_report|kvmclock_fix|/updates'; "
          "grep -lE 'mm_hooks|balloon_report|kvmclock_fix' /lib/modules/*/modules.*")


def _check_clean(inside: Session, but_for: str = "nothing") -> None:
    left = [line for line in inside.run(TRACES).stdout.splitlines()
            if not line.startswith(but_for)]
    check(not left, "left behind:\n" + "\n".join(left))


def _one_after_the_other(inside: Session, release: str) -> None:
    named = f"-m vmhooks -v {debian.version()}"
    inside.must(f"dkms remove {named} -k {release}")
    inside.must(CONFIGURATION)
    gone = inside.run(f"find /lib/modules/{release} -path '*/updates*'").stdout
    check(not gone, f"left for the removed kernel:\n{gone}")
    status = inside.must("dkms status")
    check(release not in status and "installed" in status, f"dkms status says:\n{status}")
    inside.must(f"dkms remove {named} --all")
    # dkms keeps the sources, which it did not install.
    _check_clean(inside, but_for=f"/usr/src/vmhooks-{debian.version()}")


def _sources_gone(inside: Session) -> None:
    """Without its sources dkms does not know the package; uninstall removes it nevertheless."""
    inside.must(f"rm -rf /usr/src/vmhooks-{debian.version()}")
    said = inside.must("/mnt/packaging/uninstall INITRAMFS=no")
    check("dkms did not know of" in said, f"uninstall said:\n{said}")
    _check_clean(inside)


def test_dkms_remove(kernel: str) -> None:
    """Remove for one kernel, then for all, then with the sources deleted."""
    state = debian.with_dkms()
    with debian.session(state) as inside:
        _one_after_the_other(inside, state.release(kernel))
    with debian.session(state) as inside:
        _sources_gone(inside)
    with debian.session(debian.without_package()) as inside:
        _check_clean(inside)
