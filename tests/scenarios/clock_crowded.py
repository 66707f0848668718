# SPDX-License-Identifier: GPL-2.0-only
"""Where the table of VMs is full, one that nothing is heard of makes room for another.

Guards: a process that holds all the room does not keep the others' VMs out for ever.
"""

from lab import check
from lab.nested import CLOCK, Host, LiveVm

KERNELS = ()
ALSO = ("lab", "6.12")
TIMEOUT = 400
ENOUGH = 150  # a minute of silence, and the looks that follow


def _tries(host: Host, vm: LiveVm) -> bool:
    """It shows its clock; whether it has got room."""
    vm.tell("sleep 3000", "resnap 1 0")
    return vm.pid() in host.read(f"{CLOCK}/vms")


def run(kernel: str) -> None:
    """Room for one VM, and two of them."""
    with Host(kernel) as host:
        host.load_fix("max_vms=1")
        with host.live("on") as silent, host.live("on") as other:
            check(silent.pid() in host.read(f"{CLOCK}/vms"), "the first VM has no room")
            before = host.shown("untracked")
            check(not _tries(host, other), "two VMs fit where there is room for one")
            check(host.shown("untracked") > before, "lack of room is not counted")
            host.poll("room for the other VM", lambda: _tries(host, other), ENOUGH)
            check(silent.pid() not in host.read(f"{CLOCK}/vms"), "two VMs in one place")
        host.finish()
