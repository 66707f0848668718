# SPDX-License-Identifier: GPL-2.0-only
"""A queue breaks, or the host gives back a buffer that it never had.

Guards: the driver notices in about a second, also where nobody waits any more, resets
the device, takes all memory back and stays dead without a fuss; unloading works, and so
does a new life after unbind and bind.
"""

from lab import check
from lab.fakehost import ALL, FakeHost, fake, no_memory_lost

KERNELS = ("lab",)
ALSO = ("6.1", "6.12")
TIMEOUT = 1200


def busy(host: FakeHost, queue: str) -> None:
    """Bring a device to where the host holds a buffer of that queue."""
    host.balloon(4000)
    host.set(f"{queue}/hold", 1)
    if queue == "report":
        host.guest.sh("memhog 200 --hold 0", timeout=60)
    else:
        host.set("num_pages", 8000 if queue == "inflate" else 1000)
    host.until_out(queue)


def dies(host: FakeHost) -> None:
    """The driver gives the device up."""
    host.guest.poll("the device is dead", lambda: host.state() == "dead", 10)
    host.guest.poll("the balloon is empty",
                    lambda: host.of_driver("actual_pages") == 0, 10)
    check(host.get("status") == 0, "the device was not reset")
    host.check()


def run(kernel: str) -> None:
    """Break each queue in the middle of something, in two ways."""
    with fake(kernel) as (guest, host), no_memory_lost(guest):
        guest.allow(r"id [0-9]+ (is not a head|out of range)")
        for queue in ("inflate", "deflate", "report"):
            for how, value in (("break", 1), ("bad_id", 100), ("bad_id", 4000)):
                host.plug(features=ALL)
                busy(host, queue)
                host.set(f"{queue}/{how}", value)
                host.set(f"{queue}/hold", 0)
                dies(host)
                host.unplug()
                host.set(f"{queue}/hold", 0)
                host.set("num_pages", 0)
        hinting(host)
        unheard(host)
        host.plug(features=ALL)
        busy(host, "report")
        host.set("break", 1)
        dies(host)
        host.set("report/hold", 0)
        again(host)
        guest.rmmod("balloon_report")


def hinting(host: FakeHost) -> None:
    """Another queue breaks while hinting waits for room: no kick after the reset."""
    host.plug(features=ALL, hint_size=16)
    host.set("hint/hold", 1)
    host.set("cmd_id", 0x80000000)
    host.until("a command that is out", "hint/pending", 1)
    host.set("hint/ack_ms", 1000)  # so that it is not over before the queue is full
    host.set("hint/hold", 0)
    host.guest.poll("hinting", lambda: host.of_driver("hint_blocks") > 0)
    host.set("hint/hold", 1)
    host.until("a full queue", "hint/pending", 16)
    host.set("inflate/break", 1)
    host.set("num_pages", 1000)
    dies(host)
    host.unplug()
    host.set("hint/hold", 0)
    host.set("hint/ack_ms", 0)
    host.set("cmd_id", 0)
    host.set("num_pages", 0)


def unheard(host: FakeHost) -> None:
    """The wait is over without an answer; then a wrong one comes."""
    timeout = "/sys/module/balloon_report/parameters/host_timeout_ms"
    host.guest.write(timeout, "500")
    for queue in ("inflate", "deflate", "hint"):
        host.plug(features=ALL)
        if queue == "hint":
            host.set("hint/hold", 1)
            host.set("cmd_id", 0x80000000)
        else:
            busy(host, queue)
        host.guest.poll("a wait that ran out", lambda: host.of_driver("host_timeouts") > 0)
        host.set(f"{queue}/bad_id", 100)
        host.set(f"{queue}/hold", 0)
        dies(host)
        host.unplug()
        host.set(f"{queue}/hold", 0)
        host.set("cmd_id", 0)
        host.set("num_pages", 0)
    host.guest.write(timeout, "10000")


def again(host: FakeHost) -> None:
    """Unbind and bind start a new life."""
    name = host.guest.sh("basename /sys/devices/fake_host/virtio*").strip()
    driver = "/sys/bus/virtio/drivers/balloon_report"
    host.guest.sh(f"echo {name} >{driver}/unbind; echo {name} >{driver}/bind")
    host.balloon(3000)
    check(host.state() == "live", "the device does not live again")
    host.check()
