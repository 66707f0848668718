# SPDX-License-Identifier: GPL-2.0-only
"""Checks of the suite itself."""

from pathlib import Path
from types import SimpleNamespace

import pytest

from lab import check
from lab.suite import once


def test_suite_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A test of the mark is called until it passes, and again when one of its files changes."""
    file, calls = tmp_path / "file", []
    file.write_text("first")
    monkeypatch.setenv("VMHOOKS_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(once, "TOP", tmp_path)
    monkeypatch.setattr(once, "tracked", lambda: [file])

    def body(fails: bool) -> None:
        calls.append(fails)
        check(not fails, "this failure is wanted")

    def call(fails: bool = False, anew: bool = False) -> bool:
        return once.call(SimpleNamespace(nodeid="test", path=file, obj=body,
                                         funcargs={"fails": fails, "other": 1}), anew)

    with pytest.raises(AssertionError):
        call(fails=True)
    check(not call() and call(), "it was not called after a failure, or called again")
    check(not call(anew=True), "--anew did not call it")
    file.write_text("second")
    check(not call() and call(), "it was not called after a change, or called again")
    check(calls == [True, False, False, False], f"the calls: {calls}")
