# SPDX-License-Identifier: GPL-2.0-only
"""A run of pytest: which tests, in what order, with what built before."""

import os
import time
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from .. import cache, kernels
from ..guest import accel, programs
from ..proc import LabError, kill_descendants
from . import durations, names, slots
from .lines import Lines, Silent

TESTS = Path(__file__).resolve().parent.parent.parent
KEEP_LOGS = 200
HERE = ("-c", str(TESTS / "pytest.ini"), "--rootdir", str(TESTS),
        *(str(TESTS / name) for name in ("static", "kunit", "scenarios")))
QUIET = (*HERE, "-qq", "--no-header", "--no-summary")


@dataclass(eq=False)
class Collected(Silent):
    """A plugin that runs nothing: it notes the tests that pytest finds."""

    timeouts: dict[str, float] = field(default_factory=dict)  # by name
    kernels: dict[str, str] = field(default_factory=dict)
    wide: set[str] = field(default_factory=set)

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        """A file that cannot be imported ends the run."""
        if report.failed:
            raise LabError(report.longreprtext)

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        """Note them, and run none."""
        for item in session.items:
            marker = item.get_closest_marker("timeout")
            self.timeouts[item.nodeid] = float(
                marker.args[0] if marker else session.config.getini("timeout"))
            callspec = getattr(item, "callspec", None)
            self.kernels[item.nodeid] = callspec.params.get(names.KERNEL, "") if callspec else ""
            if item.get_closest_marker("wide"):
                self.wide.add(item.nodeid)
        return True


def collect() -> Collected:
    """All tests, in the order in which they are listed."""
    found = Collected()
    pytest.main([*QUIET, "-n0"], plugins=[found])
    return found


def prepare(needed: set[str]) -> None:
    """Fetch and build the kernels of the tests, where progress can be seen."""
    for name in kernels.NAMES:
        if name in needed:
            kernels.get(name)
    if needed - {""}:
        programs.build()
        accel.choose()


def prune_logs(logs: Path) -> None:
    """Keep the newest logs only."""
    entries = sorted(logs.iterdir(), key=lambda path: path.stat().st_mtime)
    for old in entries[:-KEEP_LOGS]:
        if old.is_dir():
            for path in old.iterdir():
                path.unlink()
            old.rmdir()


def run(chosen: dict[str, float], jobs: int, verbose: bool,
        anew: bool) -> tuple[dict[str, int], bool]:
    """Run tests, each with its timeout: how many passed, failed, were skipped, and whether
    the run came to its end.

    anew: also those that passed before with the same files
    """
    logs = cache.folder("logs")
    prune_logs(logs)
    folder = logs / f"run-{time.strftime('%Y%m%d-%H%M%S')}-{os.getpid()}"
    folder.mkdir()
    file = folder / "chosen"
    file.write_text("".join(f"{name}\n" for name in durations.order(chosen, logs)))
    with Lines(folder, len(chosen), verbose) as lines:
        try:
            status = pytest.main(
                [*QUIET, "-n", str(slots.workers(jobs)), "--dist=loadscope",
                 "--max-worker-restart=0", "--chosen", str(file), *(["--anew"] if anew else []),
                 f"--junitxml={folder / durations.JUNIT}"], plugins=[lines, Interrupted()])
        finally:
            kill_descendants()
    ended = sum(lines.counts.values()) == len(chosen)
    return lines.counts, ended and status in (pytest.ExitCode.OK, pytest.ExitCode.TESTS_FAILED)


class Interrupted:
    """A plugin: an interrupted run ends at once, without a word from its workers."""

    def pytest_keyboard_interrupt(self) -> None:
        """The guests die with their workers."""
        kill_descendants()


def run_one(name: str) -> int:
    """Run a test, or all parts of one, in this process, with its output: the exit status."""
    found = collect()
    file = cache.scratch("one") / "chosen"
    file.write_text("".join(f"{each}\n" for each in found.timeouts
                            if name in (each, names.unit(each))))
    if not file.read_text():
        raise LabError(f"no test is named {name}")
    return int(pytest.main([*HERE, "-n0", "-s", "--anew", "--chosen", str(file)]))
