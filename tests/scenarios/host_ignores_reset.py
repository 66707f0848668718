# SPDX-License-Identifier: GPL-2.0-only
"""A host that ignores resets and goes on serving, as libkrun and Firecracker 1.15 do.

Guards: the driver is unloaded, and a device fails, under load. Nothing that the device may
still reach is used again: the host goes on writing patterns into what it holds and into what
it finds in the rings, and neither its patterns nor those of a program in the guest are ever
wrong. The driver says once what stays out of use. What the device has given back is free.
Memory offlining refuses what the device may reach.
"""

from lab import balloon, check
from lab.fakehost import ALL, FakeHost, fake, meminfo

KERNELS = ("lab",)
ALSO = ("6.12",)
TIMEOUT = 900
PATTERN_MB = 200
BALLOON = 30000  # pages
SAID = "the device ignores a reset"
STAYS = "stays online: a device that ignores resets"
MEMORY = "/sys/devices/system/memory"
WARNING = r"WARNING: .* virtio_dev_remove"  # the kernel's, about the status


def loaded(host: FakeHost, busy: bool) -> None:
    """Balloon and reports are under way; busy: the host has stopped in the middle."""
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
    """The host takes and returns all that it finds, while the guest uses its memory."""
    guest = host.guest
    host.set("stopped", 0)
    for queue in ("inflate", "report"):
        host.set(f"{queue}/hold", 0)
    for _ in range(3):
        guest.sh(f"memhog {meminfo(guest, 'MemAvailable') * 2 // 3} --hold 0", 120)
        host.check()


def offline(host: FakeHost) -> None:
    """Memory with pages that the host may use stays online, and each try comes to an end."""
    guest = host.guest
    tried, endless = (guest.sh(f"""cd {MEMORY}; n=0; endless=0
for block in memory[0-9]*; do
    timeout 20 sh -c "echo offline >$block/state" 2>/dev/null; [ $? = 143 ] && endless=$((endless + 1))
    grep -q offline $block/state && echo online >$block/state
    n=$((n + 1))
done
echo $n $endless""", 300).split()[-2:])
    check(int(endless) == 0, f"{endless} of {tried} tries had no end")
    check(STAYS in guest.sh("dmesg"), "no memory block was refused")
    print(f"{tried} memory blocks were tried")


def unload(kernel: str, busy: bool) -> None:
    """A guest whose driver is unloaded."""
    # Only movable memory can go offline, as far as pages of it are not lost.
    with fake(kernel, append="movablecore=256M") as (guest, host):
        guest.write("/proc/sys/kernel/panic_on_warn", "0")
        guest.allow(WARNING)
        balloon.hold_pattern(guest, PATTERN_MB)
        loaded(host, busy)
        guest.sh("rmmod balloon_report", 60)
        said = guest.sh("dmesg").count(SAID)
        check(said == 1, f"said {said} times")
        goes_on(host)
        balloon.check_pattern(guest)
        kept = sum(host.get(how) for how in ("inflated", "reported", "leaving"))
        print(f"busy={busy}: the host holds {kept} pages, 0 violations")
        check(busy or not kept, f"{kept} pages of an idle device are out of use")
        if busy:
            offline(host)
        host.set("ignore_reset", 0)
        # mm_hooks keeps the blocks of reports that were out.
        host.unload = not busy


def run(kernel: str) -> None:
    """Idle, and in the middle of everything."""
    unload(kernel, False)
    unload(kernel, True)
