# SPDX-License-Identifier: GPL-2.0-only
"""Debian's kernel of an earlier release, with the compiler that it was built with.

Image and headers are in a root of that release, which is made once. Our modules are built in
it, as the headers require the release's compiler and paths. The test modules are for newer
kernels and are not built.
"""

import shutil
from pathlib import Path

from .. import cache
from ..proc import LabError, long_run, must, say
from ..roots import root
from . import source

# Series to the Debian release that has it.
RELEASES = {"5.10": "bullseye"}
PACKAGES = ("linux-image-amd64", "linux-headers-amd64", "gcc", "make", "kmod")
PLACE = Path("/opt/vmhooks")  # where the modules are built, in the root


def _make_root(series: str, target: Path) -> None:
    release = RELEASES[series]
    say(f"making a root of Debian {release} with its kernel {series} and compiler (two minutes)")
    log = cache.folder("logs") / f"mmdebstrap-{release}.log"
    log.unlink(missing_ok=True)
    long_run(release, [*root.CONFINE, "env", "INITRD=No", "mmdebstrap", "--mode=root",
                       "--variant=essential", f"--include={','.join(PACKAGES)}",
                       '--aptopt=APT::Install-Recommends "false"',
                       "--dpkgopt=force-unsafe-io", "--dpkgopt=path-exclude=/usr/share/doc/*",
                       release, str(target / "tree"),
                       f"deb {source.mirror()} {release} main"], target, log)
    for image in (target / "tree/boot").glob(f"vmlinuz-{series}.*"):
        kernel = image.name.removeprefix("vmlinuz-")
        must(["depmod", "-b", str(target / "tree"), kernel])
        (target / "release").write_text(kernel)
        return
    raise LabError(f"Debian {release} has no kernel {series}")


def home(series: str) -> Path:
    """The folder with the root ("tree") and the kernel's release ("release")."""
    return cache.built("old-kernels", cache.digest(series, *PACKAGES),
                       lambda target: _make_root(series, target))


def make(tree: Path, release: str, top: Path, words: list[str]) -> tuple[int, str]:
    """Build modules for the kernel of a root. Returns exit status and output.

    top: our sources, next to which the results go
    words: more arguments of make
    """
    with root.session(root.Root((tree,)), shown=top) as inside:
        done = inside.run(f"cp -r /mnt {PLACE} && exec make -C /lib/modules/{release}/build "
                          f"M={PLACE} {' '.join(words)} modules")
        shutil.copytree(inside.upper / PLACE.relative_to("/"), top, symlinks=True,
                        dirs_exist_ok=True)
    return done.returncode, done.stdout.replace(f"{PLACE}/", "")
