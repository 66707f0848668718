# SPDX-License-Identifier: GPL-2.0-only
"""Page isolation splits free blocks, and the parts are not reported again.

CMA allocates ranges that begin or end inside a free block of 4 MiB. The kernel splits such a
block when it isolates one half. The guest reports nothing meanwhile, so the unreported memory
is what the kernel has announced as freed.
"""

from lab import MIB, Guest, check
from lab.guest import balloon

KERNELS = ("lab",)
ALSO = ("lab-6.1", "lab-7.3")
CMA = "/sys/kernel/debug/cma"
CMA_MB = 64
PAGES = 1536  # one block and a half
RANGES = 6


def _unreported(guest: Guest) -> int:
    return balloon.hooks(guest)["unreported_bytes"]


def test_native_isolated(kernel: str) -> None:
    """Report everything, then let CMA isolate."""
    with Guest(kernel, memory_mb=512, append=f"cma={CMA_MB}M") as guest:
        guest.insmod("mm_hooks", "engine=native")
        guest.insmod(balloon.OURS)
        balloon.flush(guest)
        balloon.tune(guest, "delay_ms", 60000)
        before = _unreported(guest)
        area = guest.sh(f"echo {CMA}/*").split()[0]
        for _ in range(RANGES):
            guest.write(f"{area}/alloc", str(PAGES))
        used = int(guest.read(f"{area}/used"))
        check(used == RANGES * PAGES, f"CMA has allocated {used} pages")
        announced = _unreported(guest) - before
        print(f"unreported: {before // MIB} MiB, and {announced // MIB} MiB since; "
              f"CMA allocated {used * 4096 // MIB} MiB")
        # Each range has split at least two blocks of 4 MiB.
        check(announced < RANGES * 2 * MIB, f"{announced // MIB} MiB were announced as freed")
        guest.write(f"{area}/free", str(used))
        guest.finish()
