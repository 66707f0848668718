# SPDX-License-Identifier: GPL-2.0-only
"""A device that asks for a reset, at every moment of the driver's life.

Guards: the driver hears of it from the configuration change, and without one from the next
wait; it resets the device, takes all memory back, and starts the device again by itself:
balloon, statistics, hints and reports go on. A device that asks again and again is left
alone for ever longer. A device that fails right after DRIVER_OK leaves no reporter behind
that reports nothing.
"""

from lab import check
from lab.fakehost import ALL, FakeHost, fake, no_memory_lost

KERNELS = ("lab",)
ALSO = ("6.12",)
TIMEOUT = 900
BALLOON = 4000  # pages
REPORTERS = "/sys/kernel/mm_hooks/reporters"
SICK_S = 10
EARLY_US = (1, 100, 200, 400, 600, 800, 1000, 1500, 2000, 3000, 5000, 8000)


def works(host: FakeHost) -> None:
    """All that the device has goes on."""
    guest = host.guest
    guest.poll("the device is in service", lambda: host.state() == "live", 10)
    host.until("the balloon is as large as before", "actual", BALLOON)
    guest.poll("it reports", lambda: len(guest.read(REPORTERS).split()) == 1)
    before = host.get("report/acked")
    guest.sh("memhog 100 --hold 0", timeout=60)
    check(host.flush() == 0, "flush failed")
    check(host.get("report/acked") > before, "no report after the restart")
    before = host.get("stats/acked")
    host.set("ask_stats", 1)
    guest.poll("statistics", lambda: host.get("stats/acked") > before)
    host.check()


def asks(host: FakeHost, queue: str, how: int) -> None:
    """It asks while the host holds a buffer of a queue; 2: without an interrupt."""
    restarts = host.of_driver("restarts")
    if queue == "report":
        host.set("report/hold", 1)
        host.guest.sh("memhog 200 --hold 0", timeout=60)
        host.until_out(queue)
    elif queue:
        host.set(f"{queue}/hold", 1)
        host.set("num_pages", 2 * BALLOON if queue == "inflate" else 100)
        host.until_out(queue)
    host.set("needs_reset", how)
    host.guest.poll("a restart", lambda: host.of_driver("restarts") > restarts, 10)
    if queue:
        host.set(f"{queue}/hold", 0)
    host.set("num_pages", BALLOON)
    works(host)


def sick(host: FakeHost) -> None:
    """It asks all the time; the waits double from 200 ms on."""
    before = host.of_driver("restarts")
    host.guest.sh(f"end=$(($(date +%s) + {SICK_S})); while [ $(date +%s) -lt $end ]; do "
                  "echo 1 >/sys/kernel/debug/fake_host/needs_reset; sleep 0.02; done",
                  SICK_S + 30)
    restarts = host.of_driver("restarts") - before
    print(f"{restarts} restarts in {SICK_S} s")
    check(0 < restarts <= 8, f"{restarts} restarts in {SICK_S} s")
    host.guest.poll("in service again", lambda: host.state() == "live", 40)
    works(host)


def early(host: FakeHost) -> None:
    """It fails a moment after DRIVER_OK; the reporter that is attached works."""
    for us in EARLY_US:
        host.plug(features=ALL, die_us=us)
        host.guest.poll("the failure", lambda: host.get("die_us") == 0)
        works(host)
        host.unplug()


def run(kernel: str) -> None:
    """Ask at each moment, ask for ever, fail early."""
    with fake(kernel) as (guest, host), no_memory_lost(guest):
        guest.allow(r"id [0-9]+ (is not a head|out of range)")
        for queue, how in (("", 1), ("inflate", 1), ("inflate", 2), ("deflate", 2),
                           ("report", 1), ("report", 2)):
            host.plug(features=ALL)
            host.balloon(BALLOON)
            asks(host, queue, how)
            host.unplug()
        host.plug(features=ALL)
        host.balloon(BALLOON)
        sick(host)
        host.unplug()
        early(host)
        guest.rmmod("balloon_report")
