# SPDX-License-Identifier: GPL-2.0-only
"""A host that asks for more pages than the guest has.

Guards: the guest keeps its floor, nothing is killed, and inflation backs off: a
handful of failures in half a minute and next to no CPU time, whether the balloon
may deflate on OOM or not; the balloon shrinks again when the host is sensible, and
then inflation starts again without a long wait. Pages that compaction exchanges meanwhile
are not taken back.
"""

import time
from concurrent.futures import ThreadPoolExecutor

from lab import check
from lab.fakehost import ALL, DEFLATE_ON_OOM, FakeHost, fake, meminfo

KERNELS = ("lab",)
ALSO = ("6.12",)
TIMEOUT = 1200
FLOOR_MB = 64
WATCH = 30
ASKED = ((ALL, 0xffffffff), (ALL & ~DEFLATE_ON_OOM, 1 << 20))  # features, pages
# Every second page of a file goes, so the balloon's pages are scattered; then the rest.
FRAGMENT = """dd if=/dev/zero of=/tmp/fill bs=1M count=96 2>/dev/null
scatter /tmp/fill"""


def cpu_ticks(host: FakeHost) -> int:
    """Ticks that the guest's CPU was not idle."""
    user, nice, system, _, _, irq, softirq = map(
        int, host.guest.sh("head -n 1 /proc/stat").split()[1:8])
    return user + nice + system + irq + softirq


def settled(host: FakeHost) -> bool:
    """No page was inflated for a while."""
    before = host.get("inflated")
    time.sleep(2)
    return before > 0 and host.get("inflated") == before


def exchange(host: FakeHost) -> None:
    """Compaction moves pages of a balloon that is smaller than the host wants."""
    host.guest.sh("rm /tmp/fill")
    for _ in range(20):
        host.guest.sh("echo 1 >/proc/sys/vm/compact_memory", 60)
        if moved := host.of_driver("migrated_pages"):
            break
        host.guest.sh("memhog 24 --hold 0", 60)
    print(f"{moved} pages exchanged, {host.get('uninvited')} taken back uninvited")
    check(moved > 0, "compaction moved no page of the balloon")


def floor_left(host: FakeHost) -> int:
    """MiB that are available, 0 while a try is under way."""
    left = meminfo(host.guest, "MemAvailable")
    return left if FLOOR_MB // 2 < left < FLOOR_MB * 2 else 0


def insane(host: FakeHost, pages: int) -> None:
    """Ask for far too much, and watch."""
    guest = host.guest
    guest.sh(FRAGMENT, 60)
    host.set("num_pages", pages)
    guest.poll("inflation stops", lambda: settled(host), 60)
    left = guest.poll(f"the floor of {FLOOR_MB} MiB", lambda: floor_left(host), 30, 0.5)
    exchange(host)
    host.set("num_pages", pages)
    guest.poll("inflation stops again", lambda: settled(host), 60)
    failures, ticks = host.of_driver("alloc_failures"), cpu_ticks(host)
    time.sleep(WATCH)
    failures = host.of_driver("alloc_failures") - failures
    ticks = cpu_ticks(host) - ticks
    print(f"{left} MiB left; in {WATCH} s: {failures} failures, {ticks} ticks")
    check(failures <= 10, f"{failures} failed inflations in {WATCH} s")
    check(ticks < WATCH * 100 // 5, f"{ticks} ticks of CPU time in {WATCH} s")
    check(host.get("uninvited") == 0 or host.get("features") & DEFLATE_ON_OOM,
          "pages were taken back although the host wants them")


def sensible(host: FakeHost, pages: int) -> None:
    """The host asks for what is there, and then for too much again."""
    said = host.guest.sh("dmesg").count("the guest has no more to give")
    host.set("num_pages", host.get("inflated"))
    host.guest.poll("the target", lambda: host.of_driver("asked_pages") != pages)
    failures = host.of_driver("alloc_failures")
    host.set("num_pages", pages)
    host.guest.poll("short waits once more",
                    lambda: host.of_driver("alloc_failures") >= failures + 3)
    again = host.guest.sh("dmesg").count("the guest has no more to give")
    check(again <= said + 1, f"{again - said} lines more in the log")


def one_guest(kernel: str, features: int, pages: int) -> None:
    """A guest with one such host."""
    with fake(kernel, f"floor_mb={FLOOR_MB}", memory_mb=384) as (guest, host):
        host.plug(features=features)
        insane(host, pages)
        sensible(host, pages)
        host.balloon(1000)
        host.unplug()
        check("Out of memory" not in guest.sh("dmesg"), "something was killed")


def run(kernel: str) -> None:
    """Too much, and much too much: two guests at once, as most of it is waiting."""
    with ThreadPoolExecutor() as pool:
        for each in [pool.submit(one_guest, kernel, *asked) for asked in ASKED]:
            each.result()
