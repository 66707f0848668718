# SPDX-License-Identifier: GPL-2.0-only
"""The native engine works during everything else that moves free memory.

The kernel zeroes freed pages (init_on_free), and the guest is suspended and hibernated. See
lab/survive.py for the rest.
"""

import tempfile
from pathlib import Path

import pytest

from lab import MIB, Guest, check, survive

KERNELS = ("lab",)
ALSO = ("lab-kasan", "lab-kcsan", "lab-6.1", "lab-7.3")
pytestmark = pytest.mark.timeout(survive.TIMEOUT)
SWAP_MB = 768


def _hibernate(guest: Guest) -> None:
    """Hibernate and resume. 6.1 opens its swap exclusively to read it, and then fails."""
    status, said = guest.try_sh(
        "mkswap /dev/vda >/dev/null && swapon /dev/vda && "
        "cat /sys/block/vda/dev >/sys/power/resume && "
        "echo test_resume >/sys/power/disk && echo disk >/sys/power/state", 200)
    if not status:
        guest.sh("swapoff /dev/vda", 240)  # slow, as it goes page by page with little memory
        return
    # The image stays in the swap area, as the kernel has no owner for it.
    check(guest.kernel.name == "lab-6.1" and "busy" in said and
          "Image saving done" in guest.sh("dmesg"), f"hibernation: {said}")
    print("hibernation: the image was saved, but this kernel cannot read it back")


def _sleep(guest: Guest) -> None:
    if guest.sleeps:
        guest.suspend()
        _hibernate(guest)


def test_native_survive(kernel: str) -> None:
    """Long ranges, compaction, suspend and hibernation."""
    with tempfile.NamedTemporaryFile(prefix="vmhooks-swap") as swap:
        swap.truncate(SWAP_MB * MIB)
        with Guest(kernel, disks=(Path(swap.name),), wakes=True,
                   append=f"{survive.WORDS} init_on_free=1", **survive.MACHINE) as guest:
            survive.survive(guest, (survive.contiguous, survive.compact, _sleep))
