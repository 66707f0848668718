# SPDX-License-Identifier: GPL-2.0-only
"""The cache: slow builds, made once and published by a rename.

Layout: <root>/<kind>/<key>/..., <root>/tmp for builds in progress, <root>/locks,
<root>/logs. A folder under <kind> is complete or does not exist.
"""

import contextlib
import fcntl
import hashlib
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path


# Debian's ccache has a stand-in for every compiler here.
CCACHE = "/usr/lib/ccache"
CCACHE_RULES = {
    # Kbuild has the compiler write dependencies: no preprocessor before it.
    "CCACHE_DEPEND": "1",
    # The sources are copies, newer than the compilation.
    "CCACHE_SLOPPINESS": "include_file_mtime,include_file_ctime"}


def root() -> Path:
    """The cache's folder, made when missing."""
    base = os.environ.get("XDG_CACHE_HOME") or str(Path.home() / ".cache")
    path = Path(os.environ.get("VMHOOKS_CACHE") or Path(base) / "vmhooks")
    path.mkdir(parents=True, exist_ok=True)
    return path.resolve()


def folder(name: str) -> Path:
    """A folder of the cache, made when missing."""
    path = root() / name
    path.mkdir(parents=True, exist_ok=True)
    return path


def digest(*parts: str | bytes) -> str:
    """A short key for these parts, in this order."""
    total = hashlib.sha256()
    for part in parts:
        data = part.encode() if isinstance(part, str) else part
        total.update(b"%d:" % len(data))
        total.update(data)
    return total.hexdigest()[:16]


def digest_files(base: Path, files: list[Path]) -> str:
    """A key for the names and contents of these files."""
    parts: list[str | bytes] = []
    for path in sorted(files):
        parts += [str(path.relative_to(base)), path.read_bytes()]
    return digest(*parts)


@contextlib.contextmanager
def lock(name: str, wait: bool = True) -> Iterator[bool]:
    """Hold the lock of that name; the kernel releases it when the process dies.

    wait: for its release; else the block gets False when another process holds the lock.
    """
    with open(folder("locks") / name.replace("/", "-"), "w") as held:
        try:
            fcntl.flock(held, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
        except BlockingIOError:
            yield False
        else:
            yield True


def _alive(pid: str) -> bool:
    return pid.isdigit() and Path("/proc", pid).exists()


def scratch(name: str) -> Path:
    """A new folder under tmp. Folders of ended processes are removed first."""
    base = folder("tmp")
    for old in base.iterdir():
        if not _alive(old.name.split("-", 1)[0]):
            shutil.rmtree(old, ignore_errors=True)
    return Path(tempfile.mkdtemp(prefix=f"{os.getpid()}-{name}-", dir=base))


def _prune(kind: Path, keep: int) -> None:
    entries = sorted(kind.iterdir(), key=lambda p: p.stat().st_mtime, reverse=True)
    for old in entries[keep:]:
        shutil.rmtree(old, ignore_errors=True)


def publish(kind: str, key: str, ready: Path) -> Path:
    """Move a complete folder to its place."""
    final = folder(kind) / key
    os.rename(ready, final)
    return final


def built(kind: str, key: str, build: Callable[[Path], None], keep: int = 0) -> Path:
    """The folder <kind>/<key>. If it is missing, build() fills a scratch folder.

    keep: if not 0, only this many folders of the kind are kept, newest first.
    """
    final = folder(kind) / key
    if final.is_dir():
        os.utime(final)
        return final
    with lock(f"built-{kind}-{key}"):
        if final.is_dir():
            return final
        ready = scratch(kind)
        try:
            build(ready)
            publish(kind, key, ready)
        finally:
            shutil.rmtree(ready, ignore_errors=True)
        if keep:
            _prune(final.parent, keep)
    return final
