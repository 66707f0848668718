# SPDX-License-Identifier: GPL-2.0-only
"""Linux's own tests of KVM's clocks: those that pass without us pass with us."""

from lab import check, selftests
from lab.nested import Host

KERNELS = ()
ALSO = ("lab-kvm", "lab", "6.12")
TIMEOUT = 800
SECONDS = 100  # for each; xen_shinfo_test races with itself, and can be stuck
SKIPPED = 4  # what they exit with where KVM lacks something


def _results(host: Host) -> dict[str, int]:
    """Exit status of each."""
    found = {}
    for name in selftests.NAMES:
        found[name], said = host.try_sh(f"timeout {SECONDS} /tests/{name} 2>&1",
                                       SECONDS + 20)
        if found[name] not in (0, SKIPPED):
            print(f"{name}: {found[name]}\n{said[-1500:]}")
    return found


def run(kernel: str) -> None:
    """Without, with, and without again."""
    programs = {f"tests/{name}": data for name, data in selftests.programs().items()}
    with Host(kernel, files=programs) as host:
        without = _results(host)
        print(f"without us: {without}")
        passed = [name for name, status in without.items() if status == 0]
        check(passed, f"none of them passes here: {without}")
        host.load_fix()
        updates = host.shown("updates")
        ours = _results(host)
        print(f"with us: {ours}")
        check(host.shown("updates") > updates, "their clocks were not seen")
        for name in passed:
            check(ours[name] == 0, f"{name} passes without us only: {ours}")
        check(host.shown("version_violations") == 0, "version violations")
        host.finish()
