# SPDX-License-Identifier: GPL-2.0-only
"""The driver negotiates the right features with devices that offer more or less.

Guards: it never accepts bits 6 and 7 and unknown bits. It accepts MUST_TELL_HOST, STATS and
HINT whenever they are offered. Where freed pages are poisoned or zeroed, it accepts REPORTING
only with PAGE_POISON. It writes poison_val once, and reported pages contain that value.
"""

import pytest

from lab import check
from lab.hosts.fakehost import ALL, POISON, REPORTING, FakeHost, fake

KERNELS = ("6.12",)
ALSO = ("lab", "6.1")
pytestmark = pytest.mark.timeout(1200)
UNCLEAR = 0b11 << 6 | 1 << 8 | 1 << 20


def accepted(host: FakeHost, offered: int) -> int:
    """Start the driver with this offer. Returns the accepted features."""
    reports = host.get("report/acked")
    host.plug(features=offered)
    took = host.get("accepted")
    host.balloon(700)
    host.guest.sh("memhog 100 --hold 0", timeout=60)
    host.flush()
    check(bool(took & REPORTING) == (host.get("report/acked") > reports),
          f"reports do not go with features {took:#x}")
    host.check()
    host.unplug()
    return took


def plain(kernel: str) -> None:
    """A guest that neither poisons nor zeroes free pages."""
    with fake(kernel) as (_, host):
        took = accepted(host, ALL | UNCLEAR)
        check(not took & UNCLEAR, f"accepted {took:#x}")
        check(took & REPORTING, "REPORTING was declined")
        for bit in range(6):
            took = accepted(host, ALL & ~(1 << bit))
            check(not took & 1 << bit, f"accepted {took:#x}")


def poisoned(kernel: str, word: str, value: int, *parameters: str) -> None:
    """A guest whose free pages contain a value that must persist."""
    with fake(kernel, *parameters, append=word) as (_, host):
        took = accepted(host, ALL)
        wanted = value == 0 or bool(parameters)
        check(took & POISON, "PAGE_POISON was declined")
        check(host.get("poison_val") == value, f"poison_val {host.get('poison_val'):#x}")
        check(bool(took & REPORTING) == wanted, f"{word}: accepted {took:#x}")
        took = accepted(host, ALL & ~POISON)
        check(not took & REPORTING, f"{word}: REPORTING without PAGE_POISON")


def test_host_features(kernel: str) -> None:
    """Plain, poisoned and zeroed pages."""
    plain(kernel)
    poisoned(kernel, "page_poison=1", 0xaaaaaaaa)
    poisoned(kernel, "page_poison=1", 0xaaaaaaaa, "report_poisoned=1")
    poisoned(kernel, "init_on_free=1", 0)
