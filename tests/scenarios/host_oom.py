# SPDX-License-Identifier: GPL-2.0-only
"""With DEFLATE_ON_OOM a guest out of memory deflates the balloon and kills no process.

Guards: this also holds when deflation is slow, when the balloon grows at a silent device or
shrinks at a slow one, and when compaction migrates its pages. Without DEFLATE_ON_OOM no page
leaves the balloon below its target, and the OOM killer runs. Pages that the OOM notifier
deflated stay out of the balloon for 30 s. A silent device does not delay the OOM killer for long.
"""

import contextlib
import time
from collections.abc import Iterator

import pytest

from lab import MIB, check
from lab.guest.balloon import listed_bytes
from lab.hosts.fakehost import ALL, DEFLATE_ON_OOM, PAGES_PER_MIB, FakeHost, fake, meminfo

KERNELS = ("6.12",)
ALSO = ("lab",)
pytestmark = pytest.mark.timeout(1200)


def inflate(host: FakeHost) -> int:
    """Inflate, and leave 120 MiB available. Returns the balloon's pages."""
    pages = (meminfo(host.guest, "MemAvailable") - 120) * PAGES_PER_MIB
    host.balloon(pages, 180)
    host.set("uninvited", 0)
    return pages


def in_need(host: FakeHost) -> int:
    """A program needs 60 MiB more than the balloon leaves. Returns its exit status.

    Pages in the pcplists are not in MemAvailable, but can be allocated.
    """
    need = meminfo(host.guest, "MemAvailable") + listed_bytes(host.guest) // MIB + 60
    return host.guest.try_sh("sh -c 'echo 1000 >/proc/self/oom_score_adj; "
                             f"exec memhog {need} --hold 0'", 120)[0]


def spared(host: FakeHost, what: str) -> None:
    """The program gets its memory and no process is killed."""
    before = host.of_driver("oom_deflated_pages")
    status = in_need(host)
    log = host.guest.sh("dmesg")
    taken = (host.of_driver("oom_deflated_pages") - before) // PAGES_PER_MIB
    print(f"{what}: {taken} MiB were deflated")
    check(status == 0 and "Out of memory" not in log, f"{what}: a process was killed")
    check("page allocation failure" not in log, f"{what}: an allocation failed")
    check(taken > 0, f"{what}: nothing was deflated")
    host.check()


@contextlib.contextmanager
def compaction(host: FakeHost) -> Iterator[None]:
    """Compact memory all the time. In the end the device is fast again."""
    job = host.guest.start("while ! [ -e /tmp/calm ]; do echo 1 >/proc/sys/vm/compact_memory; done")
    host.guest.poll("a migrated page", lambda: host.of_driver("migrated_pages") > 0)
    yield
    host.set("deflate/ack_ms", 0)
    host.guest.sh("touch /tmp/calm")
    host.guest.wait(job)


def anew(host: FakeHost) -> None:
    """Plug another device, for which the 30 s after the last OOM do not count."""
    host.unplug()
    host.set("num_pages", 0)
    host.plug(features=ALL)


def rests(host: FakeHost) -> None:
    """Pages that the OOM notifier deflated stay out for a while, at any target."""
    asked, held = host.get("num_pages"), host.of_driver("actual_pages")
    check(held < asked, f"{held} of {asked} pages are in the balloon")
    for pages in (asked, asked, asked + 1, asked):
        host.set("num_pages", pages)
        time.sleep(1)
        now = host.of_driver("actual_pages")
        check(now == held, f"{now - held} pages were inflated again")
    host.until("the second inflation", "actual", asked)


def silent(host: FakeHost) -> None:
    """A silent device delays the OOM killer by two seconds, not by host_timeout_ms."""
    host.guest.write("/sys/module/balloon_report/parameters/host_timeout_ms", "600000")
    inflate(host)
    host.set("deflate/hold", 1)
    check(in_need(host), "memory sufficed")
    # The last fault of the killed program may find no memory.
    host.guest.allow("memhog: page allocation failure: order:0")
    host.guest.write("/sys/module/balloon_report/parameters/host_timeout_ms", "10000")
    host.set("deflate/hold", 0)


def busy(host: FakeHost) -> None:
    """The balloon changes size when the guest runs out of memory."""
    pages = inflate(host)
    host.set("inflate/hold", 1)
    host.set("num_pages", pages + 10 * PAGES_PER_MIB)
    host.until_out("inflate")
    spared(host, "a held inflation")
    host.set("inflate/hold", 0)
    anew(host)

    inflate(host)
    host.set("deflate/ack_ms", 300)
    spared(host, "a slow deflation")
    with compaction(host):
        spared(host, "a slow deflation beside compaction")
    host.set("deflate/ack_ms", 300)
    host.set("num_pages", 0)
    host.until_out("deflate")
    spared(host, "a slow deflation that the host asked for")
    host.set("deflate/ack_ms", 0)
    host.balloon(0)


def test_host_oom(kernel: str) -> None:
    """With DEFLATE_ON_OOM idle and busy, then without it."""
    with fake(kernel, memory_mb=512) as (guest, host):
        host.plug(features=ALL)
        inflate(host)
        spared(host, "a calm balloon")
        rests(host)
        anew(host)
        busy(host)
        anew(host)
        silent(host)
        host.unplug()
        host.set("num_pages", 0)
        guest.sh("dmesg -c >/dev/null")  # a process was killed there

        host.plug(features=ALL & ~DEFLATE_ON_OOM)
        inflate(host)
        status = in_need(host)
        check(status and "Out of memory" in guest.sh("dmesg"),
              f"status {status}: memory sufficed")
        # The last fault of the killed program may find no memory.
        guest.allow("memhog: page allocation failure: order:0")
        check(host.get("uninvited") == 0, "deflated without DEFLATE_ON_OOM")
        host.check()
        host.balloon(0)
        host.unplug()
