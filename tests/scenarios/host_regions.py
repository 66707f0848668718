# SPDX-License-Identifier: GPL-2.0-only
"""No reported range crosses the end of a memory block.

Some hosts discard only the part of a range up to the end of a memory region. Guards: free memory on
both sides of such an end is reported. The native engine, which merges neighbours, reports two
ranges that meet there.
"""

from lab import MIB, check
from lab.guest.balloon import hooks
from lab.hosts.fakehost import ALL, fake

KERNELS = ("lab",)
MEMORY_MB = 1792  # several memory blocks, and reports of three free blocks
HOG_MB = 400


def test_host_regions(kernel: str) -> None:
    """Use most of the memory, free and report it. The fake device checks each range."""
    with fake(kernel, memory_mb=MEMORY_MB) as (guest, host):
        host.plug(features=ALL)
        guest.sh(f"memhog {HOG_MB} --hold 0", 60)
        check(host.flush() == 0, "flush failed")
        reported, cuts = hooks(guest)["reported_bytes"] // MIB, host.get("report_cuts")
        print(f"{reported} MiB reported, {cuts} times two ranges met at the end of a memory block")
        check(reported > HOG_MB // 2, f"only {reported} MiB were reported")
        host.check()
        check(cuts > 0, "no two ranges met at the end of a memory block")
        host.unplug()
