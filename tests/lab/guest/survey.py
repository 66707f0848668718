# SPDX-License-Identifier: GPL-2.0-only
"""programs/survey.c in a guest. What it prints is in a file, since that survives a migration."""

from .. import check
from .guest import Guest

_SAID = "/tmp/survey.said"
_FILE = "/tmp/survey"  # that some regions map
_END = "end of survey"


def start(guest: Guest, size_mb: int, seconds: int, seed: int) -> None:
    """Start one run in the background."""
    _start(guest, f"survey {size_mb} {seconds} {seed} {_FILE}")


def repeat(guest: Guest, size_mb: int, seconds: int, stop: str) -> None:
    """Start runs, each with another seed, until the file stop exists or a word is wrong."""
    _start(guest, f"n=0; until [ -e {stop} ]; do n=$((n + 1)); "
                  f"survey {size_mb} {seconds} $n {_FILE} || break; done")


def _start(guest: Guest, script: str) -> None:
    guest.sh(f"({script}; echo {_END}) >{_SAID} 2>&1 &")


def wait(guest: Guest, timeout: float) -> int:
    """Wait for the end. Returns how many words were wrong, and prints what was verified."""
    said = guest.poll("the end of survey",
                      lambda: _END in (text := guest.read(_SAID)) and text, timeout, 0.5)
    runs = [line.split() for line in said.splitlines() if line.startswith("verified ")]
    check(sum(int(words[1]) for words in runs) > 0, f"nothing was verified: {said[-2000:]}")
    print(f"{sum(int(words[1]) for words in runs) / 2**30:.2f} GiB verified")
    wrong = sum(int(words[3]) for words in runs)
    if wrong:
        print(said[-2000:])
    return wrong
