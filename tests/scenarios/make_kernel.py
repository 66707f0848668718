# SPDX-License-Identifier: GPL-2.0-only
"""make kernel builds packages from a source and a configuration, or stops with an error.

Two small files replace the kernel's source, and a patch of one line replaces the companion
patch. static/patches checks that the real patch fits the real source. The kernel's own Makefile
is not tested here.
"""

import os
import shutil
import tarfile
import tempfile
from pathlib import Path

from lab import check
from lab.kernels import modules
from lab.proc import run as run_program

KERNELS = ("6.12",)
FIRST = "mm: the first line\n"
PATCH = """--- a/mm.txt
+++ b/mm.txt
@@ -1 +1 @@
-mm: the first line
+mm: the patched line
"""
# Writes its settings into the file.
CONFIGURE = """#!/bin/sh
file=$2
while [ $# -gt 0 ]; do
	[ "$1" != --enable ] || echo "CONFIG_$2=y" >>"$file"
	shift
done
"""
MAKEFILE = """olddefconfig:
	@test ! -e drop || sed -i "/$$(cat drop)/d" .config
bindeb-pkg:
	@test ! -e fail
	@cp .config ../linux-image-6.12.9-vmhooks_1_amd64.deb
	@touch ../linux-headers-6.12.9-vmhooks_1_amd64.deb
"""
TOOLS = ("bc", "bison", "cpio", "dpkg-buildpackage", "flex", "rsync")


class Place:
    """A project with its own source and cache."""

    def __init__(self, folder: Path) -> None:
        self.project = folder / "project"
        self.out = folder / "out"
        self.cache = folder / "cache"
        self.sources = folder / "sources"
        self.config = folder / "config"
        self.tools = folder / "tools"
        shutil.copytree(modules.TOP / "packaging", self.project / "packaging")
        shutil.copy(modules.TOP / "Makefile", self.project)
        patches = self.project / "patches" / "6.12"
        patches.mkdir(parents=True)
        (patches / "0001-mm.patch").write_text(PATCH)
        (patches / "base").write_text("linux-source-6.12 6.12.9-1\n")
        for each in (self.sources, self.tools):
            each.mkdir()
        for tool in TOOLS:
            (self.tools / tool).write_text("#!/bin/sh\n")
            (self.tools / tool).chmod(0o755)
        self.config.write_text("CONFIG_X=y\nCONFIG_TRACEPOINTS=y\n")

    def source(self, text: str = FIRST) -> None:
        """Pack a source whose file has that text."""
        tree = self.sources / "linux-source-6.12"
        (tree / "scripts").mkdir(parents=True, exist_ok=True)
        (tree / "mm.txt").write_text(text)
        (tree / "Makefile").write_text(MAKEFILE)
        (tree / "scripts" / "config").write_text(CONFIGURE)
        (tree / "scripts" / "config").chmod(0o755)
        with tarfile.open(self.sources / "linux-source-6.12.tar.xz", "w:xz") as archive:
            archive.add(tree, tree.name)

    def make(self, *settings: str) -> tuple[int, str]:
        """Run make kernel. Returns its exit status and output."""
        path = f"{self.tools}:{os.environ['PATH']}"
        done = run_program(["make", "-s", "kernel", f"SOURCES={self.sources}",
                            f"OUT={self.out}", f"CONFIG={self.config}", *settings],
                           cwd=self.project,
                           env={**os.environ, "PATH": path, "VMHOOKS_CACHE": str(self.cache)})
        return done.returncode, done.stdout

    def refuses(self, sentence: str, *settings: str) -> None:
        """make kernel fails with that message and leaves no package."""
        status, said = self.make(*settings)
        check(status and sentence in said, f"{settings}: not '{sentence}' but: {said}")
        check(not self.out.exists(), f"{settings}: it left packages")

    def packages(self) -> list[str]:
        """The packages it has left."""
        return sorted(path.name for path in self.out.iterdir())

    def tree(self) -> Path:
        """The build tree."""
        found = [path for path in (self.cache / "packages").iterdir() if path.is_dir()]
        check(len(found) == 1, f"trees: {found}")
        return found[0]


def _check_refused(place: Place) -> None:
    place.refuses("there is no companion patch for 5.4; there is one for: 6.12", "SERIES=5.4")
    place.refuses("linux-source-6.12.tar.xz is missing. Run: apt install linux-source-6.12")
    place.source("mm: another line\n")
    place.refuses("the companion patch does not fit this version of linux-source-6.12; "
                  "it was made for: linux-source-6.12 6.12.9-1")
    place.source()
    place.refuses("/nonexistent cannot be read", "CONFIG=/nonexistent")
    (place.tools / "rsync").rename(place.tools / "no-rsync")
    if not shutil.which("rsync"):
        place.refuses("missing: rsync. Run: apt install")
    (place.tools / "no-rsync").rename(place.tools / "rsync")


def _check_built(place: Place) -> None:
    """An interrupted build continues in the same tree and then makes the packages."""
    status, said = place.make("SERIES=6.12", "CONFIG=" + str(place.config))
    check(not status, f"it does not build: {said}")
    names = place.packages()
    check(len(names) == 2 and all("vmhooks" in name for name in names), f"packages: {names}")
    config = (place.out / names[1]).read_text().split()
    check("CONFIG_MM_HOOKS=y" in config and "CONFIG_X=y" in config, f"configuration: {config}")
    check("patched" in (place.tree() / "mm.txt").read_text(), "the patch is not applied")
    shutil.rmtree(place.out)
    for option, sentence in (("MM_HOOKS", "CONFIG_MM_HOOKS did not stick"),
                             ("TRACEPOINTS", "has no tracer, and the patch's hooks are")):
        (place.tree() / "drop").write_text(option)
        place.refuses(sentence)
    (place.tree() / "drop").unlink()
    (place.tree() / "fail").touch()
    status, said = place.make()
    check(status and not place.out.exists(), f"a failed build passes: {said}")
    (place.tree() / "fail").unlink()
    status, said = place.make()
    check(not status and place.packages() == names, f"the build does not continue: {said}")
    check("unpacking" not in said, "the source was unpacked again")


def test_make_kernel(kernel: str) -> None:
    """No real kernel is built."""
    del kernel
    with tempfile.TemporaryDirectory(prefix="vmhooks-kernel") as folder:
        place = Place(Path(folder))
        _check_refused(place)
        _check_built(place)
