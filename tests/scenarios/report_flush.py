# SPDX-License-Identifier: GPL-2.0-only
"""A write to flush returns when all is reported, and forget makes all of it unreported."""

from lab import MIB, Guest, check
from lab.guest import balloon

KERNELS = ("6.12",)
ALSO = ("6.1", "5.10", "6.12-arm64")
HOG_MB = 200
NOISE = 8 * MIB
FLUSH = f"{balloon.HOOKS}/flush"
FORGET = f"{balloon.HOOKS}/forget"


def _must_fail(guest: Guest, file: str, value: str, why: str) -> None:
    status, said = guest.try_sh(f"echo '{value}' >{file}")
    check(status and why in said, f"'{value}' to {file}: {status} {said}")


def _check_bad_values(guest: Guest) -> None:
    for value in ("", "x", "-1", "1x"):
        _must_fail(guest, FLUSH, value, "Invalid argument")
    for value in ("0", "600001", "99999999999"):
        _must_fail(guest, FLUSH, value, "out of range")
    for value in ("0", "", "2x"):
        _must_fail(guest, FORGET, value, "Invalid argument")


def _reported(guest: Guest) -> int:
    return balloon.hooks(guest)["reported_bytes"]


def _too_much(guest: Guest) -> int:
    """MiB that the host still backs although they could be reported."""
    return (guest.rss_bytes() - balloon.unreportable_bytes(guest)) // MIB


def _check_flush(guest: Guest) -> None:
    """When the write returns, all is reported, and a second flush finds nothing."""
    guest.sh(f"memhog {HOG_MB} --hold 0", 60)
    held = _too_much(guest)
    check(held > HOG_MB * 0.7, f"only {held} MiB to report: did a pass run?")
    before = _reported(guest)
    balloon.flush(guest)
    held = _too_much(guest)
    check(held <= NOISE // MIB, f"{held} MiB are still backed after a flush")
    once = _reported(guest)
    balloon.flush(guest)
    again = _reported(guest) - once
    check(again <= NOISE, f"a second flush reports {again} bytes, the first {once - before}")


def _check_forget(guest: Guest) -> None:
    """All free memory is reported once more, without any new free."""
    before = _reported(guest)
    known = balloon.hooks(guest)["reported_free_bytes"]
    guest.write(FORGET, "1")
    guest.poll("new reports of everything",
               lambda: _reported(guest) - before > known * 9 // 10, 90, 0.5)
    balloon.flush(guest)
    again = _reported(guest) - before
    check(again < known + 2 * NOISE, f"{again} bytes reported again, {known} were known")
    check(balloon.hooks(guest)["forgets"] == 1, "forgets does not count")


def test_report_flush(kernel: str) -> None:
    """With a delay so long that only a flush reports."""
    with Guest(kernel, memory_mb=512) as guest:
        guest.insmod("mm_hooks", "delay_ms=60000")
        _must_fail(guest, FLUSH, "1000", "No such device")
        balloon.load(guest)
        _check_bad_values(guest)
        _check_flush(guest)
        _check_forget(guest)
        guest.finish()
