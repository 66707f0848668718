# SPDX-License-Identifier: GPL-2.0-only
"""The device is suspended and resumed, with a host that answers and with one that
does not.

Guards: freeze gives everything back and kicks nothing afterwards; restore starts
anew with one statistics buffer and the poison value in time, the balloon grows to
what the host wants, and everything free is reported again; a device that died
before is not revived in a half state.
"""

from lab import check
from lab.fakehost import ALL, FakeHost, fake

KERNELS = ("lab",)
ALSO = ("6.12",)
TIMEOUT = 1200


def suspend(host: FakeHost) -> None:
    """Freeze and restore every device; the kernel waits 5 s in between."""
    host.guest.sh("echo devices >/sys/power/pm_test && echo mem >/sys/power/state",
                  timeout=60)


def run(kernel: str) -> None:
    """Suspend at work, suspend with a silent host, and a dead device."""
    with fake(kernel, "host_timeout_ms=2000", machine="pc") as (guest, host):
        host.plug(features=ALL)
        host.balloon(6000)
        check(host.flush() == 0, "flush failed")
        bytes_before = host.of_driver("reported_bytes")
        host.set("num_pages", 20000)
        suspend(host)
        host.until("the balloon is back", "actual", 20000, 60)
        check(host.flush() == 0, "flush failed after resume")
        check(host.of_driver("reported_bytes") > bytes_before + (200 << 20),
              "what is free was not reported again")
        host.check()

        for queue, pages in (("inflate", 30000), ("deflate", 3000)):
            host.set(f"{queue}/hold", 1)
            host.set("num_pages", pages)
            host.until_out(queue)
            suspend(host)
            host.check()
            host.set(f"{queue}/hold", 0)
            host.until("the balloon is back", "actual", pages, 60)
            host.check()

        host.set("inflate/break", 1)
        host.set("num_pages", 10000)
        guest.poll("the device is dead", lambda: host.state() == "dead")
        suspend(host)
        print(f"after resume the device that had died is {host.state()}")
        host.check()
        host.unplug()
