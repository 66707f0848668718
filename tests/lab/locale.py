# SPDX-License-Identifier: GPL-2.0-only
"""A locale whose case and order of letters differ from the C locale."""

import os
from pathlib import Path

from . import cache
from .proc import must

NAME = "tr_TR.UTF-8"  # the capital of i is not I


def folder() -> Path:
    """The folder of this locale, for LOCPATH."""
    def compile_it(target: Path) -> None:
        must(["localedef", "-i", NAME.split(".")[0], "-f", NAME.split(".")[1],
              str(target / NAME)])

    return cache.built("locales", cache.digest(NAME), compile_it)


def words() -> dict[str, str]:
    """The variables that set this locale.

    The kernel's Makefile drops LC_ALL, so LANG matters there.
    """
    return {"LOCPATH": str(folder()), "LANG": NAME, "LC_ALL": NAME}


def environment() -> dict[str, str]:
    """The environment of a user with this locale."""
    return {**os.environ, **words()}
