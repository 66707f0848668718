# SPDX-License-Identifier: GPL-2.0-only
"""A report of many ranges works on a short ring, with indirect descriptors and without.

Guards: where the device offers INDIRECT_DESC, a report of 32 ranges is one entry of a ring of
32, and several reports are in flight. Without the feature, or without memory for a table, one
report is in flight at a time, and nothing is lost. A report takes at most one kick.
"""

import time

import pytest

from lab import check
from lab.guest import Guest
from lab.guest.balloon import tune
from lab.hosts.fakehost import ALL, INDIRECT, FakeHost, fake

KERNELS = ("lab",)
pytestmark = pytest.mark.timeout(600)
RING = 32
HOLES_MB = 100
FAULTS = "/sys/kernel/debug/failslab"


def _ranges(host: FakeHost) -> int:
    return sum(host.ranges().values())


def _prepare(host: FakeHost) -> None:
    """Report all free memory, then make a file to punch holes into."""
    host.guest.sh(f"rm -f /tmp/fill; dd if=/dev/zero of=/tmp/fill bs=1M "
                  f"count={HOLES_MB * 2} 2>/dev/null", 60)
    check(host.flush() == 0, "flush failed")


def _chains(host: FakeHost, indirect: bool) -> None:
    """Free many small blocks while the device holds its answers, then let it answer."""
    guest = host.guest
    _prepare(host)
    before = {name: host.get(f"report/{name}") for name in ("kicks", "buffers", "indirect")}
    ranges, sent = _ranges(host), host.of_driver("reported_bytes")
    host.set("report/hold", 1)
    guest.sh("scatter /tmp/fill 16", 60)
    job = guest.start("echo 60000 >/sys/kernel/mm_hooks/flush")
    host.until_out("report")
    if indirect:
        guest.poll("more ranges than ring entries", lambda: _ranges(host) - ranges > RING)
    else:
        time.sleep(2)
    out, pending = _ranges(host) - ranges, host.get("report/pending")
    print(f"{'with' if indirect else 'without'} tables: {pending} reports, {out} ranges")
    check(pending > 1 and out > RING if indirect else out <= RING,
          f"{pending} reports with {out} ranges on a ring of {RING}")
    host.check()
    host.set("report/hold", 0)
    status, said = guest.wait(job, 90)
    check(not status, f"flush: {said}")
    after = {name: host.get(f"report/{name}") - value for name, value in before.items()}
    sent = host.of_driver("reported_bytes") - sent
    print(f"{after['buffers']} reports, {after['kicks']} kicks, {sent >> 20} MiB; for each GiB "
          f"{(after['kicks'] << 30) // sent} kicks")
    check(sent > HOLES_MB << 18, f"only {sent >> 20} MiB of the holes were reported")
    check(after["kicks"] <= after["buffers"], f"more kicks than reports: {after}")
    check((after["indirect"] > 0) == indirect, f"tables: {after}")
    host.check()


def _no_memory(guest: Guest, host: FakeHost) -> None:
    """Without memory for a table the descriptors go into the ring."""
    _prepare(host)
    before = host.get("report/indirect"), host.get("report/buffers")
    guest.sh(f"cd {FAULTS} && echo 0 >verbose && echo Y >task-filter && echo -1 >times && "
             "echo 1 >/proc/2/make-it-fail && "  # kthreadd, for new workers
             "for comm in $(grep -l '^kworker' /proc/[0-9]*/comm); do "
             "echo 1 >${comm%comm}make-it-fail; done; "
             "echo 100 >probability && scatter /tmp/fill 16", 60)
    status = host.flush(60000)
    guest.sh(f"echo 0 >{FAULTS}/probability")
    tables, chains = host.get("report/indirect") - before[0], host.get("report/buffers") - before[1]
    print(f"without memory: {chains} reports, {tables} tables")
    check(status == 0, f"flush without memory for tables: {status}")
    check(chains > 1 and tables == 0, f"{chains} reports, {tables} tables")
    check(host.of_driver("report_errors") == 0, "a report failed")


def test_host_indirect(kernel: str) -> None:
    """With and without INDIRECT_DESC. The first guest also runs without memory for tables."""
    with fake(kernel) as (guest, host):
        tune(guest, "low_order", 3)
        # Only flushes report: a pass during the frees would delay the next one.
        tune(guest, "delay_ms", 60000)
        for features in (ALL, ALL & ~INDIRECT):
            indirect = bool(features & INDIRECT)
            host.plug(features=features, report_size=RING)
            check(bool(host.get("accepted") & INDIRECT) == indirect, "tables: not as offered")
            host.balloon(3000)
            _chains(host, indirect)
            if indirect:
                _no_memory(guest, host)
            host.balloon(0)
            host.unplug()
