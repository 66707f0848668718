# SPDX-License-Identifier: GPL-2.0-only
"""The modules build in a Turkish locale, where the capital of i is not I.

The compile probes give names in capitals to what they find; they must be those that the
sources ask for.
"""

import shutil
import tempfile
from pathlib import Path

from lab import check, kernels, locale, modules
from lab.proc import run as run_program

KERNELS = ("6.12",)
TIMEOUT = 600
PROBED = Path("modules/compat/probed.h")


def _copy(tree: Path) -> None:
    for path in [*modules.sources(), modules.TOP / "Makefile",
                 *(modules.TOP / "packaging").glob("check-kernel")]:
        copy = tree / path.relative_to(modules.TOP)
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(path, copy)


def _check_locale() -> None:
    """The locale is in force: else the build would prove nothing."""
    said = run_program(["sh", "-c", "echo i | tr '[:lower:]' '[:upper:]'"],
                       env=locale.environment()).stdout
    check(said.strip() != "I", f"i is capital {said.strip()} in {locale.NAME}")


def run(kernel: str) -> None:
    """make modules, as a user with that locale."""
    _check_locale()
    home = kernels.get(kernel)
    with tempfile.TemporaryDirectory(prefix="vmhooks-locale") as folder:
        tree = Path(folder)
        _copy(tree)
        done = run_program(["make", "-s", "-j2", "modules", f"KVER={home.release}",
                            f"KDIR={home.headers}"], cwd=tree, env=locale.environment())
        check(not done.returncode, f"it does not build:\n{done.stdout[-3000:]}")
        expected = (modules.build(home) / PROBED).read_text()
        found = (tree / PROBED).read_text()
        check(found == expected, f"the probes found\n{found}\nrather than\n{expected}")
        for name in modules.OURS:
            check((tree / f"{name}.ko").exists(), f"there is no {name}.ko")
