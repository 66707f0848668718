# SPDX-License-Identifier: GPL-2.0-only
"""The guest runs out of memory while the host has much of it.

Guards: with DEFLATE_ON_OOM pages come back and nobody is killed, also when they come
back slowly, while the balloon grows at a host that does not answer or shrinks at a slow
one, and while compaction moves its pages; without it no page leaves the balloon that the
host wants there, and the guest kills somebody instead. What an OOM took rests for 30 s,
and a silent host does not hold an OOM for long.
"""

import contextlib
import time
from collections.abc import Iterator

from lab import MIB, check
from lab.balloon import listed_bytes
from lab.fakehost import ALL, DEFLATE_ON_OOM, PAGES_PER_MIB, FakeHost, fake, meminfo

KERNELS = ("6.12",)
ALSO = ("lab",)
TIMEOUT = 1200


def inflate(host: FakeHost) -> int:
    """A balloon that leaves 120 MiB; its pages."""
    pages = (meminfo(host.guest, "MemAvailable") - 120) * PAGES_PER_MIB
    host.balloon(pages, 180)
    host.set("uninvited", 0)
    return pages


def in_need(host: FakeHost) -> int:
    """A program needs 60 MiB more than the balloon leaves: its exit status.

    What is in the lists of the processors counts for nobody, and can be had.
    """
    need = meminfo(host.guest, "MemAvailable") + listed_bytes(host.guest) // MIB + 60
    return host.guest.try_sh("sh -c 'echo 1000 >/proc/self/oom_score_adj; "
                             f"exec memhog {need} --hold 0'", 120)[0]


def spared(host: FakeHost, what: str) -> None:
    """The program gets its memory and nobody is killed."""
    before = host.of_driver("oom_deflated_pages")
    status = in_need(host)
    log = host.guest.sh("dmesg")
    taken = (host.of_driver("oom_deflated_pages") - before) // PAGES_PER_MIB
    print(f"{what}: {taken} MiB were deflated")
    check(status == 0 and "Out of memory" not in log, f"{what}: somebody was killed")
    check("page allocation failure" not in log, f"{what}: an allocation failed")
    check(taken > 0, f"{what}: nothing was deflated")
    host.check()


@contextlib.contextmanager
def compaction(host: FakeHost) -> Iterator[None]:
    """Somebody moves the balloon's pages all the time; in the end the host is fast again."""
    job = host.guest.start("while ! [ -e /tmp/calm ]; do echo 1 >/proc/sys/vm/compact_memory; done")
    host.guest.poll("a page moves", lambda: host.of_driver("migrated_pages") > 0)
    yield
    host.set("deflate/ack_ms", 0)
    host.guest.sh("touch /tmp/calm")
    host.guest.wait(job)


def anew(host: FakeHost) -> None:
    """Another device: what an OOM took from the last one rests for 30 s."""
    host.unplug()
    host.set("num_pages", 0)
    host.plug(features=ALL)


def rests(host: FakeHost) -> None:
    """What the OOM took stays out for a while, whatever the host announces."""
    asked, held = host.get("num_pages"), host.of_driver("actual_pages")
    check(held < asked, f"{held} of {asked} pages are in the balloon")
    for pages in (asked, asked, asked + 1, asked):
        host.set("num_pages", pages)
        time.sleep(1)
        now = host.of_driver("actual_pages")
        check(now == held, f"{now - held} pages went back into the balloon")
    host.until("what the OOM took", "actual", asked)


def silent(host: FakeHost) -> None:
    """A host that does not answer costs an OOM two seconds, not its own deadline."""
    host.guest.write("/sys/module/balloon_report/parameters/host_timeout_ms", "600000")
    inflate(host)
    host.set("deflate/hold", 1)
    check(in_need(host), "nothing was short")
    # The killed one may have nothing left for its own last fault.
    host.guest.allow("memhog: page allocation failure: order:0")
    host.guest.write("/sys/module/balloon_report/parameters/host_timeout_ms", "10000")
    host.set("deflate/hold", 0)


def busy(host: FakeHost) -> None:
    """The balloon is at work when the guest runs out of memory."""
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


def run(kernel: str) -> None:
    """With DEFLATE_ON_OOM in calm and at work, then without it."""
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
        guest.sh("dmesg -c >/dev/null")  # somebody was killed there

        host.plug(features=ALL & ~DEFLATE_ON_OOM)
        inflate(host)
        status = in_need(host)
        check(status and "Out of memory" in guest.sh("dmesg"),
              f"status {status}: nothing was short")
        # The killed one may have nothing left for its own last fault.
        guest.allow("memhog: page allocation failure: order:0")
        check(host.get("uninvited") == 0, "taken without DEFLATE_ON_OOM")
        host.check()
        host.balloon(0)
        host.unplug()
