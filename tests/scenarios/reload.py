# SPDX-License-Identifier: GPL-2.0-only
"""A thousand times under load: the device moves to the stock driver and back, and every module
is unloaded and loaded. No byte of a program changes, and no memory is lost.
"""

import pytest

from lab import Guest, check
from lab.guest import balloon

KERNELS: tuple[str, ...] = ()
ALSO = ("6.12", "lab")
TIMEOUT = 5400
pytestmark = [pytest.mark.timeout(TIMEOUT), pytest.mark.wide]
ROUNDS, AT_ONCE = 1000, 50
PATTERN_MB, BALLOON_MB = 64, 48
OURS, STOCK = (f"{balloon.DRIVERS}/{name}" for name in (balloon.OURS, balloon.STOCK))
# One round. The device works for a moment with each driver: pages are inflated or reported.
ROUND = f"""
echo $device > {OURS}/unbind || exit 1
echo $device > {STOCK}/bind || exit 1
[ -e {STOCK}/$device ] || exit 2
usleep 50000
rmmod {balloon.OURS} kvmclock_fix mm_hooks || exit 3
echo $device > {STOCK}/unbind || exit 4
modprobe mm_hooks && modprobe {balloon.OURS} && modprobe kvmclock_fix || exit 5
[ -e {OURS}/$device ] || exit 6
usleep 50000
"""


def _rounds(guest: Guest, device: str) -> None:
    for done in range(0, ROUNDS, AT_ONCE):
        # Every other time the balloon is full while the device moves.
        guest.qmp("balloon", value=(guest.machine.memory_mb -
                                    (BALLOON_MB if done // AT_ONCE % 2 else 0)) << 20)
        guest.sh(f"device={device}\n"
                 f"for i in $(seq {AT_ONCE}); do {ROUND} done", 900)
        print(f"{done + AT_ONCE} rounds")


def test_reload(kernel: str) -> None:
    """All rounds beside a load, then the verdict."""
    with Guest(kernel, memory_mb=448, cpus=2, lifetime=TIMEOUT, boot_timeout=240,
               balloon=("free-page-reporting=on", "deflate-on-oom=on")) as guest:
        total = guest.sh("grep MemTotal /proc/meminfo")
        balloon.load(guest, "delay_ms=10")
        guest.insmod(balloon.STOCK)
        guest.insmod("kvmclock_fix")
        balloon.hold_pattern(guest, PATTERN_MB)
        load = [guest.start("churn 48 100000 --pause 20"), guest.start("churn 24 100000 --nohuge")]
        device, = balloon.devices(guest)
        _rounds(guest, device)
        guest.sh("killall churn")
        for job in load:
            guest.wait(job)
        balloon.check_pattern(guest)
        check(balloon.devices(guest) == {device: balloon.OURS}, "another driver has the device")
        guest.qmp("balloon", value=guest.machine.memory_mb << 20)
        for module in (balloon.OURS, balloon.STOCK):
            guest.rmmod(module)
        check(guest.sh("grep MemTotal /proc/meminfo") == total, "MemTotal has changed")
        guest.finish()
