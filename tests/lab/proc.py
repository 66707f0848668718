# SPDX-License-Identifier: GPL-2.0-only
"""Child processes that end with this one, and progress lines."""

import contextlib
import ctypes
import os
import signal
import subprocess
import sys
import time
import unittest
from pathlib import Path

# The folders of depmod and mke2fs are not in the PATH of Debian's ordinary users.
os.environ["PATH"] = os.environ.get("PATH", "/usr/bin:/bin") + ":/usr/sbin:/sbin"
# The lab parses the output of its children, and Python decodes it as UTF-8 in this locale.
os.environ["LC_ALL"] = "C"

_PR_SET_PDEATHSIG = 1
_PR_SET_CHILD_SUBREAPER = 36
_PR_SET_THP_DISABLE = 41
_libc = ctypes.CDLL(None, use_errno=True)


class LabError(Exception):
    """Something the lab needs is missing or broken; the text says what to do."""


class Skip(unittest.SkipTest):
    """Raised by a test that cannot run here; the text says why."""


def say(text: str) -> None:
    """One progress line for people, on stderr."""
    print(f"== {text}", file=sys.stderr, flush=True)


def die_with_parent() -> None:
    """For preexec_fn: the kernel kills the child when the thread that started it ends."""
    _libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


def no_huge_pages() -> None:
    """For preexec_fn: the child has small pages only, whatever it asks for."""
    _libc.prctl(_PR_SET_THP_DISABLE, 1, 0, 0, 0)


def adopt_orphans() -> None:
    """Children of a child that has ended become children of this process."""
    _libc.prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def _descendants() -> list[int]:
    parents: dict[int, int] = {}
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit():
            with contextlib.suppress(OSError):
                fields = (folder / "stat").read_text().rsplit(")", 1)[1].split()
                parents[int(folder.name)] = int(fields[1])
    found, new = [], [os.getpid()]
    while new:
        new = [pid for pid, parent in parents.items() if parent in new]
        found += new
    return found


def kill_descendants(seconds: float = 10) -> None:
    """Kill the children of this process and theirs, and wait until they are gone.

    adopt_orphans() comes first.
    """
    deadline = time.monotonic() + seconds
    while (left := _descendants()) and time.monotonic() < deadline:
        for pid in left:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        for pid in left:  # a grandchild is a child once its parent is gone
            with contextlib.suppress(ChildProcessError):
                os.waitpid(pid, os.WNOHANG)
        time.sleep(0.01)


def tail(path: Path, lines: int = 30) -> str:
    """The last lines of a text file."""
    try:
        return "\n".join(path.read_text(errors="replace").splitlines()[-lines:])
    except OSError:
        return ""


def run(argv: list[str], *, cwd: Path | None = None, timeout: float = 600,
        env: dict[str, str] | None = None) -> subprocess.CompletedProcess[str]:
    """Run a command to its end. Its stdout and stderr are one text."""
    return subprocess.run(argv, cwd=cwd, timeout=timeout, env=env, text=True,
                          stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, errors="replace",
                          preexec_fn=die_with_parent, check=False)


def must(argv: list[str], **options: object) -> str:
    """Like run(), but a failure raises LabError with the end of the output."""
    try:
        done = run(argv, **options)  # type: ignore[arg-type]
    except FileNotFoundError as error:
        raise LabError(f"{argv[0]} is not installed; run packaging/setup") from error
    if done.returncode:
        last = "\n".join(done.stdout.splitlines()[-20:])
        raise LabError(f"{' '.join(argv[:6])} failed ({done.returncode}):\n{last}")
    return done.stdout


def long_run(what: str, argv: list[str], cwd: Path, log: Path,
             timeout: float = 7200) -> None:
    """Run a long command with its output in a file and a line every 20 seconds."""
    started = shown = time.monotonic()
    with open(log, "ab") as out:
        child = subprocess.Popen(argv, cwd=cwd, stdin=subprocess.DEVNULL, stdout=out,
                                 stderr=subprocess.STDOUT, preexec_fn=die_with_parent)
        while child.poll() is None:
            time.sleep(0.2)
            now = time.monotonic()
            if now - started > timeout:
                child.kill()
            if now - shown > 20:
                shown = now
                last = (tail(log, 1).strip() or "...")[:60]
                say(f"{what}: {now - started:.0f} s: {last}")
    if child.returncode:
        raise LabError(f"{what} failed ({child.returncode}), see {log}:\n{tail(log)}")
