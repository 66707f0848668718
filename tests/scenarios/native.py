# SPDX-License-Identifier: GPL-2.0-only
"""The native engine reports all free memory, and none of it twice.

Its parameters change while it runs, the engine itself included.
"""

import re
import statistics
from collections.abc import Iterator

import pytest

from lab import MIB, Guest, check
from lab.guest import balloon
from lab.suite.parts import on_failure, shared

KERNELS = ("lab",)
ALSO = ("lab-6.1", "lab-7.3", "lab-kasan", "lab-arm64")
pytestmark = pytest.mark.timeout(600)
HOG_MB = 300
FILL_MB = 200
MIDDLE = 5  # an order below pageblock_order
LOOP_MB = 16
LOOP_SECONDS = 40
NOISE = 12 * MIB
STRAY = 4 * MIB  # freed by other tasks between the end of a flush and the reading
ENGINE = f"{balloon.PARAMETERS}/engine"
DEFAULTS = (f"cd {balloon.PARAMETERS}; echo 9 >low_order; echo 9 >report_order; "
            "echo 64 >scan_batch; echo 100 >min_age_ms; echo auto >engine; "
            "killall churn; rm -f /tmp/fill /tmp/pad")


@pytest.fixture(scope="module", name="guest")
def _guest(kernel: str, request: pytest.FixtureRequest) -> Iterator[Guest]:
    """One guest for all parts."""
    with Guest(kernel, memory_mb=768) as guest, shared(request, guest):
        balloon.load(guest)
        balloon.tune(guest, "low_order", 9)  # native_small has the default
        check(guest.read(f"{balloon.HOOKS}/engine") == "native", "auto is not native here")
        yield guest


@pytest.fixture(autouse=True)
def _defaults(guest: Guest, request: pytest.FixtureRequest) -> Iterator[None]:
    """The parameters of the next part, after one that has failed."""
    with on_failure(request, lambda: guest.try_sh(DEFAULTS)):
        yield


def test_exact(guest: Guest) -> None:
    """All freed memory is reported, and reported once."""
    balloon.flush(guest)
    for mode in ("", "--nohuge", ""):
        before = balloon.hooks(guest)["reported_bytes"]
        guest.sh(f"memhog {HOG_MB} --hold 0 {mode}", 60)
        balloon.flush(guest)
        reported = balloon.hooks(guest)["reported_bytes"] - before
        print(f"memhog {mode}: reported {reported // MIB} MiB")
        check(reported < HOG_MB * MIB * 1.1 + NOISE, f"{reported // MIB} MiB reported")
        check(reported > HOG_MB * MIB * 0.8, f"only {reported // MIB} MiB reported")
        balloon.check_none_left(guest, 9, NOISE)
    seen = balloon.hooks(guest)
    check(seen["inflight_bytes"] == 0, f"after a flush: {seen}")
    check(0 < seen["longest_lock_ns"], f"no lock time was measured: {seen}")


def _flushed(guest: Guest) -> None:
    """Nothing is unreported when a flush returns.

    One shell does all of it, as a process that ends frees memory.
    """
    said = guest.sh(f"cd {balloon.HOOKS}; s=; for i in 1 2 3 4 5; do echo 60000 >flush || exit 1; "
                    'read -r x <native/unreported_bytes; s="$s $x"; done; echo $s', 120)
    fresh = [int(word) for word in said.split()]
    print(f"unreported after flushes: {fresh}")
    check(len(fresh) == 5 and statistics.median(fresh) == 0, f"unreported after flushes: {fresh}")
    check(max(fresh) <= STRAY, f"unreported after a flush: {fresh}")


def test_flushed(guest: Guest) -> None:
    """Before any parameter is changed."""
    _flushed(guest)


