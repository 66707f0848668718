# SPDX-License-Identifier: GPL-2.0-only
"""Roots, extended by cached layers and run in a chroot.

A root is a stack of folders that overlayfs joins in a mount namespace of its own. Nothing in
it can load a module into the machine's kernel: CAP_SYS_MODULE is not in the bounding set, and
the machine's /lib/modules and /sys are not visible.
"""

import contextlib
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from .. import cache
from ..proc import LabError, must, run, say

LOG = "log"  # beside a layer: the output of its commands
# A command that cannot load a module into the machine's kernel.
CONFINE = ["setpriv", "--bounding-set", "-sys_module,-sys_rawio,-sys_boot"]

# $1 lower folders, $2 upper, $3 work, $4 mount point, $5 folder mounted at /mnt or "",
# $6 folder of ccache.
JOIN = """
mount -t overlay overlay -o "lowerdir=$1,upperdir=$2,workdir=$3" "$4"
mount -t proc proc "$4/proc"
mount -t tmpfs -o mode=1777 tmp "$4/tmp"
mount -t tmpfs run "$4/run"
mount -t tmpfs dev "$4/dev"
for node in null zero full random urandom; do
  : > "$4/dev/$node"
  mount --bind "/dev/$node" "$4/dev/$node"
done
ln -s /proc/self/fd "$4/dev/fd"
if [ -n "$5" ]; then mount --bind -o ro "$5" "$4/mnt"; fi
mount --bind "$6" "$4/var/local"
export PATH=/usr/sbin:/usr/bin:/sbin:/bin LC_ALL=C.UTF-8
"""
# $7 is the command. The arguments after it are its environment.
ENTER = """
root=$4 command=$7
shift 7
exec chroot "$root" /usr/bin/env -i "$@" /bin/bash -c "$command"
"""
# DKMS builds the same modules for many tests.
ENVIRONMENT = (f"PATH={cache.CCACHE}:/usr/sbin:/usr/bin:/sbin:/bin", "HOME=/root",
               "LC_ALL=C.UTF-8", "CCACHE_DIR=/var/local",
               *(f"{name}={value}" for name, value in cache.CCACHE_RULES.items()))


def namespace(script: str, *arguments: str) -> list[str]:
    """The command that runs a script in its own mount namespace."""
    return ["unshare", "--mount", "--pid", "--fork", "--kill-child", "--", *CONFINE,
            "sh", "-eu", "-c", script, "lab-root", *arguments]


@dataclass(frozen=True)
class Root:
    """A root file system: folders, the topmost first."""

    layers: tuple[Path, ...]

    def find(self, path: str) -> Path:
        """The path of a file of the root on the machine, for reading only."""
        for layer in self.layers:
            if (layer / path).is_file():
                return layer / path
        raise LabError(f"the root has no /{path}")

    def log(self) -> str:
        """The output of the commands that made the topmost layer."""
        return (self.layers[0].parent / LOG).read_text()

    def releases(self) -> list[str]:
        """The releases of the root's kernels."""
        return sorted({kernel.name.removeprefix("vmlinuz-") for layer in self.layers
                       for kernel in (layer / "boot").glob("vmlinuz-*")})

    def release(self, series: str) -> str:
        """The release of the root's own kernel of a series such as 6.12."""
        for layer in self.layers:
            for kernel in (layer / "boot").glob(f"vmlinuz-{series}.*"):
                return kernel.name.removeprefix("vmlinuz-")
        raise LabError(f"the root has no kernel {series}")


@dataclass(frozen=True)
class Session:
    """A root with an upper folder for writes."""

    root: Root
    upper: Path
    scratch: Path
    shown: Path | None  # a folder of the machine, mounted read-only at /mnt
    environment: tuple[str, ...] = ENVIRONMENT

    def _join(self, script: str, *arguments: str) -> list[str]:
        lower = ":".join(str(layer) for layer in self.root.layers)
        return namespace(JOIN + script, lower, str(self.upper), str(self.scratch / "work"),
                          str(self.scratch / "joined"), str(self.shown or ""),
                          str(cache.folder("ccache-roots")), *arguments)

    def run(self, command: str, timeout: float = 600) -> subprocess.CompletedProcess[str]:
        """Run a shell command in the root. Its output and errors are one text."""
        return run(self._join(ENTER, command, *self.environment), timeout=timeout)

    def must(self, command: str, timeout: float = 600) -> str:
        """Like run(), but a failure raises with the end of the output."""
        done = self.run(command, timeout)
        if done.returncode:
            last = "\n".join(done.stdout.splitlines()[-40:])
            raise LabError(f"in the root: {command.strip()[:200]} "
                           f"failed ({done.returncode}):\n{last}")
        return done.stdout

    def image(self, target: Path, megabytes: int) -> None:
        """Write the root as an ext4 file system, sparse."""
        unmount = ('umount "$4/dev"/* "$4/dev" "$4/run" "$4/tmp" "$4/proc" "$4/var/local" '
                   "2>/dev/null || true\n")
        must(self._join(unmount + 'exec mke2fs -q -F -t ext4 -E root_owner=0:0 -d "$4" "$7" "$8"',
                        str(target), f"{megabytes}M"))


@contextlib.contextmanager
def session(root: Root, shown: Path | None = None, upper: Path | None = None,
            environment: tuple[str, ...] = ENVIRONMENT) -> Iterator[Session]:
    """A root to work in. Without an upper folder, writes are discarded."""
    scratch = cache.scratch("root")
    try:
        for name in ("work", "joined", "upper"):
            (scratch / name).mkdir()
        (upper or scratch / "upper").chmod(0o755)  # this is the mode of the root's /
        yield Session(root, upper or scratch / "upper", scratch, shown, environment)
    finally:
        shutil.rmtree(scratch, ignore_errors=True)


def grow(root: Root, name: str, commands: str, shown: Path | None, *parts: str,
         timeout: float = 1200) -> Root:
    """The root with a cached layer on top, which has the writes of the commands.

    parts: other inputs of the result, such as the hash of the mounted sources
    """
    key = cache.digest(name, commands, *parts, *(str(layer) for layer in root.layers))

    def build(target: Path) -> None:
        say(f"preparing the root: {name}")
        (target / "upper").mkdir()
        with session(root, shown, target / "upper") as inside:
            (target / LOG).write_text(inside.must(commands, timeout))

    made = cache.built("root-layers", key, build, keep=24)
    return Root((made / "upper", *root.layers))
