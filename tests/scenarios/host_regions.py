# SPDX-License-Identifier: GPL-2.0-only
"""Free memory lies on both sides of a memory block's end, and is reported.

Guards: no reported range crosses the end of a memory block, as some hosts drop what of a
range is beyond a region; the native engine, which merges neighbours, reports two of them
that meet there.
"""

from lab import MIB, check
from lab.balloon import hooks
from lab.fakehost import ALL, fake

KERNELS = ("lab",)
MEMORY_MB = 1792  # several memory blocks, and chains of three free blocks
HOG_MB = 400


def run(kernel: str) -> None:
    """Use most of the memory, free it, report it; the fake host judges each range."""
    with fake(kernel, memory_mb=MEMORY_MB) as (guest, host):
        host.plug(features=ALL)
        guest.sh(f"memhog {HOG_MB} --hold 0", 60)
        check(host.flush() == 0, "flush failed")
        reported, cuts = hooks(guest)["reported_bytes"] // MIB, host.get("report_cuts")
        print(f"{reported} MiB reported, {cuts} times up to a memory block's end and on")
        check(reported > HOG_MB // 2, f"only {reported} MiB were reported")
        host.check()
        check(cuts > 0, "no two ranges met at the end of a memory block")
        host.unplug()
