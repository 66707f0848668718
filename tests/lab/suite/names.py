# SPDX-License-Identifier: GPL-2.0-only
"""Names of tests: static/CHECK, kunit/KERNEL, scenario/NAME@KERNEL.

A scenario of several functions has a name for each: scenario/NAME@KERNEL::PART. What
stands before "::" is run by one worker, so the parts can share a guest.
"""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

KERNEL = "kernel"  # the parameter


def name(path: Path, function: str, parameters: dict[str, Any]) -> str:
    """The name of a test function of a file, with its parameters."""
    part = function.removeprefix("test_")
    others = {key: value for key, value in parameters.items() if key != KERNEL}
    kernel = parameters.get(KERNEL, "")
    if path.parent.name == "static":
        return f"static/{part}-{kernel}" if kernel else f"static/{part}"
    if path.parent.name == "kunit":
        return f"kunit/{kernel}"
    parts = [*([part] if part != path.stem else []), *filter(None, map(str, others.values()))]
    return f"scenario/{path.stem}@{kernel}" + ("::" + "-".join(parts) if parts else "")


def unit(test: str) -> str:
    """The name without the part."""
    return test.split("::")[0]


def matching(tests: Iterable[str], texts: Iterable[str]) -> set[str]:
    """The tests of that name (all parts of it), or all with that text in their name."""
    tests = list(tests)
    known = {*tests, *map(unit, tests)}
    return {test for test in tests for text in texts
            if (text in (test, unit(test)) if text in known else text in test)}
