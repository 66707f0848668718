# SPDX-License-Identifier: GPL-2.0-only
"""Scenarios in parts: several tests, one after the other, with the same guest.

The first failure then does not hide what the others find. A fixture of the file boots the
guest for all of them, and what it demands at the end fails the last part.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from ..guest import Guest


@contextmanager
def on_failure(request: pytest.FixtureRequest, mend: Callable[[], object]) -> Iterator[None]:
    """Call mend at the end of the block when a test has failed in it."""
    before = request.session.testsfailed
    yield
    if request.session.testsfailed > before:
        mend()


@contextmanager
def shared(request: pytest.FixtureRequest, guest: Guest) -> Iterator[None]:
    """The life of a guest that parts share: its logs are kept when one of them fails."""
    with on_failure(request, guest.save_logs):
        yield
