# SPDX-License-Identifier: GPL-2.0-only
"""The modules build in a Turkish locale, where the capital of i is not I.

The compile probes derive the name of a macro by capitals. The sources must find these names.
"""

import shutil
import tempfile
from pathlib import Path

import pytest

from lab import check, kernels, locale
from lab.kernels import modules
from lab.proc import run as run_program

KERNELS = ("6.12",)
pytestmark = [pytest.mark.timeout(600), pytest.mark.once]
PROBED = Path("modules/compat/probed.h")


def _copy(tree: Path) -> None:
    for path in [*modules.sources(), modules.TOP / "Makefile",
                 *(modules.TOP / "packaging").glob("check-kernel")]:
        copy = tree / path.relative_to(modules.TOP)
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(path, copy)


def _check_locale() -> None:
    """The locale is in force; otherwise the build would prove nothing."""
    said = run_program(["sh", "-c", "echo i | tr '[:lower:]' '[:upper:]'"],
                       env=locale.environment()).stdout
    check(said.strip() != "I", f"i is capital {said.strip()} in {locale.NAME}")


def test_build_locale(kernel: str) -> None:
    """Run make modules in that locale."""
    _check_locale()
    home = kernels.get(kernel)
    expected = (modules.build(home) / PROBED).read_text()
    # Where the lab builds for this kernel, so that ccache has the objects.
    with tempfile.TemporaryDirectory(prefix="vmhooks-locale") as folder, \
            modules.place(home.name, Path(folder)) as tree:
        _copy(tree)
        done = run_program(["make", "-s", "-j2", "modules", f"KVER={home.release}",
                            f"KDIR={home.headers}", "W=1"], cwd=tree,
                           env=modules.environment() | locale.words())
        check(not done.returncode, f"it does not build:\n{done.stdout[-3000:]}")
        found = (tree / PROBED).read_text()
        check(found == expected, f"the probes found\n{found}\nrather than\n{expected}")
        for name in modules.OURS:
            check((tree / f"{name}.ko").exists(), f"there is no {name}.ko")
