# SPDX-License-Identifier: GPL-2.0-only
"""The kernel's selftests of KVM clocks that pass with KVM alone pass with kvmclock_fix, too."""

import pytest

from lab import check
from lab.hosts import selftests
from lab.hosts.nested import Host

KERNELS = ()
ALSO = ("lab-kvm", "lab", "6.12")
pytestmark = pytest.mark.timeout(800)
SECONDS = 100  # for each; xen_shinfo_test has a race of its own and can hang
SKIPPED = 4  # exit status of a skipped selftest


def _results(host: Host) -> dict[str, int]:
    """Exit status of each."""
    found = {}
    for name in selftests.NAMES:
        found[name], said = host.try_sh(f"timeout {SECONDS} /tests/{name} 2>&1",
                                       SECONDS + 20)
        if found[name] not in (0, SKIPPED):
            print(f"{name}: {found[name]}\n{said[-1500:]}")
    return found


def test_clock_selftests(kernel: str) -> None:
    """Without kvmclock_fix, then with it."""
    programs = {f"tests/{name}": data for name, data in selftests.programs().items()}
    with Host(kernel, files=programs) as host:
        without = _results(host)
        print(f"without kvmclock_fix: {without}")
        passed = [name for name, status in without.items() if status == 0]
        check(passed, f"no selftest passes here: {without}")
        host.load_fix()
        updates = host.shown("updates")
        ours = _results(host)
        print(f"with kvmclock_fix: {ours}")
        check(host.shown("updates") > updates, "the updates of their clocks were not counted")
        for name in passed:
            check(ours[name] == 0, f"{name} passes without kvmclock_fix only: {ours}")
        check(host.shown("version_violations") == 0, "version violations")
        host.finish()
