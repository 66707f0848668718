# SPDX-License-Identifier: GPL-2.0-only
"""Checks of the sources that need no guest, one test each."""

import pytest

from lab import kernels
from lab.checks import litmus, prose
from lab.checks import sources as checks

pytestmark = pytest.mark.timeout(1800)  # a build on a busy machine
SPARSE_KERNELS = ("lab",)  # whose options turn on all of our sources


def none(found: list[str]) -> None:
    """Fail with the first complaints."""
    if found:
        raise AssertionError("\n".join(found[:40]))


@pytest.mark.once
def test_shellcheck() -> None:
    """Every shell file."""
    none(checks.shellcheck())


def test_checkpatch() -> None:
    """checkpatch --strict over the modules."""
    none(checks.checkpatch())


def test_kernel_doc() -> None:
    """kernel-doc -Wall over the modules."""
    none(checks.kernel_doc())


def test_names() -> None:
    """Hosts and folders that the tree names."""
    none(checks.names())


def test_locale() -> None:
    """The C locale of every script."""
    none(checks.locale())


def test_sizes() -> None:
    """Lines of a file."""
    none(checks.sizes())


def test_licences() -> None:
    """SPDX lines."""
    none(checks.licences())


@pytest.mark.once
def test_patches() -> None:
    """The companion patch."""
    none(checks.patches())


@pytest.mark.parametrize("kernel", [
    *kernels.TESTED, *kernels.OLD,
    *(pytest.param(name, marks=pytest.mark.wide) for name in kernels.SERIES)])
def test_build(kernel: str) -> None:
    """Our modules build with W=1 and without a warning."""
    none(checks.build(kernel))


@pytest.mark.parametrize("kernel", SPARSE_KERNELS)
def test_sparse(kernel: str) -> None:
    """sparse has nothing to say about our files."""
    none(checks.sparse(kernel))


def test_circles() -> None:
    """No files of the modules call each other in a circle."""
    none(checks.circles("lab"))


def test_prefixes() -> None:
    """Every symbol that is not static has the prefix of its module."""
    none(checks.prefixes("lab"))


def test_prose() -> None:
    """The length of sentences in the documentation, and the phrases of the tree."""
    none(prose.complaints(checks.tracked()))


@pytest.mark.wide
def test_litmus() -> None:
    """Each lockless hand-over, by the kernel's memory model."""
    none(litmus.faults())
