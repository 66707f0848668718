# SPDX-License-Identifier: GPL-2.0-only
"""Guests whose host is of the lab's making: a device or a KVM in the guest, a Linux in that."""
