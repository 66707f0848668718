# SPDX-License-Identifier: GPL-2.0-only
"""A guest looks at its clock pages, which a lying host writes: each lie is found, and no other.

fake_clock plays that host. The module looks only when it is told to, but at the end, so that
the counts are exact.
"""

import re
from dataclasses import dataclass, field

from lab import Guest, check, kernels
from lab.nested import CLOCK, INSIDE, TRACING, Host, risen

KERNELS = ("6.12",)
ALSO = ("6.1", "5.10", "lab", "lab-7.3")
CPUS = 2
SHOW = "/sys/module/fake_clock/parameters/show"
PERIOD = "/sys/module/kvmclock_fix/parameters/guest_period_ms"
RARELY_MS = 3600000
NAMES = ("updates", "negative", "backwards", "rate_changes", "version_violations")
NOTHING = "clocksource tsc; no clock page of a host: there is nothing to judge from inside"
BESIDE = f"clocksource tsc, and {CPUS} pages of kvm-clock beside it"
NOT = "; not whether the host set that clock on purpose"
HALF, SHIFT = 1 << 30, 1  # half a nanosecond for each cycle
FLOOD = 100
BURST, WINDOW_S = 5, 10  # of lines in the log


@dataclass(frozen=True)
class Lie:
    """A page of CPU 1, and what is to be found of it; no bin: its step is not judged."""

    name: str
    page: str
    bin: str = "<=0"
    counts: dict[str, int] = field(default_factory=dict)
    looked: bool = True


LIES = (
    Lie("goes on", "4 2000 2000"),
    Lie("ahead", "6 3000 3007", "<=10"),
    Lie("behind", "8 4000 3507", "<=1000", {"backwards": 1}),
    Lie("negative", "10 5000 -5", "<=10000", {"negative": 1, "backwards": 1}),
    Lie("and on", "12 6000 995"),
    Lie("another rate", f"14 7000 1995 {HALF} {SHIFT}", counts={"rate_changes": 1}),
    Lie("the rate again", "16 8000 2495", counts={"rate_changes": 1}),
    Lie("the same version", "16 9000 9999", "<=10000", {"version_violations": 1}),
    Lie("not stable", f"18 10000 0 {1 << 31} 1 0", ""),
    Lie("stable again", "20 11000 50", ""),
    Lie("being written", "21 12000 0", "", looked=False),
    Lie("still being written", "21 12000 0", "", {"version_violations": 1}),
    Lie("written", "22 12000 1050"),
    Lie("an older TSC", "24 500 2000", ""),
    Lie("from there on", "26 1500 3000"),
)
LOG = ("backwards (3507 ns, step -500 ns, version 8); expected if the host",
       "negative backwards (-5 ns, step -4512 ns, version 10)",
       "version (9999 ns, step 6504 ns, version 16)",
       "version (0 ns, step 0 ns, version 21)")
TRACED = (r"kvmclock_fix_page: pid=0 vcpu=1 version=10 tsc=5000 ns=-5 mul=2147483648 shift=1 "
          r"stable=1 step=-4512 found=negative\|backwards\|judged")


def _found(guest: Guest) -> dict[str, int]:
    said = guest.sh(f"cd {INSIDE}; for name in {' '.join(NAMES)}; do echo $name $(cat $name); "
                    "done; cat steps")
    return {name: int(count) for name, count in re.findall(r"^(\S+) (\d+)$", said, re.MULTILINE)}


def _look(guest: Guest) -> dict[str, int]:
    """Let the module look once: what it has found more."""
    before = _found(guest)
    guest.write(PERIOD, str(RARELY_MS))
    # CPU 0's page is fine, and always counted.
    after = guest.poll("a look", lambda: (now := _found(guest))["updates"] > before["updates"]
                       and now, 20)
    return risen(before, after)


def _check_lies(guest: Guest) -> None:
    """One after the other, and nothing else is found."""
    for lie in LIES:
        guest.write(SHOW, f"1 {lie.page}")
        expected = {"updates": CPUS if lie.looked else 1, "<=0": 1, **lie.counts}
        if lie.bin:
            expected[lie.bin] = expected.get(lie.bin, 0) + 1
        found = _look(guest)
        check(found == expected, f"{lie.name}: {found}, not {expected}")


