# SPDX-License-Identifier: GPL-2.0-only
"""How long tests took, from the JUnit files of earlier runs, and the order that follows."""

import xml.etree.ElementTree as ElementTree
from pathlib import Path

from .names import unit

JUNIT = "junit.xml"  # in the log folder of a run
BUILDS = "static/build-"


def _read(file: Path) -> dict[str, float]:
    """Seconds of each test that passed; JUnit has dots for slashes, and parts apart."""
    try:
        cases = ElementTree.parse(file).getroot().iter("testcase")
    except (OSError, ElementTree.ParseError):
        return {}
    return {"::".join(filter(None, (case.get("classname"), case.get("name")))):
            float(case.get("time", "0")) for case in cases
            if not {child.tag for child in case} & {"failure", "error", "skipped"}}


def known(logs: Path) -> dict[str, float]:
    """Seconds that each test took when it last passed, of the runs with logs in a folder."""
    found: dict[str, float] = {}
    for file in sorted(logs.glob(f"run-*/{JUNIT}")):
        found |= _read(file)
    return found


def order(timeouts: dict[str, float], logs: Path) -> list[str]:
    """The order in which tests start.

    The builds first, which the guests then find in the cache; of the others the longest
    first, so that no processor waits at the end for one that began late. A test without a
    past comes before those with one, the longer timeout first. Parts stay together.
    """
    past = known(logs)
    total: dict[str, float] = {}
    new: set[str] = set()
    for test, timeout in timeouts.items():
        took = past.get(test.replace("/", "."))
        if took is None:
            new.add(unit(test))
        total[unit(test)] = total.get(unit(test), 0) + (timeout if took is None else took)

    def key(test: str) -> tuple[bool, bool, float]:
        one = unit(test)
        return (not one.startswith(BUILDS), one not in new, -total[one])

    units = {one: number for number, one in enumerate(sorted(total, key=key))}
    return sorted(timeouts, key=lambda test: units[unit(test)])
