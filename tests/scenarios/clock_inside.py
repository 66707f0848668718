# SPDX-License-Identifier: GPL-2.0-only
"""The audit inside a guest finds each invalid pvclock page, and nothing else.

fake_clock plays the host and writes the pages. The module reads them only on request, so
that the counts are exact. Exception: the last check lets it read them periodically.
"""

import re
from dataclasses import dataclass, field

from lab import Guest, check, kernels
from lab.hosts.nested import CLOCK, INSIDE, TRACING, Host, risen

KERNELS = ("6.12",)
ALSO = ("6.1", "5.10", "lab", "lab-7.3")
CPUS = 2
SHOW = "/sys/module/fake_clock/parameters/show"
PERIOD = "/sys/module/kvmclock_fix/parameters/guest_period_ms"
RARELY_MS = 3600000
NAMES = ("updates", "negative", "backwards", "rate_changes", "version_violations")
NOTHING = "clocksource tsc, no pvclock page: nothing to audit in this guest"
BESIDE = f"clocksource tsc, {CPUS} pvclock pages that it does not use"
BY_TSC = "the absolute rate with tsc"
NOT = "; a clock that the host set counts as a step"
HALF, SHIFT = 1 << 30, 1  # half a nanosecond per cycle
FLOOD = 100
FAST_PPM = 100
BURST, WINDOW_S = 5, 10  # the log's rate limit, in lines


@dataclass(frozen=True)
class Lie:
    """A page of CPU 1 and the expected findings. Without a bin, its step is not judged."""

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
LOG = ("backwards (3507 ns, step -500 ns, version 8); no stop of this VM explains it",
       "negative backwards (-5 ns, step -4512 ns, version 10)",
       "version (9999 ns, step 6504 ns, version 16)",
       "version (0 ns, step 0 ns, version 21)")
TRACED = (r"kf_page: pid=0 vcpu=1 version=10 tsc=5000 ns=-5 mul=2147483648 shift=1 "
          r"stable=1 step=-4512 found=negative\|backwards\|judged")


def _found(guest: Guest) -> dict[str, int]:
    said = guest.sh(f"cd {INSIDE}; for name in {' '.join(NAMES)}; do echo $name $(cat $name); "
                    "done; cat steps")
    return {name: int(count) for name, count in re.findall(r"^(\S+) (\d+)$", said, re.MULTILINE)}


def _look(guest: Guest) -> dict[str, int]:
    """Make the module read the pages once. Returns what it has found more."""
    before = _found(guest)
    guest.write(PERIOD, str(RARELY_MS))
    # The page of CPU 0 is valid and always counted.
    after = guest.poll("the audit", lambda: (now := _found(guest))["updates"] > before["updates"]
                       and now, 20)
    return risen(before, after)


def _check_lies(guest: Guest) -> None:
    """The audit finds what is wrong with each page, and nothing else."""
    for lie in LIES:
        guest.write(SHOW, f"1 {lie.page}")
        expected = {"updates": CPUS if lie.looked else 1, "<=0": 1, **lie.counts}
        if lie.bin:
            expected[lie.bin] = expected.get(lie.bin, 0) + 1
        found = _look(guest)
        check(found == expected, f"{lie.name}: {found}, not {expected}")


def _lines(guest: Guest) -> list[str]:
    """The lines of the log about invalid updates."""
    return [line for line in guest.sh("dmesg").splitlines() if "CPU 1: invalid pvclock" in line]


