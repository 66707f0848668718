# SPDX-License-Identifier: GPL-2.0-only
"""Memory is plugged and unplugged while the native engine works.

Without a pause all is forgotten and reported anew, and a program uses and frees memory.
Guards: what was plugged is reported like all other memory; it goes offline and away at
the first attempt, whatever is in flight; the engine does not count it any longer. What
leaves and comes back is counted as before, also where its own page structs are in it. Where
there is no memory for a map, it is tried again.
"""

from collections.abc import Callable

from lab import MIB, Guest, balloon, check, rss
from lab.fakehost import no_memory_lost

KERNELS = ("lab",)
ALSO = ("lab-kasan", "lab-6.1", "lab-7.3")
TIMEOUT = 600
MEMORY = "/sys/devices/system/memory"
SLAB = "/sys/kernel/slab/kmalloc-64"  # of struct blocks
FAULTS = "/sys/kernel/debug/failslab"
# KASAN needs such memory itself to go online; 6.1 cannot choose which allocations fail.
STARVE = ("lab", "lab-7.3")
NO_MAP = "no memory for the map of memory that was plugged: trying again"
PLUGGED_MB = 256
USED_MB = 200
ROUNDS = 2
UNIT = 2 * MIB
SLEEP_MS = 100  # between two times that all is forgotten
ZONE = "node0_Movable"  # which only plugged memory is in
PRESENT = ("fresh_bytes", "gone_bytes")  # what is counted of memory that is there


def _blocks(guest: Guest) -> set[str]:
    return set(guest.sh(f"cd {MEMORY}; echo memory[0-9]*").split())


def _online(guest: Guest, block: str) -> None:
    guest.sh(f"echo online_movable >{MEMORY}/{block}/state")


def _starved(guest: Guest, block: str) -> None:
    """Online, while there is no memory for the map of the zone."""
    guest.sh(f"echo 1 >{SLAB}/failslab; cd {FAULTS} && echo 0 >verbose && echo -1 >times && "
             "echo Y >cache-filter && echo N >ignore-gfp-wait && echo Y >task-filter && "
             f"echo 100 >probability && exec 3>{MEMORY}/{block}/state && "
             "echo 1 >/proc/self/make-it-fail && echo online_movable >&3")
    guest.sh(f"echo 0 >{FAULTS}/probability; echo 0 >{SLAB}/failslab")
    check(NO_MAP in guest.sh("dmesg"), "there was memory for the map")


