# SPDX-License-Identifier: GPL-2.0-only
"""How many tests run at a time, over all workers of a run.

One for each processor, and one more, as guests often wait. A test that measures time
does not run beside the one more: it waits for its end, and no other takes its place.
"""

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import IO

PROCESSORS = os.cpu_count() or 1
POLL = 0.1


def workers(jobs: int) -> int:
    """Workers for a number of tests at a time; 0: as many as this rule takes."""
    return jobs or PROCESSORS + 1


def _take(file: IO[str], how: int) -> bool:
    try:
        fcntl.flock(file, how)
    except BlockingIOError:
        return False
    return True


@contextmanager
def slot(folder: Path, count: int, timed: bool) -> Iterator[None]:
    """A place to run a test in; the block ends with the test.

    folder: of the run, where the locks are
    count: workers of the run
    """
    with ExitStack() as stack:
        files = [stack.enter_context(open(folder / f"slot{number}", "w"))
                 for number in range(count)]
        places, more = files[:PROCESSORS], files[PROCESSORS:]
        wanted = places if timed else files
        while not any(_take(file, fcntl.LOCK_EX | fcntl.LOCK_NB) for file in wanted):
            time.sleep(POLL)
        if timed:
            for file in more:
                fcntl.flock(file, fcntl.LOCK_SH)
        yield
