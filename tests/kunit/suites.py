# SPDX-License-Identifier: GPL-2.0-only
"""The KUnit suites of our modules."""

import pytest

from lab.checks import kunit

KERNELS = ("lab",)
ALSO = ("lab-arm64",)
pytestmark = pytest.mark.timeout(600)


def test_suites(kernel: str) -> None:
    """Every suite passes, with as many cases as the table says."""
    if wrong := kunit.run(kernel):
        raise AssertionError("\n".join(wrong[:40]))
