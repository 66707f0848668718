# SPDX-License-Identifier: GPL-2.0-only
"""One of two drivers binds the device, the log names it, and the device can be moved."""

from lab import Guest, check
from lab.guest import balloon

KERNELS = ("6.1",)
ALSO = ("6.12", "5.10")
UPDATES = "/lib/modules/$(uname -r)/updates"


def _holder(guest: Guest, wanted: str) -> str:
    """Check that this driver is bound. Returns the name of the device."""
    held = balloon.devices(guest)
    check(list(held.values()) == [wanted], f"{wanted} should hold it: {held}")
    return next(iter(held))


def _check_stock_first(guest: Guest) -> None:
    """Our driver loads, leaves the device alone and logs which driver has it."""
    guest.insmod(balloon.STOCK)
    balloon_name = _holder(guest, balloon.STOCK)
    guest.insmod("mm_hooks")
    guest.insmod(balloon.OURS)
    _holder(guest, balloon.STOCK)
    line = f"{balloon_name} is bound to {balloon.STOCK}"
    check(line in guest.sh("dmesg"), f"the log does not say '{line}'")
    guest.sh(f"echo {balloon_name} >{balloon.DRIVERS}/{balloon.STOCK}/unbind; "
             f"echo {balloon_name} >{balloon.DRIVERS}/{balloon.OURS}/bind")
    _holder(guest, balloon.OURS)
    device = balloon.Balloon(guest)
    device.resize(32)


def _check_twice(guest: Guest) -> None:
    """A second load is rejected, and so is an unload of a module in use."""
    for module in ("mm_hooks", balloon.OURS, "kvmclock_fix"):
        status, said = guest.try_sh(f"insmod {UPDATES}/{module}.ko")
        check(status and "exists" in said, f"second insmod of {module}: {status} {said}")
    status, said = guest.try_sh("rmmod mm_hooks")
    check(status, f"mm_hooks was unloaded while in use: {said}")


def _check_fallback(guest: Guest) -> None:
    """After our driver is unloaded, the stock driver binds the device and works."""
    guest.rmmod(balloon.OURS)
    _holder(guest, balloon.STOCK)
    guest.poll("the stock driver inflates", lambda: guest.qmp("query-balloon")["actual"] >> 20
               == guest.machine.memory_mb - 32, 30)
    guest.qmp("balloon", value=guest.machine.memory_mb << 20)
    guest.rmmod(balloon.STOCK)


def _check_ours_first(guest: Guest) -> None:
    """The stock driver, loaded second, does not bind the device."""
    balloon.load(guest)
    guest.insmod(balloon.STOCK)
    _holder(guest, balloon.OURS)
    guest.rmmod(balloon.STOCK)
    _holder(guest, balloon.OURS)


def test_driver_choice(kernel: str) -> None:
    """Either order, moved and moved back, loaded twice."""
    with Guest(kernel, memory_mb=256) as guest:
        _check_stock_first(guest)
        guest.insmod("kvmclock_fix")
        _check_twice(guest)
        _check_fallback(guest)
        _check_ours_first(guest)
        guest.finish()
