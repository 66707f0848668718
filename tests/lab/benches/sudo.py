# SPDX-License-Identifier: GPL-2.0-only
"""Demos that need root, started by an ordinary user."""

import os
import shutil
import sys
from pathlib import Path

from ..proc import say


def proceed(why: str, command: list[str]) -> None:
    """An ordinary user continues with sudo, if available: this program is replaced by it.

    command: the script and its arguments
    """
    if os.geteuid() == 0 or not shutil.which("sudo"):
        return
    say(f"{why}: continuing with sudo")
    kept = [f"VMHOOKS_CACHE={path}"] if (path := os.environ.get("VMHOOKS_CACHE")) else []
    script, *words = command
    sys.stderr.flush()
    os.execvp("sudo", ["sudo", "-H", "env", *kept, str(Path(script).resolve()), *words])


def hand_over(folder: Path) -> None:
    """Files that were made through sudo belong to the user who ran it."""
    if owner := os.environ.get("SUDO_UID"):
        for path in (folder, *folder.iterdir()):
            os.chown(path, int(owner), int(os.environ.get("SUDO_GID", "-1")))
