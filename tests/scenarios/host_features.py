# SPDX-License-Identifier: GPL-2.0-only
"""What is negotiated, with hosts that offer more, less, or something else.

Guards: bits 6 and 7 and unknown ones are never accepted; MUST_TELL_HOST, STATS and
HINT are whenever they are offered; where freed pages are poisoned or zeroed there is
no REPORTING without PAGE_POISON, poison_val is written once, and what is reported
holds it.
"""

from lab import check
from lab.fakehost import ALL, POISON, REPORTING, FakeHost, fake

KERNELS = ("6.12",)
ALSO = ("lab", "6.1")
TIMEOUT = 1200
UNCLEAR = 0b11 << 6 | 1 << 8 | 1 << 20


def accepted(host: FakeHost, offered: int) -> int:
    """What the driver takes of an offer; it must work with it."""
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
    """A guest whose free pages need not keep anything."""
    with fake(kernel) as (_, host):
        took = accepted(host, ALL | UNCLEAR)
        check(not took & UNCLEAR, f"accepted {took:#x}")
        check(took & REPORTING, "REPORTING was declined")
        for bit in range(6):
            took = accepted(host, ALL & ~(1 << bit))
            check(not took & 1 << bit, f"accepted {took:#x}")


def poisoned(kernel: str, word: str, value: int, *parameters: str) -> None:
    """A guest whose free pages hold a value that must persist."""
    with fake(kernel, *parameters, append=word) as (_, host):
        took = accepted(host, ALL)
        wanted = value == 0 or bool(parameters)
        check(took & POISON, "PAGE_POISON was declined")
        check(host.get("poison_val") == value, f"poison_val {host.get('poison_val'):#x}")
        check(bool(took & REPORTING) == wanted, f"{word}: accepted {took:#x}")
        took = accepted(host, ALL & ~POISON)
        check(not took & REPORTING, f"{word}: REPORTING without PAGE_POISON")


def run(kernel: str) -> None:
    """Plain, poisoned and zeroed pages."""
    plain(kernel)
    poisoned(kernel, "page_poison=1", 0xaaaaaaaa)
    poisoned(kernel, "page_poison=1", 0xaaaaaaaa, "report_poisoned=1")
    poisoned(kernel, "init_on_free=1", 0)
