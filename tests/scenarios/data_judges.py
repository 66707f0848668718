# SPDX-License-Identifier: GPL-2.0-only
"""stress-ng and memtester, Debian's own judges of memory, find no wrong byte.

They run side by side while all free memory down to one page is reported soon, the balloon changes
its size, and everything is forgotten and flushed.
"""

import random
import re
import time

import pytest

from lab import check
from lab.guest import balloon
from lab.roots import debian, debs
from lab.roots.system import System

pytestmark = [pytest.mark.timeout(2400), pytest.mark.wide]
SYSTEM = System("bookworm", ("6.12-amd64",), more=("stress-ng", "memtester"))
SECONDS = 150
STRESS = (f"stress-ng --verify --metrics --timeout {SECONDS}s --vm 1 --vm-bytes 160M "
          "--vm-method all --memfd 1 --memfd-bytes 64M")
WORKED = re.compile(r"metrc: .* (vm|memfd) +[1-9]\d* ")
MEMTESTER = "memtester 128M 1"
MEMORY_MB = 1200
BALLOON_MB = 256
SEED = 1


def _disturb(guest: debian.RootGuest, end: float) -> int:
    """Change what can be changed. Returns how many times."""
    dice, times = random.Random(SEED), 0
    device = balloon.Balloon(guest)
    while time.monotonic() < end:
        device.ask(dice.randrange(BALLOON_MB))
        guest.sh(dice.choice((f"echo 30000 >{balloon.HOOKS}/flush", f"echo 1 >{balloon.HOOKS}/forget",
                              "echo 1 >/proc/sys/vm/compact_memory", "true")), 90)
        times += 1
        time.sleep(dice.random())
    return times


def test_data_judges() -> None:
    """Both end with success."""
    with debian.RootGuest("6.12", debs.installed_on(SYSTEM), memory_mb=MEMORY_MB) as guest:
        guest.booted()
        check(guest.balloon_driver() == balloon.OURS, f"bound: {guest.balloon_driver()}")
        for name, value in (("delay_ms", 10), ("min_age_ms", 0), ("report_order", 0)):
            balloon.tune(guest, name, value)
        before = balloon.hooks(guest)["reported_bytes"]
        jobs = [guest.start(judge) for judge in (STRESS, MEMTESTER)]
        times = _disturb(guest, time.monotonic() + SECONDS)
        ended = [guest.wait(job, 1200) for job in jobs]
        for job, (status, said) in zip(jobs, ended):
            print(said[-3000:])
            check(status == 0 and not re.search("FAILURE|fail:", said),
                  f"{job.text}:\n{said[-3000:]}")
        check(set(WORKED.findall(ended[0][1])) == {"vm", "memfd"}, "stress-ng did nothing")
        reported = balloon.hooks(guest)["reported_bytes"] - before
        print(f"{times} changes, {reported / 2**30:.1f} GiB reported")
        check(reported > 0, "nothing was reported")
        guest.judge()