def test_zones(guest: Guest) -> None:
    """The zones add up to the totals, and every isolated block is put back."""
    before, seen, after = balloon.zones(guest), balloon.hooks(guest), balloon.zones(guest)

    def total(zones: dict[str, dict[str, list[int]]], name: str) -> int:
        return sum(sum(files[name]) for files in zones.values())

    for name in ("reported_bytes", "reused_bytes", "isolated_blocks"):
        check(0 < total(before, name) <= seen[name] <= total(after, name),
              f"{name}: {seen[name]}, zones {before}, {after}")
    for name, sum_of in (("unreported_bytes", "unreported_bytes"),
                         ("native/reported_free_bytes", "reported_free_bytes")):
        check(abs(total(after, sum_of) - seen[name]) < NOISE, f"{name}: {seen}, zones {after}")
    balloon.check_all_back(guest)
    zones = balloon.zones(guest)
    check(total(zones, "failed_bytes") == 0, f"failures: {zones}")
    for zone, files in zones.items():
        by_order = sum(count << 12 + at for at, count in enumerate(files["isolated_blocks"]))
        check(by_order == files["isolated_bytes"][0], f"{zone}: {files}")


def test_small(guest: Guest) -> None:
    """Blocks below a pageblock are reported when low_order says so."""
    guest.sh(f"dd if=/dev/zero of=/tmp/fill bs=1M count={FILL_MB} 2>/dev/null; "
             "scatter /tmp/fill 16", 60)
    balloon.flush(guest)
    held = guest.rss_bytes()
    small = balloon.free_bytes(guest, 3) - balloon.free_bytes(guest, 9)
    check(small > 30 * MIB, f"only {small // MIB} MiB are free in small blocks")
    balloon.tune(guest, "low_order", 3)
    balloon.flush(guest)
    freed = held - guest.rss_bytes()
    print(f"low_order=3: {freed // MIB} of {small // MIB} MiB in small blocks reclaimed")
    check(freed > small * 0.9 - NOISE, f"{freed // MIB} of {small // MIB} MiB were reclaimed")
    balloon.check_none_left(guest, 3, NOISE)
    _flushed(guest)
    guest.sh("rm /tmp/fill")
    guest.poll("reports of small blocks without a flush",
               lambda: balloon.left_bytes(guest, 3) < NOISE, 60, 0.5)
    balloon.tune(guest, "low_order", 9)
    balloon.flush(guest)


def _taken(guest: Guest) -> list[int]:
    """Isolated blocks of each order, of all zones."""
    return [sum(counts) for counts in
            zip(*(files["isolated_blocks"] for files in balloon.zones(guest).values()))]


def test_report_order(guest: Guest) -> None:
    """Blocks from report_order on are reported without a flush, smaller ones never.

    A run of four such blocks contains three aligned ones.
    """
    def middle() -> int:
        return balloon.free_bytes(guest, MIDDLE) - balloon.free_bytes(guest, 9)

    # The file needs large blocks for large holes, so another file takes the small blocks.
    guest.sh("echo 1 >/proc/sys/vm/compact_memory", 60)
    small_mb = (balloon.free_bytes(guest, 0) - balloon.free_bytes(guest, 9)) // MIB
    guest.sh(f"dd if=/dev/zero of=/tmp/pad bs=1M count={small_mb + 1} 2>/dev/null; "
             f"dd if=/dev/zero of=/tmp/fill bs=1M count={FILL_MB} 2>/dev/null", 60)
    balloon.flush(guest)
    balloon.tune(guest, "report_order", MIDDLE)
    balloon.flush(guest)
    before, small = _taken(guest), middle()
    guest.sh(f"scatter /tmp/fill {4 << MIDDLE}", 60)
    # What lies in the pcplists yet is neither freed nor left.
    guest.poll("reports from report_order on without a flush",
               lambda: middle() - small > 30 * MIB and
               balloon.left_bytes(guest, MIDDLE) < NOISE, 60, 0.5)
    taken = [now - was for now, was in zip(_taken(guest), before)]
    small = middle() - small
    print(f"report_order={MIDDLE}: {small // MIB} MiB freed, blocks isolated by order {taken}")
    check(small > 30 * MIB, f"only {small // MIB} MiB became free in such blocks")
    check(sum(count << 12 + order for order, count in enumerate(taken[:9])) > small * 0.8,
          f"of {small // MIB} MiB, blocks isolated by order: {taken}")
    check(not any(taken[:MIDDLE]), f"blocks below report_order: {taken}")
    guest.sh("rm /tmp/fill /tmp/pad")
    balloon.tune(guest, "report_order", 9)
    balloon.flush(guest)


