# SPDX-License-Identifier: GPL-2.0-only
"""The quick demo of make demo leaves a table, samples and a picture.

Guards: both guests are in the table and freed the memory. The host reclaims the memory of the
guest with our driver first. The stock driver need not reach 95 %: it never reports what is in
the pcplists, and in such a small guest this can be more than the rest.
"""

import re
import tempfile
from pathlib import Path

import pytest

from lab import check
from lab.kernels.modules import TOP
from lab.proc import run as run_command

KERNELS = ()
ALSO = ("6.12",)
pytestmark = [pytest.mark.timed, pytest.mark.timeout(400)]
PNG = b"\x89PNG\r\n\x1a\n"
RATIO = 2  # at least: the stock driver's time / ours
WIDTH, HEIGHT = 1000, 560
ROW = r"^(stock driver|vmhooks) +(\d+) MiB +(not in )?([\d.]+) s +(\d+) MiB$"


def _check_table(text: str) -> None:
    rows = {name: (int(most), not late, float(seconds), int(end))
            for name, most, late, seconds, end in re.findall(ROW, text, re.M)}
    check(len(rows) == 2, f"a row is missing in:\n{text}")
    for name, (most, _, _, end) in rows.items():
        check(end < most // 2, f"{name} freed nothing at the host:\n{text}")
    _, back, seconds, _ = rows["vmhooks"]
    check(back and seconds * RATIO < rows["stock driver"][2], f"ours was not faster:\n{text}")


def _check_picture(data: bytes) -> None:
    size = tuple(int.from_bytes(data[at:at + 4], "big") for at in (16, 20))
    check(data.startswith(PNG) and size == (WIDTH, HEIGHT), f"no picture: {data[:24]!r}")


def test_demo(kernel: str) -> None:
    """Run make demo, as in the README."""
    del kernel  # the demo's own
    with tempfile.TemporaryDirectory(prefix="vmhooks-demo") as folder:
        out = Path(folder, "out")
        done = run_command(["make", "demo", "QUICK=1", f"OUT={out}"], cwd=TOP, timeout=350)
        check(done.returncode == 0, f"the demo ended with {done.returncode}:\n{done.stdout}")
        table = (out / "demo.txt").read_text()
        print(table)
        check(table in done.stdout, f"the table was not shown:\n{done.stdout}")
        _check_table(table)
        for block in (out / "demo.tsv").read_text().split("\n\n\n"):
            check(len(block.splitlines()) > 20, f"samples:\n{block[:300]}")
        _check_picture((out / "demo.png").read_bytes())
