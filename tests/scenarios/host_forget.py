# SPDX-License-Identifier: GPL-2.0-only
"""All is to be reported once more, and the host has some of it at that moment.

Guards, for the kernel's own page reporting: forget waits for what the host has, whatever
signal comes that does not kill, and that is reported once more as well; where the host does
not give it back, forget says so.
"""

import time

from lab import check
from lab.balloon import HOOKS, hooks
from lab.fakehost import ALL, FakeHost, fake

KERNELS = ("6.12",)
ALSO = ("6.1",)
TIMEOUT = 300
HOG_MB = 200
PAGE = 4096
STARTED = "/tmp/forgetting"
SHARE = 0.95  # of what is known in the end


def _held(host: FakeHost) -> int:
    """Bytes that the host holds and has not acknowledged."""
    host.set("report/hold", 1)
    host.guest.sh(f"memhog {HOG_MB} --hold 0", 60)
    host.until_out("report")
    return host.get("reported") * PAGE


def _silent(host: FakeHost) -> None:
    """Nothing comes back."""
    _held(host)
    status, said = host.guest.try_sh(f"echo 1 >{HOOKS}/forget", 30)
    check(status and "timed out" in said, f"forget beside a silent host: {status} {said}")
    host.set("report/hold", 0)
    check(host.flush() == 0, "flush failed")


def _signal(host: FakeHost) -> None:
    """A signal that is handled comes while forget waits."""
    guest = host.guest
    held = _held(host)
    check(held > 0, "the host has nothing")
    before = hooks(guest)["reported_bytes"]
    job = guest.start(f"trap : USR1; echo $$ >{STARTED}; echo 1 >{HOOKS}/forget")
    guest.poll("forget has begun", lambda: guest.try_sh(f"test -s {STARTED}")[0] == 0)
    guest.sh(f"kill -USR1 $(cat {STARTED})")
    time.sleep(1)
    check(job.status is None, f"forget did not wait: {job.output.decode()}")
    host.set("report/hold", 0)
    status, said = guest.wait(job, 30)
    check(not status, f"forget failed: {said}")
    check(host.flush() == 0, "flush failed")
    again = hooks(guest)["reported_bytes"] - before
    known = hooks(guest)["known_bytes"]
    print(f"{held >> 20} MiB were out, {known >> 20} MiB are known, {again >> 20} MiB reported")
    check(again > SHARE * known + held, "what was out is not reported once more")


def run(kernel: str) -> None:
    """A host that is silent, and one that is late."""
    with fake(kernel) as (guest, host):
        host.plug(features=ALL)
        check(host.flush() == 0, "flush failed")
        _silent(host)
        _signal(host)
        guest.rmmod("balloon_report")
