# SPDX-License-Identifier: GPL-2.0-only
"""Debian roots in the states of an installation, and guests with such a root."""