def test_batch(guest: Guest) -> None:
    """A pass that visits one block per lock section misses none."""
    balloon.tune(guest, "scan_batch", 1)
    before = _taken(guest)
    guest.sh(f"memhog {HOG_MB} --hold 0", 60)
    balloon.flush(guest)
    taken = sum(now - was for now, was in zip(_taken(guest), before))
    left = balloon.check_none_left(guest, 9, NOISE)
    print(f"scan_batch=1: {taken} blocks isolated, {left // MIB} MiB left")
    check(taken > 0, "no blocks isolated")
    _flushed(guest)
    balloon.tune(guest, "scan_batch", 64)


def test_switch(guest: Guest) -> None:
    """Either engine takes over from the other and reports all free memory."""
    for name in ("page_reporting", "native", "auto"):
        balloon.tune(guest, "engine", name)
        check(guest.read(ENGINE) == name, f"engine is {guest.read(ENGINE)}")
        used = guest.read(f"{balloon.HOOKS}/engine")
        check(used == (name if name != "auto" else "native"), f"in use is {used}")
        guest.sh(f"memhog {HOG_MB} --hold 0", 60)
        balloon.flush(guest)
        # mm/page_reporting.c never reports zone DMA.
        balloon.check_none_left(guest, 9, NOISE + 16 * MIB)
    status, said = guest.try_sh(f"echo other >{ENGINE}")
    check(status and "Invalid" in said, f"engine=other: {status} {said}")
    check(guest.read(f"{balloon.HOOKS}/engine") == "native", "a wrong name changed the engine")


def test_age(guest: Guest) -> None:
    """A young block is left alone. A flush reports it."""
    balloon.tune(guest, "min_age_ms", 60000)
    before = balloon.hooks(guest)["reported_bytes"]
    guest.sh(f"memhog {HOG_MB} --hold 0; sleep 3", 60)
    reported = balloon.hooks(guest)["reported_bytes"] - before
    check(reported < NOISE, f"{reported // MIB} MiB reported before their age")
    balloon.tune(guest, "min_age_ms", 0)
    guest.poll("reports of old blocks", lambda: balloon.left_bytes(guest, 9) < NOISE, 30, 0.2)
    balloon.tune(guest, "min_age_ms", 100)


def test_beside_a_loop(guest: Guest) -> None:
    """Unused memory is reported during a loop, whose memory is left alone."""
    balloon.flush(guest)
    loop = guest.start(f"churn {LOOP_MB} {LOOP_SECONDS}")
    before = balloon.hooks(guest)["reported_bytes"]
    guest.sh(f"memhog {HOG_MB} --hold 3", 60)

    def reported() -> int:
        return balloon.hooks(guest)["reported_bytes"] - before

    guest.poll("reports of unused memory during a loop",
               lambda: reported() > HOG_MB * MIB * 0.9 - NOISE, LOOP_SECONDS, 0.5)
    check(loop.status is None, "it was reported after the end of the loop")
    status, said = guest.wait(loop)
    check(not status, f"churn: {said}")
    touched = int(re.findall(r"touched_bytes (\d+)", said)[0])
    again = reported() - HOG_MB * MIB
    print(f"beside a loop: it touched {touched // MIB} MiB, {again // MIB} MiB of that reported")
    check(again < touched // 4 + NOISE, f"{again // MIB} of {touched // MIB} MiB were reported")


def test_idle(guest: Guest) -> None:
    balloon.flush(guest)
    counters = f"cd {balloon.HOOKS}; cat passes checks reported_bytes"
    said = guest.sh(f"sleep 3; {counters}; sleep 10; {counters}").split()
    check(said[:3] == said[3:], f"passes, checks, bytes while idle: {said}")


def test_end(guest: Guest) -> None:
    """No report failed, and the verdict is good."""
    seen = balloon.Balloon(guest).counters()
    check(seen["report_errors"] == seen["host_timeouts"] == 0, f"errors: {seen}")
    check(not re.search("scheduling while atomic|BUG", guest.sh("dmesg")), "the log has a bug")
    guest.finish()
