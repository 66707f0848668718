# SPDX-License-Identifier: GPL-2.0-only
"""The native engine in the middle of everything else that moves free memory around.

Pages are wiped when they are freed, and the guest sleeps, too; for the rest see
lab/survive.py.
"""

import tempfile
from pathlib import Path

from lab import MIB, Guest, check, survive

KERNELS = ("lab",)
ALSO = ("lab-kasan", "lab-kcsan", "lab-6.1", "lab-7.3")
TIMEOUT = survive.TIMEOUT
SWAP_MB = 768


def _hibernate(guest: Guest) -> None:
    """To the disk and back; 6.1 opens its own swap exclusively to read it, and gets no further."""
    status, said = guest.try_sh(
        "mkswap /dev/vda >/dev/null && swapon /dev/vda && "
        "cat /sys/block/vda/dev >/sys/power/resume && "
        "echo test_resume >/sys/power/disk && echo disk >/sys/power/state", 200)
    if not status:
        guest.sh("swapoff /dev/vda", 240)  # page by page, with little memory
        return
    # The swap stays full of the image: the kernel has no owner for it.
    check(guest.kernel.name == "lab-6.1" and "busy" in said and
          "Image saving done" in guest.sh("dmesg"), f"hibernation: {said}")
    print("hibernation: the image was saved, but this kernel cannot read it back")


def _sleep(guest: Guest) -> None:
    if guest.sleeps:
        guest.suspend()
        _hibernate(guest)


def run(kernel: str) -> None:
    """Long ranges, compaction, sleep."""
    with tempfile.NamedTemporaryFile(prefix="vmhooks-swap") as swap:
        swap.truncate(SWAP_MB * MIB)
        with Guest(kernel, disks=(Path(swap.name),), wakes=True,
                   append=f"{survive.WORDS} init_on_free=1", **survive.MACHINE) as guest:
            survive.survive(guest, (survive.contiguous, survive.compact, _sleep))
