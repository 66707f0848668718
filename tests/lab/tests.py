# SPDX-License-Identifier: GPL-2.0-only
"""The list of all tests: static checks, KUnit, and scenarios on each kernel."""

import importlib.util
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType

from . import Skip, checks, kernels, kunit

SCENARIOS = Path(__file__).resolve().parent.parent / "scenarios"
SPARSE_KERNELS = ("lab",)  # whose options turn on all of our sources


@dataclass(frozen=True)
class Test:
    """One test: its body raises AssertionError or another error on failure."""

    name: str
    body: Callable[[], None]
    kernels: tuple[str, ...] = ()  # what has to be in the cache first
    timed: bool = False            # measures time: a processor to itself
    timeout: float = 600
    wide: bool = False             # only in a wide run, or when asked for by name


def _must_be_empty(check: Callable[..., list[str]], *arguments: str) -> Callable[[], None]:
    def body() -> None:
        found = check(*arguments)
        if found:
            raise AssertionError("\n".join(found[:40]))
    return body


def static() -> list[Test]:
    """The checks of the sources."""
    plain = (checks.shellcheck, checks.checkpatch, checks.kernel_doc, checks.names,
             checks.locale, checks.sizes, checks.licences, checks.patches)
    found = [Test(f"static/{check.__name__}", _must_be_empty(check)) for check in plain]
    found += [Test(f"static/build-{name}", _must_be_empty(checks.build, name), (name,))
              for name in kernels.TESTED]
    found += [Test(f"static/build-{name}", _must_be_empty(checks.build, name), (name,), wide=True)
              for name in (*kernels.OLD, *kernels.SERIES)]
    found += [Test(f"static/sparse-{name}", _must_be_empty(checks.sparse, name), (name,))
              for name in SPARSE_KERNELS]
    return found


def load(path: Path) -> ModuleType:
    """Import a scenario file."""
    spec = importlib.util.spec_from_file_location(f"scenario_{path.stem}", path)
    if not spec or not spec.loader:
        raise ImportError(str(path))
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def _body(module: ModuleType, kernel: str) -> Callable[[], None]:
    """Run a scenario; one with MUST_FAIL passes only by failing in that way."""
    must_fail = getattr(module, "MUST_FAIL", None)

    def body() -> None:
        try:
            module.run(kernel)
        except Skip:
            raise
        except Exception as error:
            if must_fail and re.search(must_fail, str(error)):
                print(f"failed as it must: {error}")
                return
            raise
        if must_fail:
            raise AssertionError("this scenario must fail, and did not")
    return body


def scenarios() -> list[Test]:
    """Every scenario on each of its kernels."""
    found = []
    for path in sorted(SCENARIOS.glob("*.py")):
        module = load(path)
        found += [Test(f"scenario/{path.stem}@{kernel}", _body(module, kernel), (kernel,),
                       getattr(module, "TIMED", False), getattr(module, "TIMEOUT", 300),
                       kernel not in module.KERNELS)
                  for kernel in (*module.KERNELS, *getattr(module, "ALSO", ()))]
    return found


def every() -> list[Test]:
    """All tests, in the order in which they are listed."""
    return [*static(), Test("kunit/lab", _must_be_empty(kunit.run, "lab"), ("lab",)),
            *scenarios()]
