# SPDX-License-Identifier: GPL-2.0-only
"""Boots kernels in QEMU, drives them from outside and judges the results."""

from .guest import Guest
from .guest.control import GuestError, Job
from .proc import LabError, Skip

MIB = 1 << 20


def check(condition: object, text: str) -> None:
    """Fail the scenario with a text unless the condition holds."""
    if not condition:
        raise AssertionError(text)


__all__ = ["MIB", "Guest", "GuestError", "Job", "LabError", "Skip", "check"]
