# SPDX-License-Identifier: GPL-2.0-only
"""KUnit suites on a lab kernel, against the table tests/kunit.expected."""

import json
import sys
import tempfile
from pathlib import Path
from typing import Any

from .. import kernels
from ..guest import Guest
from ..kernels import modules, source
from ..kernels.arch import X86, Arch
from ..proc import LabError, run as run_program

EXPECTED = Path(__file__).resolve().parent.parent.parent / "kunit.expected"
RESULTS = "/sys/kernel/debug/kunit"


def expected(arch: Arch) -> dict[str, int]:
    """Suite to number of cases, from the table. kvmclock_fix is for x86-64 only."""
    table = {}
    for line in EXPECTED.read_text().splitlines() if EXPECTED.exists() else ():
        words = line.split("#")[0].split()
        if words and (arch is X86 or not words[0].startswith("kvmclock_fix")):
            table[words[0]] = int(words[1])
    return table


def _parse(results: str) -> dict[str, list[dict[str, Any]]]:
    """What the kernel's own parser makes of a results file (KTAP): suite to cases."""
    with tempfile.TemporaryDirectory() as folder:
        said, parsed = Path(folder) / "results", Path(folder) / "json"
        said.write_text(results)
        tool = source.tools() / "tools/testing/kunit/kunit.py"
        done = run_program([sys.executable, str(tool), "parse", f"--json={parsed}", str(said)])
        if not parsed.exists():
            raise LabError(f"kunit.py failed ({done.returncode}):\n{done.stdout[-2000:]}")
        if done.returncode:
            print(done.stdout)
        return {group["name"]: group["test_cases"] + group["sub_groups"]
                for group in json.loads(parsed.read_text())["sub_groups"]}


def judge(suite: str, cases: list[dict[str, Any]], expect: int | None) -> list[str]:
    """The errors in a suite's results: cases with a status, or with cases of their own."""
    wrong = []
    for case in cases:
        if "test_cases" in case:
            wrong += judge(f"{suite}.{case['name']}", case["test_cases"], len(case["test_cases"]))
        elif case["status"] != "PASS":
            wrong.append(f"{suite}: {case['status']}: {case['name']}")
    if expect is None:
        wrong.append(f"{suite}: not in {EXPECTED.name}; it has {len(cases)} cases")
    elif len(cases) != expect:
        wrong.append(f"{suite}: {len(cases)} cases ran, {expect} expected")
    return wrong


def run(kernel: str) -> list[str]:
    """Load every *_kunit module on a lab kernel. Returns the errors in the results."""
    chosen = kernels.get(kernel)
    names = sorted(path.stem for path in modules.build(chosen).glob("*_kunit.ko"))
    table = expected(chosen.arch)
    wrong: list[str] = []
    with Guest(kernel, balloon=None, memory_mb=512) as guest:
        for name in names:
            guest.insmod(name)
        suites = guest.sh(f"ls {RESULTS} 2>/dev/null || true").split()
        for suite in sorted({*suites, *table}):
            results = guest.sh(f"cat {RESULTS}/{suite}/results") if suite in suites else ""
            cases = _parse(results).get(suite, []) if results else []
            wrong += judge(suite, cases, table.get(suite))
            print(f"{suite}: {len(cases)} cases ran")
        guest.allow(r"# .*: (EXPECTATION|ASSERTION) FAILED")
        guest.finish()
    return wrong if suites else [*wrong, "no suite ran"]
