# SPDX-License-Identifier: GPL-2.0-only
"""A guest: QEMU, what it boots, and what the lab asks it and its host."""

from .guest import Guest

__all__ = ["Guest"]
