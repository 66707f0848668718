# SPDX-License-Identifier: GPL-2.0-only
"""A QMP client: commands, and events in the order they came."""

import json
import socket
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any


class QmpError(Exception):
    """QEMU rejected a command, or has ended."""


class Qmp:
    """A connection to QEMU's monitor socket."""

    def __init__(self, path: Path, timeout: float = 20) -> None:
        self._socket = connect(path, timeout)
        self._file = self._socket.makefile("rb")
        self._changed = threading.Condition()  # guards the fields below
        self._replies: dict[int, dict[str, Any]] = {}
        self._closed = False
        self.events: list[dict[str, Any]] = []
        self._next_id = 0
        threading.Thread(target=self._read, daemon=True).start()
        self("qmp_capabilities")

    def _read(self) -> None:
        try:
            for line in self._file:
                message = json.loads(line)
                with self._changed:
                    if "event" in message:
                        self.events.append(message)
                    elif "id" in message:
                        self._replies[message["id"]] = message
                    self._changed.notify_all()
        except (OSError, ValueError):
            pass
        with self._changed:
            self._closed = True
            self._changed.notify_all()

    def __call__(self, command: str, timeout: float = 60, **arguments: Any) -> Any:
        """Run a command; underscores in argument names become hyphens."""
        named = {key.replace("_", "-"): value for key, value in arguments.items()}
        with self._changed:
            self._next_id += 1
            number = self._next_id
        message = {"execute": command, "arguments": named, "id": number}
        try:
            self._socket.sendall(json.dumps(message).encode() + b"\n")
        except OSError as error:
            raise QmpError(f"{command}: QEMU is gone") from error
        with self._changed:
            self._changed.wait_for(lambda: number in self._replies or self._closed,
                                   timeout)
            reply = self._replies.pop(number, None)
        if reply is None:
            raise QmpError(f"{command}: no reply")
        if "error" in reply:
            raise QmpError(f"{command}: {reply['error']['desc']}")
        return reply["return"]

    def wait_event(self, name: str, timeout: float = 30, since: int = 0,
                   match: Callable[[dict[str, Any]], bool] = lambda data: True
                   ) -> dict[str, Any]:
        """The data of the first event of this name at or after index since."""
        deadline = time.monotonic() + timeout
        at = since
        with self._changed:
            while True:
                for event in self.events[at:]:
                    if event["event"] == name and match(event.get("data", {})):
                        return event.get("data", {})
                at = len(self.events)
                left = deadline - time.monotonic()
                if left <= 0 or self._closed:
                    raise QmpError(f"no event {name} in {timeout:.0f} s")
                self._changed.wait(left)

    def close(self) -> None:
        """Close the connection."""
        self._socket.close()


def connect(path: Path, timeout: float) -> socket.socket:
    """Connect to a unix socket that may not exist yet."""
    deadline = time.monotonic() + timeout
    while True:
        link = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            link.connect(str(path))
            return link
        except OSError as error:
            link.close()
            if time.monotonic() > deadline:
                raise QmpError(f"cannot connect to {path.name}: {error}") from error
            time.sleep(0.02)
