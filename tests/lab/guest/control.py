# SPDX-License-Identifier: GPL-2.0-only
"""The host side of the control port: shell commands in the guest.

The guest side is tests/programs/agent.c, which describes the protocol.
"""

import threading
from dataclasses import dataclass, field
from pathlib import Path

from .qmp import connect


class GuestError(Exception):
    """The guest died, did not answer in time, or a command in it failed."""


@dataclass
class Job:
    """A command in the guest. Several may run in parallel."""

    text: str
    output: bytearray = field(default_factory=bytearray)
    status: int | None = None
    lost: str = ""


class Control:
    """A connection to the agent."""

    def __init__(self, path: Path, timeout: float = 20) -> None:
        self._socket = connect(path, timeout)
        self._file = self._socket.makefile("rb")
        self._changed = threading.Condition()  # guards the fields below
        self._jobs: dict[int, Job] = {}
        self._next_id = 0
        self._closed = False
        self.boots = 0
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self) -> None:
        try:
            while line := self._file.readline():
                self._frame(line.split())
        except (OSError, ValueError):
            pass
        with self._changed:
            self._closed = True
            self._lose("the guest is gone")

    def _lose(self, why: str) -> None:
        """The connection is lost, so no job will end. Called with the condition held."""
        for job in self._jobs.values():
            job.lost = why
        self._jobs.clear()
        self._changed.notify_all()

    def _frame(self, words: list[bytes]) -> None:
        data = self._file.read(int(words[2])) if words[:1] == [b"o"] else b""
        with self._changed:
            if words == [b"ready"]:
                self.boots += 1
                self._lose("the guest has booted again")
            elif words and words[0] in (b"o", b"x"):
                number = int(words[1])
                job = self._jobs.get(number)
                if job and words[0] == b"o":
                    job.output += data
                elif job:
                    job.status = int(words[2])
                    del self._jobs[number]
            self._changed.notify_all()

    def wait_boot(self, count: int, timeout: float) -> bool:
        """Wait until the agent has started this many times."""
        with self._changed:
            self._changed.wait_for(lambda: self.boots >= count or self._closed, timeout)
            return self.boots >= count

    def start(self, text: str, kind: str = "r") -> Job:
        """Start a command and return at once.

        kind: "r" for the shell, "c" and "g" to read files, "w" to write one, see agent.c
        """
        job = Job(text)
        data = text.encode()
        with self._changed:
            if self._closed:
                raise GuestError("the guest is gone")
            self._next_id += 1
            self._jobs[self._next_id] = job
            self._send(b"%s %d %d\n" % (kind.encode(), self._next_id, len(data)) + data)
        return job

    def _send(self, data: bytes) -> None:
        try:
            self._socket.sendall(data)
        except OSError as error:
            raise GuestError("the guest is gone") from error

    def wait(self, job: Job, timeout: float) -> tuple[int, str]:
        """Wait for a command's end: its exit status and output."""
        with self._changed:
            self._changed.wait_for(lambda: job.status is not None or job.lost, timeout)
            if job.status is None and not job.lost:
                for number, other in self._jobs.items():
                    if other is job:
                        self._send(b"k %d\n" % number)
                job.lost = f"no end after {timeout:.0f} s"
            text = job.output.decode(errors="replace")
            if job.status is None:
                raise GuestError(f"{job.lost}: {job.text}\n{text[-2000:]}")
            return job.status, text

    def close(self) -> None:
        """Close the connection."""
        self._socket.close()
