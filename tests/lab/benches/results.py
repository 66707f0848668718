# SPDX-License-Identifier: GPL-2.0-only
"""The table of a benchmark as a page of Markdown, with the command to measure it again."""

import os
import re
from pathlib import Path

from .. import kernels
from ..guest import accel
from ..guest.qemu import QEMU
from ..proc import must
from .bench import Bench
from .markdown import table


def _machine() -> str:
    """The machine and accelerator of the guests."""
    model = re.search(r"^model name\s*: (.*)", Path("/proc/cpuinfo").read_text(), re.M)
    qemu = re.search(r"version (\S+)", must([QEMU, "--version"]))
    parts = [f"{os.cpu_count()} CPUs", model[1] if model else "",
             f"QEMU {qemu[1]}" if qemu else "QEMU", accel.choose().split(",")[0]]
    return ", ".join(filter(None, parts))


def page(bench: Bench, quick: bool) -> str:
    """The page: a head without a date, then the table."""
    base = bench.name.removesuffix(f"-{bench.kernel}")
    command = f"tests/bench/run --kernel {bench.kernel} --runs {bench.runs} -k {base}"
    head, *rows = bench.cells()
    return "\n".join([
        f"# {bench.title}", "",
        table(["measured", "with"], [
            ["command", f"`{command}{' --quick' if quick else ''}`"],
            ["machine", _machine()],
            ["kernel", f"`{bench.kernel}`: {kernels.get(bench.kernel).release}"],
            ["values", f"median (min..max) of {bench.runs} run(s)"]]), "",
        table(head, rows)]) + "\n"


def write(bench: Bench, folder: Path, quick: bool) -> None:
    """Write the page to the folder, under the name of the benchmark."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{bench.name}.md").write_text(page(bench, quick))
