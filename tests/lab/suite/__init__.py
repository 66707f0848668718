# SPDX-License-Identifier: GPL-2.0-only
"""What the lab adds to pytest: names, lines of progress, how many tests run at a time."""
