# SPDX-License-Identifier: GPL-2.0-only
"""Guests in parallel: each boots and ends in its own thread.

The kernel kills QEMU when the thread that started it ends. So the thread lives as long as its
guest.
"""

import threading
from collections.abc import Callable

from .guest import Guest
from .rss import Sampler


class Side:
    """One guest, sampled from its boot to its end.

    open_guest: makes the guest, not yet started
    prepare: called after the boot; its text is kept in said
    """

    def __init__(self, name: str, open_guest: Callable[[], Guest],
                 prepare: Callable[[Guest], str], interval: float = 0.05) -> None:
        self.name = name
        self.said = ""
        self.error: BaseException | None = None
        self.guest: Guest
        self.sampler: Sampler
        self.ready = threading.Event()  # booted, or error is set
        self._end = threading.Event()
        self._open = open_guest
        self._prepare = prepare
        self._interval = interval
        self._thread = threading.Thread(target=self._live, daemon=True)
        self._thread.start()

    def _live(self) -> None:
        try:
            self.guest = self._open()
            with self.guest:
                self.said = self._prepare(self.guest)
                with self.guest.sample_rss(self._interval) as self.sampler:
                    self.ready.set()
                    self._end.wait()
        except BaseException as error:  # raised by the thread that waits for ready
            self.error = error
        self.ready.set()

    def kill(self) -> None:
        """End the guest now, even during its boot."""
        self._end.set()
        if process := getattr(getattr(self, "guest", None), "process", None):
            process.kill()
        self._thread.join(15)
