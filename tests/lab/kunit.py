# SPDX-License-Identifier: GPL-2.0-only
"""KUnit suites on a lab kernel, against the table tests/kunit.expected."""

import re
from pathlib import Path

from . import kernels, modules
from .guest import Guest

EXPECTED = Path(__file__).resolve().parent.parent / "kunit.expected"
RESULTS = "/sys/kernel/debug/kunit"


def expected() -> dict[str, int]:
    """Suite to number of cases, from the table."""
    table = {}
    for line in EXPECTED.read_text().splitlines() if EXPECTED.exists() else ():
        words = line.split("#")[0].split()
        if words:
            table[words[0]] = int(words[1])
    return table


def judge(suite: str, results: str, cases: int | None) -> list[str]:
    """What is wrong with a suite's results file (KTAP)."""
    lines = re.findall(r"^ {4}((?:not )?ok) \d+ (.*)$", results, re.M)
    wrong = [f"{suite}: failed: {name}" for verdict, name in lines if verdict != "ok"]
    wrong += [f"{suite}: skipped: {name}" for _, name in lines if "# SKIP" in name]
    if cases is None:
        wrong.append(f"{suite}: not in {EXPECTED.name}; it has {len(lines)} cases")
    elif len(lines) != cases:
        wrong.append(f"{suite}: {len(lines)} cases ran, {cases} expected")
    return wrong


def run(kernel: str) -> list[str]:
    """Load every *_kunit module on a lab kernel; what is wrong with the results."""
    built = modules.build(kernels.get(kernel))
    names = sorted(path.stem for path in built.glob("*_kunit.ko"))
    table = expected()
    wrong: list[str] = []
    with Guest(kernel, balloon=None, memory_mb=512) as guest:
        for name in names:
            guest.insmod(name)
        suites = guest.sh(f"ls {RESULTS} 2>/dev/null || true").split()
        for suite in sorted({*suites, *table}):
            results = guest.sh(f"cat {RESULTS}/{suite}/results") if suite in suites else ""
            wrong += judge(suite, results, table.get(suite))
            print(f"{suite}: {len(re.findall(r'^ {4}ok ', results, re.M))} cases passed")
            if re.search(r"^ *not ok", results, re.M):
                print(results)
        guest.allow(r"# .*: (EXPECTATION|ASSERTION) FAILED")
        guest.finish()
    return wrong if suites else [*wrong, "no suite ran"]
