# SPDX-License-Identifier: GPL-2.0-only
"""Memory is hotplugged and unplugged while the native engine works.

Meanwhile all reports are forgotten again and again, and a program uses and frees memory.
Guards: onlined memory is reported like all other memory. It is offlined and unplugged at the
first attempt, whatever is in flight, and the engine no longer counts it. A memory block that
goes offline and online is counted as before, also with its page structs on itself
(memmap_on_memory). If there is no memory for a map, the engine tries again.
"""

from collections.abc import Callable

import pytest

from lab import MIB, Guest, check
from lab.guest import balloon, rss
from lab.hosts.fakehost import no_memory_lost

KERNELS = ("lab",)
ALSO = ("lab-kasan", "lab-6.1", "lab-7.3")
pytestmark = pytest.mark.timeout(600)
MEMORY = "/sys/devices/system/memory"
SLAB = "/sys/kernel/slab/kmalloc-64"  # the cache of struct mmh_leaf
FAULTS = "/sys/kernel/debug/failslab"
# KASAN itself allocates from this cache to go online. 6.1 cannot select caches to fail.
STARVE = ("lab", "lab-7.3")
NO_MAP = "no memory for the map of onlined memory: trying again"
PLUGGED_MB = 256
USED_MB = 200
ROUNDS = 2
UNIT = 2 * MIB
SLEEP_MS = 100  # between two calls of forget
ZONE = "node0_Movable"  # all of its memory is hotplugged
PRESENT = ("unreported_bytes", "reported_free_bytes")  # the free memory of a zone


def _blocks(guest: Guest) -> set[str]:
    return set(guest.sh(f"cd {MEMORY}; echo memory[0-9]*").split())


def _online(guest: Guest, block: str) -> None:
    guest.sh(f"echo online_movable >{MEMORY}/{block}/state")


def _starved(guest: Guest, block: str) -> None:
    """Online a block while there is no memory for the map of the zone."""
    guest.sh(f"echo 1 >{SLAB}/failslab; cd {FAULTS} && echo 0 >verbose && echo -1 >times && "
             "echo Y >cache-filter && echo N >ignore-gfp-wait && echo Y >task-filter && "
             f"echo 100 >probability && exec 3>{MEMORY}/{block}/state && "
             "echo 1 >/proc/self/make-it-fail && echo online_movable >&3")
    guest.sh(f"echo 0 >{FAULTS}/probability; echo 0 >{SLAB}/failslab")
    check(NO_MAP in guest.sh("dmesg"), "there was memory for the map")


