# SPDX-License-Identifier: GPL-2.0-only
"""No page that is lost to a device that ignores resets is used again.

libkrun and Firecracker 1.15 ignore resets and continue to serve. Guards: the driver is unloaded,
and a device fails, under load. The device continues to write patterns into the pages it has and
into buffers that it finds in the rings. Neither its patterns nor those of a program in the guest
are ever wrong. The driver logs the lost pages once. Pages that the device has returned are free.
Memory offlining rejects blocks with lost pages.
"""

import pytest

from lab import check
from lab.guest import balloon
from lab.hosts.fakehost import ALL, FakeHost, fake, meminfo

KERNELS = ("lab",)
ALSO = ("6.12",)
pytestmark = pytest.mark.timeout(900)
PATTERN_MB = 200
BALLOON = 30000  # pages
SAID = "device ignores its reset"
STAYS = "stays online: a device that ignores resets"
MEMORY = "/sys/devices/system/memory"
WARNING = r"WARNING: .* virtio_dev_remove"  # by the virtio core, about the status


def loaded(host: FakeHost, busy: bool) -> None:
    """Inflate and report. busy: the device stops during both."""
    guest = host.guest
    host.plug(features=ALL)
    host.balloon(BALLOON // 3)
    if busy:
        host.set("report/hold", 1)
        guest.sh("memhog 100 --hold 0", 60)
        host.until_out("report")
        host.set("inflate/hold", 1)
        host.set("num_pages", BALLOON)
        host.until_out("inflate")
        host.set("cmd_id", 0x80000000)
        host.set("stopped", 1)
    host.set("ignore_reset", 1)


def goes_on(host: FakeHost) -> None:
    """The device serves all buffers that it finds, while the guest uses its memory."""
    guest = host.guest
    host.set("stopped", 0)
    for queue in ("inflate", "report"):
        host.set(f"{queue}/hold", 0)
    for _ in range(3):
        guest.sh(f"memhog {meminfo(guest, 'MemAvailable') * 2 // 3} --hold 0", 120)
        host.check()


def offline(host: FakeHost) -> None:
    """Memory with lost pages stays online, and each attempt to offline it ends."""
    guest = host.guest
    tried, endless = (guest.sh(f"""cd {MEMORY}; n=0; endless=0
for block in memory[0-9]*; do
    timeout 20 sh -c "echo offline >$block/state" 2>/dev/null; [ $? = 143 ] && endless=$((endless + 1))
    grep -q offline $block/state && echo online >$block/state
    n=$((n + 1))
done
echo $n $endless""", 300).split()[-2:])
    check(int(endless) == 0, f"{endless} of {tried} attempts did not end")
    check(STAYS in guest.sh("dmesg"), "no memory block was rejected")
    print(f"{tried} memory blocks were tried")


def unload(kernel: str, busy: bool) -> None:
    """Unload the driver of such a device."""
    # Only movable memory can go offline, and only blocks without lost pages.
    with fake(kernel, append="movablecore=256M") as (guest, host):
        guest.write("/proc/sys/kernel/panic_on_warn", "0")
        guest.allow(WARNING)
        balloon.hold_pattern(guest, PATTERN_MB)
        loaded(host, busy)
        guest.sh("rmmod balloon_report", 60)
        said = guest.sh("dmesg").count(SAID)
        check(said == 1, f"logged {said} times")
        goes_on(host)
        balloon.check_pattern(guest)
        kept = sum(host.get(how) for how in ("inflated", "reported", "leaving"))
        print(f"busy={busy}: the device has {kept} pages, 0 violations")
        check(busy or not kept, f"{kept} pages of an idle device are lost")
        if busy:
            offline(host)
        host.set("ignore_reset", 0)
        # mm_hooks keeps the blocks of reports in flight.
        host.unload = not busy


def test_host_ignores_reset(kernel: str) -> None:
    """An idle device, then a busy one."""
    unload(kernel, False)
    unload(kernel, True)
