# SPDX-License-Identifier: GPL-2.0-only
"""Memory that is freed in NMI is reported, with the zone's lock free or held.

Only kernels from 6.15 on free in NMI. They call the hook in NMI if zone->lock is free, and
later otherwise.
"""

from lab import MIB, Guest, check
from lab.guest import balloon
from lab.hosts.fakehost import no_memory_lost

KERNELS = ()
ALSO = ("lab-7.3",)
BLOCKS = 40
BLOCK_MIB = 4
PARAMETERS = "/sys/module/nmi_free/parameters"
HELD = f"{PARAMETERS}/blocks"
END = "/tmp/end"


def _hooked(guest: Guest) -> int:
    """How often the hook was called in NMI."""
    return int(guest.read(f"{PARAMETERS}/hooked"))


def _round(guest: Guest, *, forget: bool) -> None:
    """A program takes zone->lock all the time, and QEMU injects NMIs.

    With `forget` passes run all the time, too, and every block is unreported at the end. Without
    it, only the hook can tell the engine to report the memory freed in NMI.
    """
    with no_memory_lost(guest):
        guest.write(HELD, str(BLOCKS))
        balloon.flush(guest)
        held, before = guest.rss_bytes(), balloon.hooks(guest)["reported_bytes"]
        hooked = _hooked(guest)
        jobs = [guest.start("churn 32 1000 --nohuge")]
        if forget:
            jobs.append(guest.start(f"while ! [ -e {END} ]; do "
                                    f"echo 1 >{balloon.HOOKS}/forget; done"))
        for left in range(BLOCKS - 1, -1, -1):
            guest.qmp("inject-nmi")
            guest.poll("a free in NMI", lambda: int(guest.read(HELD)) <= left, 20)
        guest.sh(f"touch {END}; killall churn")
        for job in jobs:
            guest.wait(job)
        guest.sh(f"rm {END}")
        balloon.flush(guest)
    reported = balloon.hooks(guest)["reported_bytes"] - before
    hooked = _hooked(guest) - hooked
    print(f"{(held - guest.rss_bytes()) // MIB} MiB reclaimed, "
          f"{reported // MIB} MiB reported, {hooked} calls of the hook in NMI")
    check(hooked > 0, "the hook was never called in NMI")
    check(guest.rss_bytes() < held - BLOCKS * BLOCK_MIB * MIB * 8 // 10,
          "the host still backs the memory freed in NMI")


def test_native_nmi(kernel: str) -> None:
    """The host reclaims memory that was freed in NMI, during passes and without them."""
    with Guest(kernel, memory_mb=512, cpus=2) as guest:
        device = balloon.load(guest)
        guest.insmod("nmi_free")
        balloon.flush(guest)
        for forget in (True, False):
            _round(guest, forget=forget)
        balloon.check_all_back(guest)
        check(device.counters()["report_errors"] == 0, "reports failed")
        guest.finish()
