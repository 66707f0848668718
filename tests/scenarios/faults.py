# SPDX-License-Identifier: GPL-2.0-only
"""Each allocation of our modules fails once, and nothing is lost.

In each part, the first allocation below a function of ours fails, then the second, until none is
left. Guards: no warning, no memory leak (kmemleak). An operation fails with an error, or is done
later all the same. Without a fault, the next attempt succeeds.

No function that our modules call is open to the kernel's fail_function, except those that allocate
memory. failslab and fail_page_alloc make these fail.
"""

from collections import Counter
from collections.abc import Callable

import pytest

from lab import MIB, Guest, check
from lab.guest import balloon
from lab.guest.faults import KINDS, WORDS, Faults
from lab.hosts.nested import VMS, Host

KERNELS = ("lab",)
ALSO = ("lab-6.1", "lab-7.3", "lab-kasan")
pytestmark = [pytest.mark.timeout(1200), pytest.mark.wide]
MEMORY = "/sys/devices/system/memory"
USED_MB = 24
SIZE_MB = 2
GONE = f"for m in kvmclock_fix {balloon.OURS} mm_hooks; do rmmod $m 2>/dev/null; done; true"


def _each(make: Callable[[], Guest], work: Callable[[Faults], None]) -> None:
    """Do this work with each kind of faults, in a guest of its own."""
    sites: Counter[str] = Counter()
    for kind in KINDS:
        with make() as guest:
            faults = Faults(guest, kind)
            work(faults)
            print(f"{kind}: {dict(faults.sites)}")
            sites += faults.sites
            guest.finish()
    print(f"{sites.total()} faults in {len(sites)} functions")
    check(len(sites) > 0 and "unknown" not in sites, f"the functions: {sites}")


def _plain(kernel: str) -> Guest:
    return Guest(kernel, memory_mb=320, append=WORDS,
                 balloon=("free-page-reporting=on", "free-page-hint=on", "deflate-on-oom=on",
                          "iothread=io0"))


def test_load(kernel: str) -> None:
    """The modules are loaded, and the driver binds the device."""
    def work(faults: Faults) -> None:
        guest = faults.guest
        for module in ("mm_hooks", balloon.OURS):
            faults.each(lambda module=module: guest.try_sh(f"modprobe {module}"),
                        lambda: guest.sh(GONE))
        balloon.load(guest)
        balloon.flush(guest)
        check(balloon.hooks(guest)["reported_bytes"] > 0, "nothing was reported")
    _each(lambda: _plain(kernel), work)


def test_report(kernel: str) -> None:
    """Memory is freed and flushed, by both engines, with small blocks, after forget."""
    def work(faults: Faults) -> None:
        guest = faults.guest
        device = balloon.load(guest)
        for engine in ("page_reporting", "native"):
            for action in (f"echo {engine} >{balloon.PARAMETERS}/engine",
                           f"memhog {USED_MB} --hold 0; echo 20000 >{balloon.HOOKS}/flush",
                           f"echo 1 >{balloon.HOOKS}/forget; echo 20000 >{balloon.HOOKS}/flush"):
                faults.each(lambda action=action: guest.try_sh(action, 60),
                            lambda: balloon.flush(guest))
        balloon.check_all_back(guest)
        check(device.counters()["report_errors"] == 0, "a report failed")
    _each(lambda: _plain(kernel), work)


def test_inflate(kernel: str) -> None:
    """The balloon is inflated, gets its size in the end, and is deflated."""
    def work(faults: Faults) -> None:
        guest = faults.guest
        device = balloon.load(guest)
        faults.each(lambda: device.resize(SIZE_MB), lambda: device.resize(0))
    _each(lambda: _plain(kernel), work)


def test_restore(kernel: str) -> None:
    """Devices are frozen and thawed with an inflated balloon."""
    def work(faults: Faults) -> None:
        guest = faults.guest
        device = balloon.load(guest)
        device.resize(SIZE_MB)
        guest.sh("echo 0 >/sys/module/suspend/parameters/pm_test_delay; "
                 "echo devices >/sys/power/pm_test")

        def again() -> None:
            if balloon.OURS not in balloon.devices(guest).values():
                guest.sh(GONE)
                balloon.load(guest)
            balloon.Balloon(guest).wait(SIZE_MB)
        faults.each(lambda: guest.try_sh("echo mem >/sys/power/state", 120), again)
        balloon.flush(guest)
        print(f"{balloon.Balloon(guest).counters()}")
    _each(lambda: _plain(kernel), work)


def test_hotplug(kernel: str) -> None:
    """A block of memory goes offline and online, and its map grows again."""
    def work(faults: Faults) -> None:
        guest = faults.guest
        balloon.load(guest)
        state = _leaving(guest)
        whole = _reported(guest)

        def online() -> None:
            guest.try_sh(f"echo online_movable >{state}")

        def offline() -> None:
            if guest.read(state) != "online":
                guest.write(state, "online_movable")
            guest.poll("reports of all memory", lambda: _reported(guest) > whole - 16 * MIB)
            guest.write(state, "offline", 120)
        guest.write(state, "offline", 120)
        faults.each(online, offline)
        guest.write(state, "online_movable")
    _each(lambda: Guest(kernel, memory_mb=640, append=f"movablecore=256M {WORDS}"), work)


def _leaving(guest: Guest) -> str:
    """The state of a block that goes offline. A block with holes does not."""
    return guest.sh(f"for s in $(grep -l Movable {MEMORY}/memory*/valid_zones); do "
                    "s=${s%/*}/state; echo offline 2>/dev/null >$s && "
                    "echo online_movable >$s && echo $s && break; done").strip()


def _reported(guest: Guest) -> int:
    balloon.flush(guest)
    return balloon.hooks(guest)["reported_free_bytes"]


def test_clock(kernel: str) -> None:
    """The clock module is loaded on a host; VMs come and go, and their rows are read."""
    def work(faults: Faults) -> None:
        host = faults.guest
        assert isinstance(host, Host)
        host.insmod("mm_hooks")
        faults.each(lambda: host.try_sh("modprobe kvmclock_fix"),
                    lambda: host.sh("rmmod kvmclock_fix 2>/dev/null; true"))
        host.load_fix()
        faults.only("kvmclock_fix")
        faults.each(lambda: host.try_sh(f"clockvm -n 2 on 'resnap 2 0' 'create 3'; cat {VMS}"),
                    lambda: host.vm("on", "resnap 2 0"))
        check(host.shown("backwards") == 0, "a clock ran backwards")
    _each(lambda: Host(kernel, append=WORDS), work)
