# SPDX-License-Identifier: GPL-2.0-only
"""Memory that is freed in NMI is reported, whoever holds the zone's lock at that moment.

Only kernels from 6.15 on free in NMI. Where nobody holds the lock the hook is called
there, otherwise later.
"""

from lab import MIB, Guest, balloon, check
from lab.fakehost import no_memory_lost

KERNELS = ()
ALSO = ("lab-7.3",)
BLOCKS = 40
BLOCK_MIB = 4
PARAMETERS = "/sys/module/nmi_free/parameters"
HELD = f"{PARAMETERS}/blocks"


def run(kernel: str) -> None:
    """A program takes the lock all the time, NMIs come from outside."""
    with Guest(kernel, memory_mb=512, cpus=2) as guest:
        device = balloon.load(guest)
        guest.insmod("nmi_free")
        balloon.flush(guest)
        with no_memory_lost(guest):
            guest.write(HELD, str(BLOCKS))
            balloon.flush(guest)
            held, before = guest.rss_bytes(), balloon.hooks(guest)["reported_bytes"]
            load = guest.start("churn 32 1000 --nohuge")
            guest.sh(f"while ! [ -e /tmp/end ]; do echo 1 >{balloon.HOOKS}/forget; done & true")
            for left in range(BLOCKS - 1, -1, -1):
                guest.qmp("inject-nmi")
                guest.poll("an NMI frees a block", lambda: int(guest.read(HELD)) <= left, 20)
            guest.sh("touch /tmp/end; killall churn")
            guest.wait(load)
            balloon.flush(guest)
        hooked = int(guest.read(f"{PARAMETERS}/hooked"))
        reported = balloon.hooks(guest)["reported_bytes"] - before
        print(f"{(held - guest.rss_bytes()) // MIB} MiB less at the host, "
              f"{reported // MIB} MiB reported, {hooked} calls of the hook in NMI")
        check(hooked > 0, "the hook was never called in NMI")
        check(guest.rss_bytes() < held - BLOCKS * BLOCK_MIB * MIB * 8 // 10,
              "what was freed in NMI is still at the host")
        balloon.check_all_back(guest)
        check(device.counters()["report_errors"] == 0, "reports failed")
        guest.finish()
