# SPDX-License-Identifier: GPL-2.0-only
"""Checks of the sources, and of what KUnit says."""
