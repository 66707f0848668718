# SPDX-License-Identifier: GPL-2.0-only
"""The instructions that a guest executed, from QEMU's log of them.

For guests that count instructions (icount). The cost of a hook is the number of instructions
between two instructions of its caller, including the hook's helpers in the kernel.
"""

import bisect
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from .control import GuestError
from .guest import Guest

_LINE = re.compile(r"Trace \d+: \S+ \[[0-9a-f]+/([0-9a-f]+)/|(Stopped)")


@dataclass
class Executed:
    """Addresses of instructions, in the order of their execution."""

    modules: dict[str, range]
    symbols: list[tuple[int, str]]
    addresses: list[int] = field(default_factory=list)

    def _module(self, address: int) -> str:
        return next((name for name, where in self.modules.items() if address in where), "")

    def _symbol(self, address: int) -> str:
        return self.symbols[bisect.bisect_right(self.symbols, (address, "\x7f")) - 1][1]

    def calls(self, callers: Sequence[str], module: str,
              names: Sequence[str]) -> Iterator[tuple[str, int]]:
        """Calls from modules into functions of another module, and their instructions.

        For a call into several of these functions the first one counts. A call is all that is
        executed between two instructions of the callers.
        """
        count, name = 0, ""
        for address in self.addresses:
            where = self._module(address)
            if where in callers:
                if name:
                    yield name, count
                count, name = 0, ""
                continue
            count += 1
            if where == module and not name:
                symbol = self._symbol(address)
                name = symbol if symbol in names else ""


def _hmp(guest: Guest, line: str) -> None:
    said = str(guest.qmp("human-monitor-command", command_line=line)).strip()
    if said:
        raise GuestError(f"QEMU's monitor does not know {line!r}: {said}")


def _loaded(guest: Guest) -> dict[str, range]:
    rows = [line.split() for line in guest.read("/proc/modules").splitlines()]
    return {row[0]: range(int(row[5], 16), int(row[5], 16) + int(row[1])) for row in rows}


def _symbols(guest: Guest, module: str) -> list[tuple[int, str]]:
    text = guest.sh(f"grep '\\[{module}\\]' /proc/kallsyms")
    return sorted((int(row[0], 16), row[2]) for row in map(str.split, text.splitlines()))


def _read(path: Path) -> list[int]:
    """Addresses from QEMU's log.

    QEMU logs an address again after it stopped before it, so the first entry is removed. The
    log may begin with such a stop.
    """
    addresses: list[int] = []
    with path.open() as lines:
        for line in lines:
            if not (said := _LINE.match(line)):
                continue
            if said[2]:
                del addresses[-1:]
            else:
                addresses.append(int(said[1], 16))
    path.unlink()
    return addresses


@contextmanager
def executed(guest: Guest, module: str) -> Iterator[Executed]:
    """All that the guest executes in the block. module: the module whose functions are named.

    The log has some hundred thousand instructions a second.
    """
    said = Executed(_loaded(guest), _symbols(guest, module))
    path = guest.home / "executed.log"
    for line in (f"logfile {path}", "singlestep on", "log exec,nochain"):
        _hmp(guest, line)
    try:
        yield said
    finally:
        for line in ("log none", "singlestep off"):
            _hmp(guest, line)
    said.addresses = _read(path)
