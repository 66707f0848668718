# SPDX-License-Identifier: GPL-2.0-only
"""Without CONFIG_TRACEPOINTS the kernel's own delay paces the reports.

The modules are built without that option and run on Debian's kernel.
"""

import pytest

from lab import MIB, Guest, check, kernels
from lab.guest import balloon
from lab.kernels import modules

KERNELS: tuple[str, ...] = ()  # build_errors builds such modules at every change
ALSO = ("6.12",)
pytestmark = pytest.mark.timeout(600)
HOG_MB = 200


def _load(guest: Guest) -> balloon.Balloon:
    guest.sh("for name in mm_hooks balloon_report kvmclock_fix; do insmod /$name.ko; done")
    return balloon.Balloon(guest)


def test_no_tracepoints(kernel: str) -> None:
    """The balloon and its reports work. Log and capabilities name what does not."""
    built = modules.build(kernels.get(kernel), unset="CONFIG_TRACEPOINTS")
    files = {f"/{name}.ko": (built / f"{name}.ko").read_bytes() for name in modules.OURS}
    with Guest(kernel, memory_mb=512, files=files) as guest:
        device = _load(guest)
        log = guest.sh("dmesg")
        for sentence in ("delay_ms has no effect", "guests' clocks are not seen"):
            check(sentence in log, f"the log does not say that {sentence}:\n{log}")
        said = guest.read(f"{balloon.HOOKS}/capabilities").split()
        check("report" in said and "paced" not in said, f"capabilities: {said}")
        before = balloon.hooks(guest)["reported_bytes"]
        guest.sh(f"memhog {HOG_MB} --hold 0")
        guest.poll("delayed reports", lambda: balloon.hooks(guest)["reported_bytes"] - before
                   > HOG_MB * MIB // 2, 60)
        device.resize(64)
        device.resize(0)
        guest.finish()
