# SPDX-License-Identifier: GPL-2.0-only
"""Runs tests, each in a process of its own, and reports one line for each."""

import os
import resource
import signal
import subprocess
import sys
import time
import traceback
from dataclasses import dataclass, field
from pathlib import Path

from . import Skip, accel, cache, history, kernels, programs
from .idle import Idle
from .proc import LabError, die_with_parent, say, tail
from .tests import Test

SKIPPED = 77
TAIL = 30
AGAIN = 6  # lines of it, at the end of all
REMIND = 60.0
KEEP_LOGS = 200
PROCESSORS = os.cpu_count() or 1
ENOUGH_IDLE = 0.6  # of a processor
RESULTS = "results"  # beside the logs of a run: its lines, test by test


@dataclass
class Running:
    """A test's process."""

    test: Test
    process: subprocess.Popen[bytes]
    log: Path
    started: float = field(default_factory=time.monotonic)
    late: bool = False

    def seconds(self) -> float:
        """How long it has run."""
        return time.monotonic() - self.started

    def kill(self) -> None:
        """End the test and all that it started."""
        try:
            os.killpg(self.process.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass


def _used() -> float:
    """Seconds of processor time of all tests that have ended."""
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def run_one(test: Test) -> int:
    """The body of a test's process: its exit status."""
    try:
        test.body()
    except Skip as why:
        print(f"skipped: {why}")
        return SKIPPED
    except (AssertionError, LabError) as error:
        if not str(error):
            traceback.print_exc(file=sys.stdout)
        print(f"{type(error).__name__}: {error}")
        return 1
    except Exception:  # whatever a scenario raises is its failure
        traceback.print_exc(file=sys.stdout)
        return 1
    return 0


class Runner:
    """Starts tests, as many at a time as asked. Unless it is asked for a number: one for
    each processor, and one more while a processor is idle, as guests often wait; not with
    one that measures time. Busy guests, one more than processors, take half as long again."""

    def __init__(self, tests: list[Test], jobs: int, verbose: bool) -> None:
        self._waiting = history.order(tests)
        self._total = len(tests)
        self._jobs = jobs or PROCESSORS
        self._one_more = not jobs
        self._idle = Idle()
        self._verbose = verbose
        self._running: list[Running] = []
        self._used = _used()
        self.counts = {"passed": 0, "failed": 0, "skipped": 0}
        self._failed: list[str] = []  # what was said of each
        stamp = time.strftime("%Y%m%d-%H%M%S")
        self._logs = cache.folder("logs") / f"run-{stamp}-{os.getpid()}"
        self._logs.mkdir()

    def _start(self, test: Test) -> None:
        log = self._logs / (test.name.replace("/", "-") + ".log")
        with open(log, "wb") as out:
            process = subprocess.Popen(
                [sys.executable, "-u", sys.argv[0], "--one", test.name],
                stdin=subprocess.DEVNULL, stdout=out, stderr=subprocess.STDOUT,
                env={**os.environ, "VMHOOKS_LOGS": str(self._logs)},
                start_new_session=True, preexec_fn=die_with_parent)
        self._running.append(Running(test, process, log))
        self._idle.forget()

    def _may_start(self) -> bool:
        idle = self._one_more and self._idle.processors() > ENOUGH_IDLE
        if not self._waiting:
            return False
        timed = self._waiting[0].timed or any(one.test.timed for one in self._running)
        if timed:
            return len(self._running) < min(self._jobs, PROCESSORS)
        return len(self._running) < self._jobs + idle

    def _report(self, one: Running) -> None:
        status = one.process.returncode
        used, self._used = _used() - self._used, _used()
        result = {0: "passed", SKIPPED: "skipped"}.get(status, "failed")
        self.counts[result] += 1
        done = sum(self.counts.values())
        why = ""
        if result == "passed":
            history.remember(one.test.name, one.seconds())
        if result == "skipped":
            why = " (" + tail(one.log, 1).removeprefix("skipped: ") + ")"
        elif one.late:
            why = f" (no end after {one.test.timeout:.0f} s)"
        line = (f"[{done}/{self._total}] {result:7} {one.test.name} {one.seconds():.1f} s, "
                f"{used:.0f} s of a processor{why}")
        print(line, flush=True)
        with open(self._logs / RESULTS, "a", encoding="utf-8") as results:
            results.write(line + "\n")
        if result != "failed" and not self._verbose:
            return
        said = [f"    {text}" for text in
                (*tail(one.log, TAIL).splitlines(), f"log: {one.log}")]
        print("\n".join(said), flush=True)
        if result == "failed":
            self._failed.append("\n".join([line, *said[-AGAIN:]]))

    def _watch(self) -> None:
        """Take leave of tests that have ended or take too long."""
        for one in list(self._running):
            if one.process.poll() is None:
                if one.seconds() > one.test.timeout and not one.late:
                    one.late = True
                    one.kill()
                continue
            one.kill()  # what it may have left behind
            self._running.remove(one)
            self._report(one)

    def run(self) -> None:
        """Run all tests; interrupted, everything that runs is killed."""
        reminded = time.monotonic()
        try:
            while self._waiting or self._running:
                while self._may_start():
                    self._start(self._waiting.pop(0))
                time.sleep(0.05)
                self._watch()
                if time.monotonic() - reminded > REMIND:
                    reminded = time.monotonic()
                    say("running: " + ", ".join(f"{one.test.name} {one.seconds():.0f} s"
                                                for one in self._running))
        finally:
            for one in self._running:
                one.kill()
        if self._failed:
            say("what failed, once more:")
            print("\n".join(self._failed), flush=True)


def prepare(tests: list[Test]) -> None:
    """Fetch and build what the tests need, where progress can be seen."""
    needed = {name for test in tests for name in test.kernels}
    for name in kernels.NAMES:
        if name in needed:
            kernels.get(name)
    if needed:
        programs.build()
        accel.choose()


def prune_logs() -> None:
    """Keep the newest logs only."""
    entries = sorted(cache.folder("logs").iterdir(), key=lambda path: path.stat().st_mtime)
    for old in entries[:-KEEP_LOGS]:
        if old.is_dir():
            for path in old.iterdir():
                path.unlink()
            old.rmdir()