def _plug(guest: Guest, number: int,
          online: Callable[[Guest, str], None] = _online) -> set[str]:
    """Hotplug a module for zone Movable and online its blocks. Returns the blocks."""
    before = _blocks(guest)
    guest.qmp("object-add", qom_type="memory-backend-ram", id=f"more{number}",
              size=PLUGGED_MB * MIB)
    guest.qmp("device_add", driver="pc-dimm", id=f"dimm{number}", memdev=f"more{number}")
    each = int(guest.read(f"{MEMORY}/block_size_bytes"), 16)
    guest.poll("the hotplugged blocks",
               lambda: len(_blocks(guest) - before) == PLUGGED_MB * MIB // each, 60)
    blocks = _blocks(guest) - before
    # The first time in descending order, so that the zone and its map grow downwards.
    for block in sorted(blocks, reverse=not number):
        online(guest, block)
    return blocks


def _reported(guest: Guest, before: int, least: float) -> int:
    """Bytes of the zone that were reported since; 0 up to this limit."""
    reported = balloon.zones(guest)[ZONE]["reported_bytes"][0] - before
    return reported if reported > least else 0


def _check_reported(guest: Guest) -> None:
    """Onlined memory is reported after it was used."""
    plugged = guest.ram_ranges()[-1:]

    def held() -> int:
        return rss.ram_bytes(guest.process.pid, plugged)

    check(ZONE in balloon.zones(guest), f"there is no {ZONE} in zones/")
    hog = guest.start(f"memhog {USED_MB} --fifo /tmp/hog")
    guest.poll("memory in use", lambda: b"held" in hog.output, 120)
    used = held()
    check(used > USED_MB * MIB // 2, f"only {used // MIB} MiB of the onlined memory are used")
    before = balloon.zones(guest)[ZONE]["reported_bytes"][0]
    guest.sh("echo >/tmp/hog")
    guest.wait(hog)
    # Another program may still use this memory. Forgotten memory is reported again.
    guest.poll("the host to reclaim the onlined memory", lambda: held() < used // 2, 60, 0.2)
    kept = held()
    # The host discards the memory before it acknowledges, and only then is it counted.
    reported = guest.poll(f"{ZONE} to count the reports",
                          lambda: _reported(guest, before, (used - kept) * 0.8), 30)
    print(f"plugged: {used // MIB} MiB used, then {kept // MIB}, reported {reported // MIB}")


def _unplug(guest: Guest, number: int, blocks: set[str]) -> None:
    """Offline and unplug, without a second attempt."""
    for block in sorted(blocks):
        guest.sh(f"echo offline >{MEMORY}/{block}/state", 120)
    since = len(guest.qmp.events)
    guest.qmp("device_del", id=f"dimm{number}")
    guest.wait_event("DEVICE_DELETED", 60, since)
    check(not blocks & _blocks(guest), f"{blocks} are still there")
    guest.qmp("object-del", id=f"more{number}")


def _gone(guest: Guest) -> int:
    balloon.flush(guest)
    return balloon.zones(guest)[ZONE]["reported_free_bytes"][0]


def _again(guest: Guest, block: str) -> None:
    """A block goes offline and online, and is counted as before."""
    before = _gone(guest)
    guest.sh(f"echo offline >{MEMORY}/{block}/state", 120)
    _online(guest, block)
    gone = _gone(guest)
    print(f"{ZONE}: {before // MIB} MiB were reported, then {gone // MIB}")
    zone = guest.poll("the last report", lambda: _all_reported(guest), 30)
    check(abs(gone - before) <= UNIT and zone["reported_free_bytes"] == [gone],
          f"{before} bytes were reported before {block} went offline and online: {zone}")


def _all_reported(guest: Guest) -> dict[str, list[int]] | None:
    """The zone, when nothing of it is unreported."""
    balloon.flush(guest)
    zone = balloon.zones(guest)[ZONE]
    return zone if zone["unreported_bytes"] == [0] else None


def _quiet_round(guest: Guest) -> None:
    """Once more without forget, which would hide what is still counted.

    The map of the zone is too small for the second module.
    """
    blocks = _plug(guest, ROUNDS)
    _check_reported(guest)
    gone = _gone(guest)
    check(gone > USED_MB * MIB, f"{ZONE}: only {gone // MIB} MiB are reported")
    for _ in range(ROUNDS):
        _again(guest, min(blocks))
    starves = guest.kernel.name in STARVE
    more = _plug(guest, ROUNDS + 1, online=_starved if starves else _online)
    guest.poll("reports of the rest", lambda: _gone(guest) > gone + USED_MB * MIB, 30)
    _unplug(guest, ROUNDS + 1, more)
    _unplug(guest, ROUNDS, blocks)


def _check_gone(guest: Guest) -> None:
    """The engine does not count more memory than is present."""
    seen = balloon.hooks(guest)
    zone = balloon.zones(guest).get(ZONE, {name: [0] for name in PRESENT})
    print(f"unplugged: { {name: seen[name] // MIB for name in PRESENT} } MiB, {ZONE} {zone}")
    for name in PRESENT:
        check(zone[name] == [0], f"{ZONE} counts memory that is offline: {zone}")
    counted = sum(seen[name] for name in PRESENT)
    check(counted < guest.machine.memory_mb * MIB, f"{counted // MIB} MiB are counted")


def test_native_hotplug(kernel: str) -> None:
    """Hotplug and unplug twice under load, then once without."""
    with Guest(kernel, memory_mb=512, cpus=2, max_memory_mb=2048, boot_timeout=240,
               append="memhp_default_state=offline "
                      "memory_hotplug.memmap_on_memory=1") as guest:
        device = balloon.load(guest)
        balloon.flush(guest)
        check(ZONE not in balloon.zones(guest), f"there is a {ZONE} already")
        with no_memory_lost(guest):
            forget = guest.start(f"while ! [ -e /tmp/end ]; do echo 1 >{balloon.HOOKS}/forget; "
                                 f"usleep {SLEEP_MS}000; done")
            load = guest.start("churn 32 1000 --pause 20")
            for number in range(ROUNDS):
                blocks = _plug(guest, number)
                _check_reported(guest)
                _unplug(guest, number, blocks)
            guest.sh("touch /tmp/end; killall churn")
            guest.wait(forget)
            guest.wait(load)
            _quiet_round(guest)
            _check_gone(guest)
            balloon.flush(guest)
        balloon.check_all_back(guest)
        seen = device.counters()
        check(seen["report_errors"] == seen["host_timeouts"] == 0, f"errors: {seen}")
        guest.finish()