def _plug(guest: Guest, number: int,
          online: Callable[[Guest, str], None] = _online) -> set[str]:
    """A module of memory in zone Movable, and how its blocks go online; the blocks."""
    before = _blocks(guest)
    guest.qmp("object-add", qom_type="memory-backend-ram", id=f"more{number}",
              size=PLUGGED_MB * MIB)
    guest.qmp("device_add", driver="pc-dimm", id=f"dimm{number}", memdev=f"more{number}")
    each = int(guest.read(f"{MEMORY}/block_size_bytes"), 16)
    guest.poll("the blocks of what was plugged",
               lambda: len(_blocks(guest) - before) == PLUGGED_MB * MIB // each, 60)
    blocks = _blocks(guest) - before
    # The first time from above: the zone, and its map, grow downwards.
    for block in sorted(blocks, reverse=not number):
        online(guest, block)
    return blocks


def _reported(guest: Guest, before: int, least: float) -> int:
    """Bytes of it reported since; 0 while that is not more than so many."""
    reported = balloon.zones(guest)[ZONE]["reported_bytes"][0] - before
    return reported if reported > least else 0


def _check_reported(guest: Guest) -> None:
    """What was plugged comes back to the host after it was used."""
    plugged = guest.ram_ranges()[-1:]

    def held() -> int:
        return rss.ram_bytes(guest.process.pid, plugged)

    check(ZONE in balloon.zones(guest), f"there is no {ZONE} in zones/")
    hog = guest.start(f"memhog {USED_MB} --fifo /tmp/hog")
    guest.poll("memory is used", lambda: b"held" in hog.output, 120)
    used = held()
    check(used > USED_MB * MIB // 2, f"of the plugged memory only {used // MIB} MiB are used")
    before = balloon.zones(guest)[ZONE]["reported_bytes"][0]
    guest.sh("echo >/tmp/hog")
    guest.wait(hog)
    # A program may go on in there, and what is forgotten is reported again.
    guest.poll("plugged memory comes back", lambda: held() < used // 2, 60, 0.2)
    kept = held()
    # It is gone before the host has said so, and only then it counts.
    reported = guest.poll(f"{ZONE} to count what came back",
                          lambda: _reported(guest, before, (used - kept) * 0.8), 30)
    print(f"plugged: {used // MIB} MiB used, then {kept // MIB}, reported {reported // MIB}")


def _unplug(guest: Guest, number: int, blocks: set[str]) -> None:
    """Offline and away, without a second attempt."""
    for block in sorted(blocks):
        guest.sh(f"echo offline >{MEMORY}/{block}/state", 120)
    since = len(guest.qmp.events)
    guest.qmp("device_del", id=f"dimm{number}")
    guest.wait_event("DEVICE_DELETED", 60, since)
    check(not blocks & _blocks(guest), f"{blocks} are still there")
    guest.qmp("object-del", id=f"more{number}")


def _gone(guest: Guest) -> int:
    balloon.flush(guest)
    return balloon.zones(guest)[ZONE]["gone_bytes"][0]


def _again(guest: Guest, block: str) -> None:
    """A block leaves and comes back, and is counted as before."""
    before = _gone(guest)
    guest.sh(f"echo offline >{MEMORY}/{block}/state", 120)
    _online(guest, block)
    gone = _gone(guest)
    print(f"{ZONE}: {before // MIB} MiB were with the host, then {gone // MIB}")
    zone = guest.poll("nothing is left to report", lambda: _all_reported(guest), 30)
    check(abs(gone - before) <= UNIT and zone["gone_bytes"] == [gone],
          f"{before} bytes were with the host before {block} left and came back: {zone}")


def _all_reported(guest: Guest) -> dict[str, list[int]] | None:
    """The zone, when nothing of it is fresh."""
    balloon.flush(guest)
    zone = balloon.zones(guest)[ZONE]
    return zone if zone["fresh_bytes"] == [0] else None


def _quiet_round(guest: Guest) -> None:
    """Once more with nothing forgotten, which would hide what is still counted.

    The map of the zone has no room for the second module.
    """
    blocks = _plug(guest, ROUNDS)
    _check_reported(guest)
    gone = _gone(guest)
    check(gone > USED_MB * MIB, f"{ZONE}: only {gone // MIB} MiB are with the host")
    for _ in range(ROUNDS):
        _again(guest, min(blocks))
    starves = guest.kernel.name in STARVE
    more = _plug(guest, ROUNDS + 1, online=_starved if starves else _online)
    guest.poll("the rest of the zone", lambda: _gone(guest) > gone + USED_MB * MIB, 30)
    _unplug(guest, ROUNDS + 1, more)
    _unplug(guest, ROUNDS, blocks)


def _check_gone(guest: Guest) -> None:
    """No more memory is counted than there is."""
    seen = balloon.hooks(guest)
    zone = balloon.zones(guest).get(ZONE, {name: [0] for name in PRESENT})
    print(f"unplugged: { {name: seen[name] // MIB for name in PRESENT} } MiB, {ZONE} {zone}")
    for name in PRESENT:
        check(zone[name] == [0], f"{ZONE} counts memory that is gone: {zone}")
    counted = sum(seen[name] for name in PRESENT)
    check(counted < guest.machine.memory_mb * MIB, f"{counted // MIB} MiB are counted")


def run(kernel: str) -> None:
    """Twice in and out under load, then once without."""
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
