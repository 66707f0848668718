# SPDX-License-Identifier: GPL-2.0-only
"""A target above the guest's memory kills no process and costs next to no CPU time.

Guards: the guest keeps its floor. Inflation backs off: a handful of failures in half a minute,
with and without DEFLATE_ON_OOM. The balloon shrinks when the target is valid again, and the
next inflation starts without a long delay. Pages that compaction migrates meanwhile are not
deflated.
"""

import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from lab import check
from lab.hosts.fakehost import ALL, DEFLATE_ON_OOM, FakeHost, fake, meminfo

KERNELS = ("lab",)
ALSO = ("6.12", "lab-arm64")
pytestmark = pytest.mark.timeout(1200)
FLOOR_MB = 64
WATCH = 30
ASKED = ((ALL, 0xffffffff), (ALL & ~DEFLATE_ON_OOM, 1 << 20))  # features, pages
# Free every second page of a file, so that the balloon's pages are scattered; later the rest.
FRAGMENT = """dd if=/dev/zero of=/tmp/fill bs=1M count=96 2>/dev/null
scatter /tmp/fill"""


def cpu_ticks(host: FakeHost) -> int:
    """Ticks in which the guest's CPU was not idle."""
    user, nice, system, _, _, irq, softirq = map(
        int, host.guest.sh("head -n 1 /proc/stat").split()[1:8])
    return user + nice + system + irq + softirq


def settled(host: FakeHost) -> bool:
    """Whether no page was inflated for a while."""
    before = host.get("inflated")
    time.sleep(2)
    return before > 0 and host.get("inflated") == before


def exchange(host: FakeHost) -> None:
    """Compaction migrates pages of a balloon that is below its target."""
    host.guest.sh("rm /tmp/fill")
    for _ in range(20):
        host.guest.sh("echo 1 >/proc/sys/vm/compact_memory", 60)
        if moved := host.of_driver("migrated_pages"):
            break
        host.guest.sh("memhog 24 --hold 0", 60)
    print(f"{moved} pages migrated, {host.get('uninvited')} deflated below the target")
    check(moved > 0, "compaction moved no page of the balloon")


def floor_left(host: FakeHost) -> int:
    """MiB that are available, 0 during an attempt."""
    left = meminfo(host.guest, "MemAvailable")
    return left if FLOOR_MB // 2 < left < FLOOR_MB * 2 else 0


def invalid(host: FakeHost, pages: int) -> None:
    """Ask for far too much, and watch."""
    guest = host.guest
    guest.sh(FRAGMENT, 60)
    host.set("num_pages", pages)
    guest.poll("the end of inflation", lambda: settled(host), 60)
    left = guest.poll(f"the floor of {FLOOR_MB} MiB", lambda: floor_left(host), 30, 0.5)
    exchange(host)
    host.set("num_pages", pages)
    guest.poll("the end of the second inflation", lambda: settled(host), 60)
    failures, ticks = host.of_driver("alloc_failures"), cpu_ticks(host)
    time.sleep(WATCH)
    failures = host.of_driver("alloc_failures") - failures
    ticks = cpu_ticks(host) - ticks
    print(f"{left} MiB left; in {WATCH} s: {failures} failures, {ticks} ticks")
    check(failures <= 10, f"{failures} failed inflations in {WATCH} s")
    check(ticks < WATCH * 100 // 5, f"{ticks} ticks of CPU time in {WATCH} s")
    check(host.get("uninvited") == 0 or host.get("features") & DEFLATE_ON_OOM,
          "pages were deflated below the target")


def valid(host: FakeHost, pages: int) -> None:
    """The target becomes the balloon's size, then is too large again."""
    said = host.guest.sh("dmesg").count("inflation stopped at")
    host.set("num_pages", host.get("inflated"))
    host.guest.poll("the target", lambda: host.of_driver("num_pages") != pages)
    failures = host.of_driver("alloc_failures")
    host.set("num_pages", pages)
    host.guest.poll("short delays",
                    lambda: host.of_driver("alloc_failures") >= failures + 3)
    again = host.guest.sh("dmesg").count("inflation stopped at")
    check(again <= said + 1, f"{again - said} more lines in the log")


def one_guest(kernel: str, features: int, pages: int) -> None:
    """A guest with one such device."""
    with fake(kernel, f"floor_mb={FLOOR_MB}", memory_mb=384) as (guest, host):
        host.plug(features=features)
        invalid(host, pages)
        valid(host, pages)
        host.balloon(1000)
        host.unplug()
        check("Out of memory" not in guest.sh("dmesg"), "a process was killed")


def test_host_invalid(kernel: str) -> None:
    """Two targets that are too large, in two guests at once, as both mostly wait."""
    with ThreadPoolExecutor() as pool:
        for each in [pool.submit(one_guest, kernel, *asked) for asked in ASKED]:
            each.result()
