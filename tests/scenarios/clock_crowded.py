# SPDX-License-Identifier: GPL-2.0-only
"""In a full table of VMs, the entry of a silent VM is reused for another VM.

Guards: a process that holds all entries does not keep out the VMs of other processes for ever.
"""

import pytest

from lab import check
from lab.hosts.nested import VMS, Host, LiveVm

KERNELS = ()
ALSO = ("lab", "6.12")
pytestmark = pytest.mark.timeout(400)
ENOUGH = 150  # a minute of silence, and the updates that follow


def _tries(host: Host, vm: LiveVm) -> bool:
    """Update the VM's clock. Returns whether the VM has an entry."""
    vm.tell("sleep 3000", "resnap 1 0")
    return vm.pid() in host.read(VMS)


def test_clock_crowded(kernel: str) -> None:
    """A table with one entry, and two VMs."""
    with Host(kernel) as host:
        host.load_fix("max_vms=1")
        with host.live("on") as silent, host.live("on") as other:
            check(silent.pid() in host.read(VMS), "the first VM has no entry")
            before = host.shown("untracked")
            check(not _tries(host, other), "two VMs have the only entry")
            check(host.shown("untracked") > before, "the VM without an entry is not counted")
            host.poll("a free entry", lambda: _tries(host, other), ENOUGH)
            check(silent.pid() not in host.read(VMS), "two VMs in one entry")
        host.finish()
