# SPDX-License-Identifier: GPL-2.0-only
"""Guests that poison or zero free pages report them only where that is safe."""

from lab import MIB, Guest, check
from lab.guest import balloon

KERNELS = ("6.12",)
POISONED = "page_poison=1"
ZEROED = "init_on_free=1"
NO_OFFER = "free pages must keep their contents"
KEPT = "devices keep poisoned pages"
F_PAGE_POISON = 1 << 4
F_REPORTING = 1 << 5


def _reload(guest: Guest, *parameters: str) -> balloon.Balloon:
    """Reload the driver with an empty log."""
    guest.try_sh(f"rmmod {balloon.OURS}")
    guest.sh("dmesg -c >/dev/null")
    return balloon.load(guest, *parameters)


def _check_off(guest: Guest, device: balloon.Balloon, why: str) -> None:
    """Nothing is reported, the log says why, and everything else works."""
    log = guest.sh("dmesg")
    check(why in log, f"the log does not say '{why}':\n{log}")
    check(not guest.read(f"{balloon.HOOKS}/reporters"), "there is a reporter")
    check(not device.counters()["features"] & F_REPORTING, "F_REPORTING was accepted")
    device.resize(32)
    device.resize(0)


def _check_on(guest: Guest, device: balloon.Balloon) -> None:
    log = guest.sh("dmesg")
    check("is not reported" not in log, f"not reported:\n{log}")
    both = F_REPORTING | F_PAGE_POISON
    check(device.counters()["features"] & both == both, "features are missing")
    guest.sh("memhog 96 --hold 0", 60)
    balloon.flush(guest)
    check(device.counters()["reported_bytes"] > 64 * MIB, "nothing is reported")


def _booted(kernel: str, word: str, offer: str) -> Guest:
    return Guest(kernel, memory_mb=288, append=word,
                 balloon=("free-page-reporting=on", f"page-poison={offer}"))


def test_balloon_poison(kernel: str) -> None:
    """Poisoned and zeroed pages, with and without a device that offers PAGE_POISON."""
    with _booted(kernel, POISONED, "on") as guest:
        _check_off(guest, _reload(guest), KEPT)
        _check_on(guest, _reload(guest, "report_poisoned=1"))
        guest.sh("memhog 160 --hold 0", 60)  # the guest checks the poison of each
        guest.finish()
    with _booted(kernel, POISONED, "off") as guest:
        _check_off(guest, _reload(guest), NO_OFFER)
        _check_off(guest, _reload(guest, "report_poisoned=1"), NO_OFFER)
        guest.finish()
    with _booted(kernel, ZEROED, "on") as guest:
        _check_on(guest, _reload(guest))
        held = guest.rss_bytes() - balloon.unreportable_bytes(guest)
        check(held < 16 * MIB, f"{held} bytes are still at the host")
        guest.sh("memhog 160 --hold 0", 60)
        guest.finish()
