# SPDX-License-Identifier: GPL-2.0-only
"""How long each test took when it last passed, and the order that follows from it."""

import os

from . import cache
from .tests import Test

FOLDER = "seconds"  # in the cache, a file a test
BUILDS = "static/build-"


def remember(name: str, seconds: float) -> None:
    """Keep the duration of a test that has passed."""
    place = cache.folder(FOLDER) / name.replace("/", "-")
    ready = place.with_name(f"{place.name}.{os.getpid()}")
    ready.write_text(f"{seconds:.1f}\n")
    ready.rename(place)


def recall(name: str) -> float | None:
    """Seconds that a test took, None when it never passed here."""
    try:
        return float((cache.folder(FOLDER) / name.replace("/", "-")).read_text())
    except (OSError, ValueError):
        return None


def order(tests: list[Test]) -> list[Test]:
    """The order in which tests start.

    The builds first, which the guests then find in the cache; of the others the longest
    first, so that no core waits at the end for one that began late. A test without a past
    comes before those with one, the longer timeout first.
    """
    def key(test: Test) -> tuple[bool, bool, float]:
        took = recall(test.name)
        return (not test.name.startswith(BUILDS), took is not None,
                -(test.timeout if took is None else took))
    return sorted(tests, key=key)
