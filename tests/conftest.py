# SPDX-License-Identifier: GPL-2.0-only
"""How pytest sees the lab's tests: their names, kernels as parameters, their processes.

tests/run starts pytest; plain pytest in this folder works too, and runs the wide tests
as well unless it is told -m "not wide".
"""

import os
import resource
import threading
from collections.abc import Iterator
from contextlib import nullcontext
from pathlib import Path

import pytest

from lab import proc
from lab.suite import names, once, slots
from lab.suite.lines import USED

LATE = 30.0  # seconds after its timeout a test loses its guests, if it has not ended

_used_before = pytest.StashKey[float]()


def pytest_addoption(parser: pytest.Parser) -> None:
    """The options that tests/run gives."""
    parser.addoption("--chosen", metavar="FILE", type=Path,
                     help="the names of the tests to run, in order; beside it the run's locks")
    parser.addoption("--anew", action="store_true",
                     help="also the tests that passed before with the same files")


def pytest_configure(config: pytest.Config) -> None:
    """A worker ends with its starter, keeps its processes, and is not interrupted by a key."""
    if hasattr(config, "workerinput"):
        os.setsid()
        proc.die_with_parent()
    proc.adopt_orphans()


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """A scenario runs on each of its KERNELS, in a wide run on those of ALSO as well."""
    if names.KERNEL in metafunc.fixturenames and hasattr(metafunc.module, "KERNELS"):
        also = getattr(metafunc.module, "ALSO", ())
        metafunc.parametrize(names.KERNEL, [
            *metafunc.module.KERNELS,
            *(pytest.param(kernel, marks=pytest.mark.wide) for kernel in also)], scope="module")


def pytest_itemcollected(item: pytest.Item) -> None:
    """Give a test its name; xdist's own way to change one is the same."""
    callspec = getattr(item, "callspec", None)
    item._nodeid = names.name(item.path, getattr(item, "originalname", item.name),
                              callspec.params if callspec else {})


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave the chosen tests, in the order in which they were chosen.

    Parts of a scenario are in the order of the file, whatever their parameters.
    """
    units = {name: number for number, name in
             enumerate(dict.fromkeys(names.unit(item.nodeid) for item in items))}
    items.sort(key=lambda item: (units[names.unit(item.nodeid)],
                                 item.function.__code__.co_firstlineno))
    if chosen := config.getoption("chosen"):
        found = {item.nodeid: item for item in items}
        items[:] = [found[name] for name in chosen.read_text().splitlines()]


def timeout(item: pytest.Item) -> float:
    """Seconds that a test may take."""
    marker = item.get_closest_marker("timeout")
    return float(marker.args[0] if marker else item.config.getini("timeout"))


def _used() -> float:
    """Seconds of processor time of this process and all that has ended in it."""
    return sum(usage.ru_utime + usage.ru_stime for usage in
               map(resource.getrusage, (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)))


def _slot(item: pytest.Item) -> "slots.slot | nullcontext[None]":
    if not hasattr(item.config, "workerinput"):
        return nullcontext()
    return slots.slot(item.config.getoption("chosen").parent,
                      int(os.environ["PYTEST_XDIST_WORKER_COUNT"]),
                      item.get_closest_marker("timed") is not None)


@pytest.hookimpl(hookwrapper=True, tryfirst=True)
def pytest_runtest_protocol(item: pytest.Item, nextitem: pytest.Item | None) -> Iterator[None]:
    """A test waits for its turn, and what it started ends with it.

    Guests that parts of a scenario share end with the last of them.
    """
    with _slot(item):
        late = threading.Timer(timeout(item) + LATE, proc.kill_descendants)
        late.start()
        item.stash[_used_before] = _used()
        yield
        late.cancel()
        if not nextitem or names.unit(nextitem.nodeid) != names.unit(item.nodeid):
            proc.kill_descendants()


@pytest.hookimpl(tryfirst=True)
def pytest_pyfunc_call(pyfuncitem: pytest.Function) -> bool | None:
    """A test that depends on files only is not called again while they are unchanged."""
    if not pyfuncitem.get_closest_marker(once.MARK):
        return None
    if once.call(pyfuncitem, pyfuncitem.config.getoption("anew")):
        pyfuncitem.user_properties.append((once.UNCHANGED, True))
        print(once.SAID)
    return True


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]) -> Iterator[None]:
    """Tell at its end how much processor time the test took."""
    outcome = yield
    if call.when == "teardown":
        outcome.get_result().user_properties.append(
            (USED, round(_used() - item.stash[_used_before], 1)))
