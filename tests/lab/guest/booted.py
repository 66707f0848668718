# SPDX-License-Identifier: GPL-2.0-only
"""The state of a guest after its boot, kept for the next guest with the same machine.

A boot takes a debug kernel nine seconds of a processor under TCG, which is more than what many
scenarios do after it. QEMU writes the state of a guest that has booted to a file, as for a
migration. The next guest with the same command line starts from that file.

Disks keep what a boot writes, a guest that is counted by instructions or that wakes up needs a
boot of its own, and KVM boots quickly. These guests have no such file.
"""

import os
import shlex
import shutil
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from .. import cache
from ..proc import must, say
from .control import GuestError
from .qemu import Machine
from .qmp import Qmp, QmpError

KIND = "booted"
KEEP = 120
STATE = "state"
PACK, UNPACK = "zstd -q -1", "zstd -q -dc"
SECONDS = 60.0
BYTES_PER_SECOND = 1 << 34
HOME = Path("/home-of-the-guest")


def _wait(what: str, done: Callable[[], bool]) -> None:
    deadline = time.monotonic() + SECONDS
    while not done():
        if time.monotonic() > deadline:
            raise GuestError(f"the state of a guest is not {what} after {SECONDS:.0f} s")
        time.sleep(0.02)


def _ended(qmp: Qmp) -> bool:
    """Whether QEMU has written all of a state."""
    status = qmp("query-migrate").get("status")
    if status in ("failed", "cancelled"):
        raise GuestError("QEMU could not write the state of a guest")
    return status == "completed"


@dataclass(frozen=True)
class Booted:
    """The file for one command line of QEMU."""

    key: str

    @property
    def _folder(self) -> Path:
        return cache.folder(KIND) / self.key

    def incoming(self) -> str:
        """The value of QEMU's -incoming, empty if there is no file."""
        state = self._folder / STATE
        if not state.is_file():
            return ""
        os.utime(self._folder)
        return f"exec:{UNPACK} {shlex.quote(str(state))}"

    def drop(self) -> None:
        """Remove a file that QEMU could not read."""
        shutil.rmtree(self._folder, ignore_errors=True)

    def save(self, qmp: Qmp) -> None:
        """Write the state of a running guest, which then continues."""
        def write(target: Path) -> None:
            part, state = (shlex.quote(str(target / name)) for name in ("part", STATE))
            qmp("stop")
            qmp("migrate", uri=f"exec:{PACK} >{part} && mv {part} {state}")
            _wait("written", lambda: _ended(qmp) and (target / STATE).is_file())

        before = qmp("query-migrate-parameters")["max-bandwidth"]
        qmp("migrate-set-parameters", max_bandwidth=BYTES_PER_SECOND)
        try:
            cache.built(KIND, self.key, write, keep=KEEP)
        except (GuestError, QmpError) as error:
            say(f"the next guest boots as well: {error}")
        finally:
            qmp("migrate-set-parameters", max_bandwidth=before)
            qmp("cont")


def proceed(qmp: Qmp) -> None:
    """Let a guest run that starts from a file, once QEMU has read it."""
    # It was stopped when it was written, and so it is again.
    _wait("read", lambda: qmp("query-status")["status"] == "paused")
    qmp("cont")


def of(machine: Machine) -> Booted | None:
    """The file for this machine; None if it has to boot."""
    if machine.disks or machine.qemu or machine.icount or machine.wakes or \
            not machine.accel.startswith("tcg"):
        return None
    command = machine.command(HOME)
    images = [f"{path}:{path.stat().st_mtime_ns}" for path in (machine.image, machine.initramfs)]
    return Booted(cache.digest(must([command[0], "--version"]), *images, *command))
