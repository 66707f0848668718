# SPDX-License-Identifier: GPL-2.0-only
"""Litmus tests of our lockless hand-overs, by herd7 with the kernel's memory model.

The outcome that a test names must never happen. It must be possible without any one of the
barriers, so that each is needed. herd7 comes from Debian sid, the model from the kernel's source.
"""

import re
import subprocess
from pathlib import Path

from .. import cache
from ..kernels import source
from ..proc import LabError, long_run, must, say

TESTS = Path(__file__).resolve().parent.parent.parent / "litmus"
MODEL = "tools/memory-model"
# A barrier, and the same without its order.
WEAKER = ((r"\tsmp_mb\(\);\n", ""),
          (r"smp_store_release\((\w+), ", r"WRITE_ONCE(*\1, "),
          (r"smp_load_acquire\((\w+)\)", r"READ_ONCE(*\1)"))
RESULT = re.compile(r"^Observation \S+ (Never|Sometimes|Always)", re.M)


def _unpack_herd(target: Path) -> None:
    say("unpacking Debian sid's herd7 (30 MB to download)")
    long_run("herd7", ["mmdebstrap", "--variant=extract", "--include=herdtools7",
                       '--aptopt=APT::Install-Recommends "false"',
                       '--aptopt=Acquire::Check-Valid-Until "false"', "sid",
                       str(target / "root")],
             target, cache.folder("logs") / "herd.log")


def _unpack_model(target: Path) -> None:
    must(["tar", "-xf", str(source.archive(source.SERIES)), "-C", str(target),
          "--strip-components=1", "--wildcards", f"*/{MODEL}/*"])


def _command() -> tuple[list[str], Path]:
    """The words that start herd7, and the folder of the model."""
    root = cache.built("herd", "sid", _unpack_herd) / "root"
    model = cache.built("memory-model", source.key(source.SERIES), _unpack_model) / MODEL
    libraries = root / "usr/lib/x86_64-linux-gnu"
    return ([str(libraries / "ld-linux-x86-64.so.2"), "--library-path", str(libraries),
             str(root / "usr/bin/herd7"), "-set-libdir", str(root / "usr/share/herdtools7/herd"),
             "-conf", "linux-kernel.cfg"], model)


def observed(text: str) -> str:
    """Whether the outcome of a test happens: Never, Sometimes or Always."""
    command, model = _command()
    file = cache.scratch("litmus") / "test.litmus"
    file.write_text(text)
    done = subprocess.run([*command, str(file)], cwd=model, capture_output=True, text=True,
                          timeout=300, check=False)
    found = RESULT.search(done.stdout)
    if not found:
        raise LabError(f"herd7 does not understand a test:\n{done.stdout}{done.stderr}")
    return found[1]


def weakened(text: str) -> list[tuple[str, str]]:
    """For each barrier of a test: the barrier, and the test without it."""
    found = []
    for pattern, weaker in WEAKER:
        for match in re.finditer(pattern, text):
            found.append((match[0].strip(), text[:match.start()] + match.expand(weaker) +
                          text[match.end():]))
    return found


def faults() -> list[str]:
    """What is wrong: an outcome that is possible, or a barrier that is not needed."""
    found = []
    for path in sorted(TESTS.glob("*.litmus")):
        text = path.read_text()
        if (seen := observed(text)) != "Never":
            found.append(f"{path.name}: {seen}")
        found += [f"{path.name}: not needed: {barrier}" for barrier, without in weakened(text)
                  if observed(without) == "Never"]
    return found or ([] if list(TESTS.glob("*.litmus")) else ["there are no litmus tests"])
