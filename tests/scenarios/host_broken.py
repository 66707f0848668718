# SPDX-License-Identifier: GPL-2.0-only
"""The driver restarts a device with a broken queue or an invalid used buffer.

Guards: the driver notices within about a second, also when nothing waits for the queue. It
resets the device, frees all pages and starts the device again, with balloon and reports. The
device is not told of a balloon that no longer exists. Unloading works meanwhile, and so does
a new start by unbind and bind.
"""

import pytest

from lab import check
from lab.guest import balloon
from lab.hosts.fakehost import ALL, FakeHost, fake, no_memory_lost

KERNELS = ("lab",)
ALSO = ("6.1", "6.12", "lab-arm64")
pytestmark = pytest.mark.timeout(1200)


def busy(host: FakeHost, queue: str) -> None:
    """Bring the device to a state in which it keeps a buffer of that queue."""
    host.balloon(4000)
    host.set(f"{queue}/hold", 1)
    if queue == "report":
        host.guest.sh("memhog 200 --hold 0", timeout=60)
    else:
        host.set("num_pages", 8000 if queue == "inflate" else 1000)
    host.until_out(queue)


def revives(host: FakeHost) -> None:
    """The driver resets the device and starts it again, once."""
    host.guest.poll("the restart", lambda: host.of_driver("restarts") > 0, 10)
    check(host.of_driver("resets") == 1, f"{host.of_driver('resets')} resets")
    check(host.state() == "live", f"the device is {host.state()}")
    host.until("the balloon is as large as before", "actual", host.get("num_pages"))
    host.check()


def test_host_broken(kernel: str) -> None:
    """Break each queue during an operation, in two ways."""
    with fake(kernel) as (guest, host), no_memory_lost(guest):
        guest.allow(r"id [0-9]+ (is not a head|out of range)")
        for queue in ("inflate", "deflate", "report"):
            for how, value in (("break", 1), ("bad_id", 100), ("bad_id", 4000)):
                host.plug(features=ALL)
                busy(host, queue)
                host.set(f"{queue}/{how}", value)
                host.set(f"{queue}/hold", 0)
                guest.poll("a reset", lambda: host.of_driver("resets") > 0)
                host.set(f"{queue}/hold", 0)  # bad_id sets it
                revives(host)
                host.unplug()
                host.set(f"{queue}/hold", 0)
                host.set("num_pages", 0)
        hinting(host)
        unheard(host)
        host.plug(features=ALL)
        busy(host, "report")
        host.set("break", 1)
        revives(host)
        host.set("report/hold", 0)
        check(host.flush() == 0, "flush failed after the restart")
        again(host)
        host.set("break", 1)
        host.set("num_pages", 100)
        guest.poll("the device is dead", lambda: host.state() == "dead", 10, 0)
        guest.rmmod("balloon_report")


def hinting(host: FakeHost) -> None:
    """Another queue breaks while hinting waits for space: no kick after the reset."""
    host.plug(features=ALL, hint_size=4)
    host.set("hint/hold", 1)
    host.set("cmd_id", 0x80000000)
    host.until("a command that is out", "hint/pending", 1)
    host.set("hint/ack_ms", 1000)  # so that it is not over before the next hold
    host.set("hint/hold", 0)
    host.guest.poll("hinting", lambda: host.of_driver("hint_blocks") > 0)
    host.set("hint/hold", 1)
    host.guest.poll("hinting waits for the host", lambda: host.get("hint/pending") > 1)
    host.set("inflate/break", 1)
    host.set("num_pages", 1000)
    host.guest.poll("a reset", lambda: host.of_driver("resets") > 0)
    host.set("hint/hold", 0)
    host.set("hint/ack_ms", 0)
    revives(host)
    host.unplug()
    host.set("cmd_id", 0)
    host.set("num_pages", 0)


def unheard(host: FakeHost) -> None:
    """The wait times out, then an invalid buffer is used."""
    timeout = "/sys/module/balloon_report/parameters/host_timeout_ms"
    host.guest.write(timeout, "500")
    for queue in ("inflate", "deflate", "hint"):
        host.plug(features=ALL)
        if queue == "hint":
            host.set("hint/hold", 1)
            host.set("cmd_id", 0x80000000)
        else:
            busy(host, queue)
        host.guest.poll("a timeout", lambda: host.of_driver("host_timeouts") > 0)
        host.set(f"{queue}/bad_id", 100)
        host.set(f"{queue}/hold", 0)
        host.guest.poll("a reset", lambda: host.of_driver("resets") > 0, 40)
        host.set(f"{queue}/hold", 0)
        revives(host)
        host.unplug()
        host.set("cmd_id", 0)
        host.set("num_pages", 0)
    host.guest.write(timeout, "10000")


def again(host: FakeHost) -> None:
    """Unbind and bind start the device."""
    name = host.guest.sh("basename /sys/devices/fake_host/virtio*").strip()
    driver = f"{balloon.DRIVERS}/{balloon.OURS}"
    host.guest.sh(f"echo {name} >{driver}/unbind; echo {name} >{driver}/bind")
    host.balloon(3000)
    check(host.state() == "live", "the device is not live after bind")
    host.check()
