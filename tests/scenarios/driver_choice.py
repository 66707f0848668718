# SPDX-License-Identifier: GPL-2.0-only
"""Two drivers for one device: who holds it, who says so, and how it moves."""

from lab import Guest, balloon, check

KERNELS = ("6.1",)
ALSO = ("6.12", "5.10")
DRIVERS = "/sys/bus/virtio/drivers"
UPDATES = "/lib/modules/$(uname -r)/updates"


def _holder(guest: Guest, wanted: str) -> str:
    """See that a driver holds the device: the device's name."""
    held = balloon.devices(guest)
    check(list(held.values()) == [wanted], f"{wanted} should hold it: {held}")
    return next(iter(held))


def _check_stock_first(guest: Guest) -> None:
    """Ours loads, leaves the device alone and says who holds it."""
    guest.insmod(balloon.STOCK)
    balloon_name = _holder(guest, balloon.STOCK)
    guest.insmod("mm_hooks")
    guest.insmod(balloon.OURS)
    _holder(guest, balloon.STOCK)
    line = f"{balloon_name} is held by {balloon.STOCK}"
    check(line in guest.sh("dmesg"), f"the log does not say '{line}'")
    guest.sh(f"echo {balloon_name} >{DRIVERS}/{balloon.STOCK}/unbind; "
             f"echo {balloon_name} >{DRIVERS}/{balloon.OURS}/bind")
    _holder(guest, balloon.OURS)
    device = balloon.Balloon(guest)
    device.resize(32)


def _check_twice(guest: Guest) -> None:
    """A second load is refused, and so is unloading what is in use."""
    for module in ("mm_hooks", balloon.OURS, "kvmclock_fix"):
        status, said = guest.try_sh(f"insmod {UPDATES}/{module}.ko")
        check(status and "exists" in said, f"second insmod of {module}: {status} {said}")
    status, said = guest.try_sh("rmmod mm_hooks")
    check(status, f"mm_hooks was unloaded while in use: {said}")


def _check_fallback(guest: Guest) -> None:
    """When ours goes, the stock driver takes the device, and it works."""
    guest.rmmod(balloon.OURS)
    _holder(guest, balloon.STOCK)
    guest.poll("the stock driver inflates", lambda: guest.qmp("query-balloon")["actual"] >> 20
               == guest.machine.memory_mb - 32, 30)
    guest.qmp("balloon", value=guest.machine.memory_mb << 20)
    guest.rmmod(balloon.STOCK)


def _check_ours_first(guest: Guest) -> None:
    """The stock driver, loaded second, takes nothing away."""
    balloon.load(guest)
    guest.insmod(balloon.STOCK)
    _holder(guest, balloon.OURS)
    guest.rmmod(balloon.STOCK)
    _holder(guest, balloon.OURS)


def run(kernel: str) -> None:
    """In either order, moved, taken back, loaded twice."""
    with Guest(kernel, memory_mb=256) as guest:
        _check_stock_first(guest)
        guest.insmod("kvmclock_fix")
        _check_twice(guest)
        _check_fallback(guest)
        _check_ours_first(guest)
        guest.finish()