def _lines(guest: Guest) -> list[str]:
    """What the log says of wrong clocks."""
    return [line for line in guest.sh("dmesg").splitlines() if "the host has shown CPU 1" in line]


def _check_told(guest: Guest) -> None:
    """The log and the tracepoint name the page, and the log is not flooded."""
    lines = _lines(guest)
    check(len(lines) == len(LOG) and all(said in line for said, line in zip(LOG, lines)),
          "the log is not as it should be:\n" + "\n".join(lines))
    trace = guest.read(f"{TRACING}/trace")
    check(re.search(TRACED, trace) is not None, f"not in the trace:\n{trace[-3000:]}")
    begun = float(guest.read("/proc/uptime").split()[0])
    guest.sh(f"""version=28; while [ $version -lt {28 + 2 * FLOOD} ]; do
        echo 1 $version $version -$version >{SHOW}
        old=$(cat {INSIDE}/updates); echo {RARELY_MS} >{PERIOD}
        while [ $(cat {INSIDE}/updates) = $old ]; do :; done
        version=$((version + 2)); done""", 120)
    seconds = float(guest.read("/proc/uptime").split()[0]) - begun
    more = len(_lines(guest)) - len(lines)
    print(f"{FLOOD} wrong pages in {seconds:.1f} s: {more} lines in the log")
    check(_found(guest)["negative"] == FLOOD + 1, "negative pages were not counted")
    check(0 < more <= BURST * (seconds // WINDOW_S + 2), f"{more} lines in {seconds:.1f} s")


def _check_by_itself(guest: Guest) -> None:
    """With a short period it looks again and again, and is told nothing."""
    guest.write(PERIOD, "100")
    begun = _found(guest)["updates"]
    guest.poll("looks of its own", lambda: _found(guest)["updates"] >= begun + 5 * CPUS, 20)
    guest.write(PERIOD, str(RARELY_MS))


def _drift_ppm(guest: Guest) -> float:
    """By how much CLOCK_MONOTONIC is faster than the raw clock, over three seconds."""
    read = "cat raw_ns mono_minus_raw_ns raw_ns"  # between two of the raw clock
    first, less, second, third, less_after, fourth = map(
        int, guest.sh(f"cd {CLOCK}; {read}; sleep 3; {read}").split())
    return (less_after - less) / ((third + fourth - first - second) / 2) * 1e6


def _check_drift(guest: Guest) -> None:
    """A slewed clock leaves the raw one: the file tells by how much."""
    still = _drift_ppm(guest)
    guest.sh("adjtimex -t 10010")
    slewed = _drift_ppm(guest)
    guest.sh("adjtimex -t 10000")
    print(f"CLOCK_MONOTONIC less raw: {still:.1f} ppm, slewed by 1000 ppm {slewed:.1f} ppm")
    check(abs(still) < 50 and 900 < slewed < 1100, "the drift is not what it should be")


def run(kernel: str) -> None:
    """Without any page, and with a lying host's."""
    with Host(kernel, kvm=False, memory_mb=256, cpus=CPUS, append="no-kvmclock") as guest:
        guest.insmod("kvmclock_fix")
        check(NOTHING in guest.sh("dmesg"), "it does not say that there is nothing")
        check(guest.read(f"{INSIDE}/pages") == "0", "it has found pages")
        _check_drift(guest)
        if kernel not in kernels.OLD:  # there modules of tests are not built
            guest.rmmod("kvmclock_fix")
            guest.insmod("fake_clock")
            for cpu in range(CPUS):
                guest.write(SHOW, f"{cpu} 2 1000 1000")
            guest.insmod("kvmclock_fix", f"guest_period_ms={RARELY_MS}")
            log = guest.sh("dmesg")
            check(BESIDE in log and NOT in log, "it does not say what it looks at")
            check(guest.read(f"{INSIDE}/pages") == str(CPUS), "it has not found the pages")
            guest.write(f"{TRACING}/events/kvmclock_fix/kvmclock_fix_page/enable", "1")
            _check_lies(guest)
            _check_told(guest)
            _check_by_itself(guest)
            guest.rmmod("kvmclock_fix", "fake_clock")
        guest.finish()
