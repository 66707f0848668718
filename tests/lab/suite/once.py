# SPDX-License-Identifier: GPL-2.0-only
"""Tests whose result depends on files only, such as the steps of a package in a Debian root.

They need no guest and measure no time. After a success such a test is not run again before one
of these files changes. --anew runs it in any case.
"""

import inspect
import os
from pathlib import Path

import pytest

from .. import cache
from ..checks.sources import tracked
from ..kernels.modules import TOP
from ..proc import must

MARK = "once"
TESTS = TOP / "tests"
# Tests and results, which no other test reads.
APART = tuple(TESTS / name for name in ("bench", "kunit", "scenarios", "static")) + \
    (TOP / "docs/results",)
UNCHANGED = "unchanged"  # a property of the report
SAID = "its files are those of a run that passed; --anew runs it"


def _files(item: pytest.Item) -> list[Path]:
    """All files of the tree that the test may read."""
    return [path for path in tracked()
            if path == item.path or not any(path.is_relative_to(each) for each in APART)]


def _machine() -> str:
    """The compiler, and the kernels whose headers are installed."""
    headers = sorted(path.name for path in Path("/usr/src").glob("linux-*"))
    return must(["gcc", "--version"]) + "\n".join(headers)


def _stamp(item: pytest.Item) -> Path:
    key = cache.digest(item.nodeid, _machine(), cache.digest_files(TOP, _files(item)))
    return cache.folder("passed") / key


def call(function: pytest.Function, anew: bool) -> bool:
    """Call the function of a test, unless its files are unchanged. Returns whether they are."""
    stamp = _stamp(function)
    if stamp.exists() and not anew:
        os.utime(stamp)
        return True
    names = inspect.signature(function.obj).parameters
    function.obj(**{name: function.funcargs[name] for name in names})
    stamp.touch()
    return False