def _check_told(guest: Guest) -> None:
    """The log and the tracepoint name the page, and the log is rate-limited."""
    lines = _lines(guest)
    check(len(lines) == len(LOG) and all(said in line for said, line in zip(LOG, lines)),
          "the log differs:\n" + "\n".join(lines))
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
    print(f"{FLOOD} invalid pages in {seconds:.1f} s: {more} lines in the log")
    check(_found(guest)["negative"] == FLOOD + 1, "negative pages were not counted")
    check(0 < more <= BURST * (seconds // WINDOW_S + 2), f"{more} lines in {seconds:.1f} s")


def _check_rate(guest: Guest) -> None:
    """A page that is 100 ppm fast is measured with the TSC."""
    factor, shift = (int(guest.read(f"{CLOCK}/raw_{name}")) for name in ("mult", "shift"))
    mul = int(factor / 2 ** shift * (1 + FAST_PPM / 1e6) * 2 ** 32 / 2 ** SHIFT)
    # A TSC of 1 GHz or more, so that a page of shift 1 has a factor below 2^32.
    check(mul < 2 ** 32, f"the TSC is slower than 500 MHz: {factor} >> {shift}")
    guest.write(SHOW, f"0 1000 1000 1000 {mul} {SHIFT}")
    _look(guest)  # another rate: the measurement begins again
    check(guest.read(f"{INSIDE}/rate_ppb") == "unknown", "a rate without time in between")
    guest.sh("sleep 2")
    _look(guest)
    said = int(guest.read(f"{INSIDE}/rate_ppb"))
    print(f"a page that is {FAST_PPM} ppm fast: {said} ppb")
    check(guest.read(f"{INSIDE}/reference") == "tsc", "the reference is not the TSC")
    check(abs(said - FAST_PPM * 1000) < 20, f"{said} ppb")


def _check_by_itself(guest: Guest) -> None:
    """With a short period the module reads the pages repeatedly and finds nothing."""
    guest.write(PERIOD, "100")
    begun = _found(guest)["updates"]
    guest.poll("periodic audits", lambda: _found(guest)["updates"] >= begun + 5 * CPUS, 20)
    guest.write(PERIOD, str(RARELY_MS))


def _drift_ppm(guest: Guest) -> float:
    """By how much CLOCK_MONOTONIC is faster than the raw clock, over three seconds."""
    read = "cat raw_ns mono_minus_raw_ns raw_ns"  # between two readings of the raw clock
    first, less, second, third, less_after, fourth = map(
        int, guest.sh(f"cd {CLOCK}; {read}; sleep 3; {read}").split())
    return (less_after - less) / ((third + fourth - first - second) / 2) * 1e6


def _check_drift(guest: Guest) -> None:
    """When CLOCK_MONOTONIC is slewed, mono_minus_raw_ns shows the drift."""
    still = _drift_ppm(guest)
    guest.sh("adjtimex -t 10010")
    slewed = _drift_ppm(guest)
    guest.sh("adjtimex -t 10000")
    print(f"CLOCK_MONOTONIC minus raw: {still:.1f} ppm, slewed by 1000 ppm {slewed:.1f} ppm")
    check(abs(still) < 50 and 900 < slewed < 1100, "the drift is wrong")


def test_clock_inside(kernel: str) -> None:
    """Without any page, then with the pages that fake_clock writes."""
    with Host(kernel, kvm=False, memory_mb=256, cpus=CPUS, append="no-kvmclock") as guest:
        guest.insmod("kvmclock_fix")
        check(NOTHING in guest.sh("dmesg"), "the log does not say that there is no page")
        check(guest.read(f"{INSIDE}/pages") == "0", "it has found pages")
        _check_drift(guest)
        if kernel not in kernels.OLD:  # the test modules are not built for these
            guest.rmmod("kvmclock_fix")
            guest.insmod("fake_clock")
            for cpu in range(CPUS):
                guest.write(SHOW, f"{cpu} 2 1000 1000")
            guest.insmod("kvmclock_fix", f"guest_period_ms={RARELY_MS}")
            log = guest.sh("dmesg")
            check(BESIDE in log and BY_TSC in log and NOT in log, "the log does not say which pages are read")
            check(guest.read(f"{INSIDE}/pages") == str(CPUS), "it has not found the pages")
            guest.write(f"{TRACING}/events/kvmclock_fix/kf_page/enable", "1")
            _check_lies(guest)
            _check_told(guest)
            _check_by_itself(guest)
            _check_rate(guest)
            guest.rmmod("kvmclock_fix", "fake_clock")
        guest.finish()
