# SPDX-License-Identifier: GPL-2.0-only
"""Of two balloon devices one reports, and the other takes over when it goes.

Guards: QEMU's balloon and the fake one both work. The second reporter is on standby. It takes
over when the first device is unbound or unplugged, and back again.
"""

from lab import MIB, check
from lab.guest import balloon
from lab.hosts.fakehost import ALL, fake

KERNELS = ("lab",)
ALSO = ("6.12", "lab-arm64")
REPORTERS = "/sys/kernel/mm_hooks/reporters"
DRIVER = f"{balloon.DRIVERS}/{balloon.OURS}"


def test_host_two(kernel: str) -> None:
    """Move reporting from one device to the other and back."""
    with fake(kernel, balloon=("free-page-reporting=on", "deflate-on-oom=on")) as (
            guest, host):
        real = guest.read(REPORTERS)
        check(real.startswith("virtio"), f"reporters: {real!r}")
        host.plug(features=ALL)
        other = guest.sh("basename /sys/devices/fake_host/virtio*").strip()
        check(guest.read(REPORTERS).split() == [real, other], "no standby reporter")
        host.balloon(5000)
        guest.qmp("balloon", value=600 * MIB)
        guest.poll("QEMU's balloon",
                   lambda: guest.qmp("query-balloon")["actual"] == 600 * MIB)
        guest.sh("memhog 100 --hold 0", timeout=60)
        check(host.flush() == 0 and host.get("report/acked") == 0,
              "the standby reporter reports")

        guest.sh(f"echo {real} >{DRIVER}/unbind")
        check(guest.read(REPORTERS) == other, "the standby did not take over")
        guest.sh("memhog 100 --hold 0", timeout=60)
        check(host.flush() == 0 and host.get("report/acked") > 0, "it does not report")
        check(host.get("inflated") == 5000, "the balloon changed size")

        guest.sh(f"echo {real} >{DRIVER}/bind")
        check(guest.read(REPORTERS).split() == [other, real], "no standby reporter")
        host.unplug()
        check(guest.read(REPORTERS) == real, "the first one did not take over again")
        check(host.flush() == 0, "flush failed")
        host.plug(features=ALL)
        host.balloon(2000)
        guest.rmmod("balloon_report")
        check(host.get("inflated") == 0, "pages left in the balloon")
