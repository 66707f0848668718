# SPDX-License-Identifier: GPL-2.0-only
"""Benchmarks and the demo: measurements, tables, figures."""
