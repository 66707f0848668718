# SPDX-License-Identifier: GPL-2.0-only
"""What a run prints: a line for each test that has ended, and the failures once more."""

import threading
import time
from pathlib import Path
from typing import Any

import pytest

from ..proc import say
from .once import UNCHANGED

TAIL = 30
AGAIN = 6  # lines of it, at the end of all
REMIND = 60.0
RESULTS = "results"  # beside the logs of a run: its lines, test by test
USED = "processor_seconds"  # a property of each report


class Silent:
    """A plugin: pytest itself prints nothing."""

    @pytest.hookimpl(tryfirst=True)
    def pytest_sessionstart(self, session: pytest.Session) -> None:
        """Later than those are made, and earlier than they say something."""
        plugins = session.config.pluginmanager
        for name in ("terminalreporter", "terminaldistreporter"):
            plugins.unregister(name=name)
        if distributed := plugins.get_plugin("dsession"):
            distributed.terminal = None


class Lines(Silent):
    """A plugin for the process that pytest is started in.

    folder: of the run, for the logs
    """

    def __init__(self, folder: Path, total: int, verbose: bool) -> None:
        self._folder = folder
        self._total = total
        self._verbose = verbose
        self._started: dict[str, float] = {}
        self._reports: dict[str, list[pytest.TestReport]] = {}
        self._failed: list[str] = []  # what was said of each
        self.counts = {"passed": 0, "failed": 0, "skipped": 0}
        self._over = threading.Event()

    def __enter__(self) -> "Lines":
        threading.Thread(target=self._remind, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        if self._failed:
            say("what failed, once more:")
            print("\n".join(self._failed), flush=True)

    def _remind(self) -> None:
        while not self._over.wait(REMIND):
            now = time.monotonic()
            say("running: " + ", ".join(f"{name} {now - started:.0f} s"
                                        for name, started in dict(self._started).items()))

    def pytest_runtest_logstart(self, nodeid: str) -> None:
        """A test begins."""
        self._started[nodeid] = time.monotonic()
        self._reports[nodeid] = []

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """A test's setup, body or teardown has ended, or its worker has."""
        self._reports.setdefault(report.nodeid, []).append(report)
        if report.when == "???":  # xdist's word for a worker that died
            self._end(report.nodeid)

    def pytest_runtest_logfinish(self, nodeid: str) -> None:
        """A test has ended."""
        if nodeid in self._reports:
            self._end(nodeid)

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        """Workers that do not find the same tests say so here."""
        if report.failed:
            self.counts["failed"] += 1
            print(report.longreprtext, flush=True)

    def _end(self, name: str) -> None:
        reports = self._reports.pop(name)
        seconds = time.monotonic() - self._started.pop(name, time.monotonic())
        outcomes = {report.outcome for report in reports}
        result = next((one for one in ("failed", "skipped") if one in outcomes), "passed")
        self.counts[result] += 1
        said = self._log(name, reports)
        used = sum(value for report in reports for key, value in report.user_properties
                   if key == USED)
        line = (f"[{sum(self.counts.values())}/{self._total}] {result:7} {name} {seconds:.1f} s, "
                f"{used:.0f} s of a processor{_why(reports) if result == 'skipped' else ''}"
                f"{_unchanged(reports)}")
        print(line, flush=True)
        with open(self._folder / RESULTS, "a", encoding="utf-8") as results:
            results.write(line + "\n")
        if result == "failed" or self._verbose:
            print("\n".join(said), flush=True)
        if result == "failed":
            self._failed.append("\n".join([line, *said[-AGAIN:]]))

    def _log(self, name: str, reports: list[Any]) -> list[str]:
        """Keep what a test printed and how it failed; the end of that, and where it is."""
        last = reports[-1]  # has what was captured before it, too
        text = "\n".join(filter(None, (last.capstdout, last.capstderr, *(
            report.longreprtext for report in reports if report.failed))))
        log = self._folder / (name.replace("/", "-") + ".log")
        log.write_text(text + "\n", encoding="utf-8", errors="replace")
        return [f"    {line}" for line in (*text.splitlines()[-TAIL:], f"log: {log}")]


def _unchanged(reports: list[Any]) -> str:
    """Tells that the test was not called."""
    known = {key for report in reports for key, _ in report.user_properties}
    return " (unchanged since a run that passed)" if UNCHANGED in known else ""


def _why(reports: list[Any]) -> str:
    """Why a test was skipped."""
    reasons = [report.longrepr[2] for report in reports if isinstance(report.longrepr, tuple)]
    return f" ({reasons[0].removeprefix('Skipped: ')})" if reasons else ""
