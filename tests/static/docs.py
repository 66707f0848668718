# SPDX-License-Identifier: GPL-2.0-only
"""Documentation that is made from other documentation."""

from pathlib import Path

from lab import cache, check
from lab.kernels import source
from lab.kernels.modules import TOP
from lab.proc import run

SCRIPT = "scripts/get_abi.pl"


def test_docs_abi(tmp_path: Path) -> None:
    """docs/abi/ is what docs/parameters.md says, in a form that the kernel's script reads."""
    done = run([str(TOP / "docs/abi/generate"), "--check"])
    check(done.returncode == 0, done.stdout)
    tree = cache.built("abi-tool", cache.digest(source.key(source.SERIES), SCRIPT),
                       lambda target: source.unpack(source.SERIES, target, [SCRIPT]))
    files = sorted((TOP / "docs/abi").glob("sysfs-*"))
    check(len(files) > 3, f"files: {files}")
    for path in files:
        (tmp_path / path.name).write_text(path.read_text())
    said = run(["perl", str(tree / SCRIPT), "validate", "--dir", str(tmp_path)])
    check(said.returncode == 0 and not said.stdout.strip(), f"{SCRIPT}:\n{said.stdout}")
    found = run(["perl", str(tree / SCRIPT), "search", "why_not", "--dir", str(tmp_path)])
    check("balloon/why_not" in found.stdout, f"it does not find why_not:\n{found.stdout}")
