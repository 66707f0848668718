# SPDX-License-Identifier: GPL-2.0-only
"""The guest runs out of memory while the host has much of it.

Guards: with DEFLATE_ON_OOM pages come back and nobody is killed, also when they come
back slowly; without it no page leaves the balloon that the host wants there, and the
guest kills somebody instead.
"""

from lab import check
from lab.fakehost import ALL, DEFLATE_ON_OOM, PAGES_PER_MIB, fake, meminfo

KERNELS = ("6.12",)
ALSO = ("lab",)
TIMEOUT = 1200


def run(kernel: str) -> None:
    """A program needs 60 MiB more than the balloon leaves."""
    with fake(kernel, memory_mb=512) as (guest, host):
        for features in (ALL, ALL & ~DEFLATE_ON_OOM):
            host.plug(features=features)
            host.balloon((meminfo(guest, "MemAvailable") - 120) * PAGES_PER_MIB, 180)
            host.set("uninvited", 0)
            need = meminfo(guest, "MemAvailable") + 60
            status, _ = guest.try_sh("sh -c 'echo 1000 >/proc/self/oom_score_adj; "
                                     f"exec memhog {need} --hold 0'", 120)
            log = guest.sh("dmesg")
            killed = "Out of memory" in log
            if features & DEFLATE_ON_OOM:
                check(status == 0 and not killed, "killed in spite of DEFLATE_ON_OOM")
                check("page allocation failure" not in log, "an allocation failed")
                check(host.of_driver("oom_deflated_pages") > 0, "nothing was deflated")
            else:
                check(status and killed, f"status {status}: nothing was short")
                # The killed one may have nothing left for its own last fault.
                guest.allow("memhog: page allocation failure: order:0")
                check(host.get("uninvited") == 0, "taken without DEFLATE_ON_OOM")
            host.check()
            host.balloon(0)
            host.unplug()
