# SPDX-License-Identifier: GPL-2.0-only
"""Checks of the sources that need no guest. Each returns its complaints."""

import graphlib
import re
import shutil
import subprocess
import tempfile
from pathlib import Path

from .. import cache, kernels
from ..kernels import modules, source
from ..kernels.modules import TOP
from ..proc import LabError, must, run

MAX_LINES = 600
PREFIXES = {"mm_hooks": "mmh_", "balloon_report": "br_", "kvmclock_fix": "kf_"}  # by folder
# What only kernel code has: macros, printk, no signal handlers.
NOT_OF_PROGRAMS = "ARRAY_SIZE,LONG_LINE_STRING,PREFER_DEFINED_ATTRIBUTE_MACRO,VOLATILE"
MADE_BY_KBUILD = "__|init_module$|cleanup_module$"
MAX_PATCH = 120  # maximum of lines that a series of the companion patch adds
# Every host that a URL in the tree may name.
KNOWN_HOSTS = re.compile(
    r"(.*\.)?(debian\.org|kernel\.org|gnu\.org|spdx\.org|oasis-open\.org|qemu\.org|"
    r"github\.com|git-scm\.com|lwn\.net|example\.(com|org)|localhost)")
# Folders of one machine. The expression does not match its own line.
PRIVATE = re.compile(r"(?<![\w.$}*>-])/(?:work|root|home/\w+)/\w")


def tracked() -> list[Path]:
    """The text files of the tree: tracked, or new and not ignored."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=TOP, capture_output=True, check=False)
    if listed.returncode:  # an unpacked archive: no git
        found = [path for path in TOP.rglob("*") if ".git" not in path.parts]
    else:
        found = [TOP / name for name in listed.stdout.decode().split("\0") if name]
    return [path for path in found if path.is_file() and b"\0" not in
            path.read_bytes()[:4096]]


def _short(text: str) -> list[str]:
    return [line.replace(f"{TOP}/", "") for line in text.splitlines() if line.strip()]


def _c_sources() -> list[str]:
    return [str(path) for path in tracked() if path.suffix in (".c", ".h")
            and any(path.is_relative_to(TOP / folder)
                    for folder in ("modules", "tools", *modules.TEST_MODULES))]


def _starts_as_shell(path: Path) -> bool:
    return bool(re.match(rb"#!.*\b(ba|da)?sh\b", path.read_bytes()[:80]))


def _for_guests(path: Path) -> bool:
    return b"busybox" in path.read_bytes()[:40]


def locale() -> list[str]:
    """Every shell script of the machine sets the C locale, or reads the file that does."""
    return [f"{path.relative_to(TOP)}: no LC_ALL=C" for path in tracked()
            if _starts_as_shell(path) and not _for_guests(path)
            and not re.search(rb"\bLC_ALL=C\b|^\. .*/common\.sh", path.read_bytes(), re.M)]


def shellcheck() -> list[str]:
    """shellcheck over every shell file, by its name or its first line."""
    shell = [path for path in tracked() if path.suffix == ".sh" or _starts_as_shell(path)]
    for_bash = [path for path in shell if not _for_guests(path)]
    for_sh = [path for path in shell if path not in for_bash]
    found: list[str] = []
    for files, extra in ((for_bash, []), (for_sh, ["-s", "sh"])):
        if files:
            found += _short(run(["shellcheck", "-x", "-f", "gcc", *extra,
                                 *map(str, files)], cwd=TOP).stdout)
    return found


def _checkpatch_run(files: list[str], *options: str) -> list[str]:
    """The complaints of checkpatch --strict about these files, one a line."""
    if not files:
        return []
    with tempfile.TemporaryDirectory() as folder:  # checkpatch leaves files in it
        shutil.copy(TOP / ".checkpatch.conf", folder)
        done = run(["perl", str(source.tools() / "scripts/checkpatch.pl"), "--no-tree",
                    "--strict", "--terse", "--show-types", "--no-summary", *options, "-f",
                    *files], cwd=Path(folder))
    said = [line for line in done.stdout.splitlines() if line.startswith(str(TOP))]
    if done.returncode and not said:
        raise LabError(f"checkpatch failed ({done.returncode}):\n{done.stdout[-2000:]}")
    return said


def checkpatch() -> list[str]:
    """checkpatch --strict over the C files. A file without complaints is checked again only
    after a change.
    """
    files = _c_sources()
    tools = f"{TOP}/tools/"
    if not files:
        return ["there are no sources in modules/"]
    clean = cache.folder("checkpatch-clean")
    rules = (source.tools().name, NOT_OF_PROGRAMS, (TOP / ".checkpatch.conf").read_text())
    marks = {name: clean / cache.digest(*rules, name.removeprefix(f"{TOP}/"),
                                        Path(name).read_bytes()) for name in files}
    left = [name for name, mark in marks.items() if not mark.exists()]
    said = [*_checkpatch_run([name for name in left if not name.startswith(tools)]),
            *_checkpatch_run([name for name in left if name.startswith(tools)],
                             "--ignore", NOT_OF_PROGRAMS)]
    for name in left:
        if not any(line.startswith(f"{name}:") for line in said):
            marks[name].touch()
    return _short("\n".join(said))


def _patch_errors(series: Path) -> list[str]:
    """The complaints of checkpatch --strict about a series, and its length."""
    found = []
    files = sorted(series.glob("*.patch"))
    done = run(["perl", str(source.tools() / "scripts/checkpatch.pl"), "--no-tree", "--strict",
                "--terse", "--show-types", "--no-summary", "--ignore", "FILE_PATH_CHANGES",
                *map(str, files)], cwd=series)
    found += _short(done.stdout)
    added = sum(line.startswith("+") and not line.startswith("+++")
                for file in files for line in file.read_text().splitlines())
    if not files or added > MAX_PATCH:
        found.append(f"{series.name}: {len(files)} patches with {added} added lines")
    return found


def _touched(series: Path) -> list[str]:
    """The kernel files that a series changes, without new files."""
    text = "".join(file.read_text() for file in series.glob("*.patch"))
    made = set(re.findall(r"^--- /dev/null\n\+\+\+ b/(\S+)", text, re.M))
    return sorted(set(re.findall(r"^--- a/(\S+)", text, re.M)) - made)


def _applies(series: Path) -> list[str]:
    """Whether a series applies to Debian's source, without fuzz."""
    files = _touched(series)
    key = cache.digest(source.key(series.name), *files)
    clean = cache.built("patched-files", key,
                        lambda target: source.unpack(series.name, target, files))
    with tempfile.TemporaryDirectory() as folder:
        shutil.copytree(clean, folder, dirs_exist_ok=True)
        try:
            source.apply_patches(source.patches(series.name), Path(folder))
        except LabError as error:
            return [f"{series.name}: {error}"]
    return []


def patches() -> list[str]:
    """The companion patch: style, size, and that it applies without fuzz."""
    return [line for name in source.patched()
            for line in [*_patch_errors(TOP / "patches" / name),
                         *_applies(TOP / "patches" / name)]]


def kernel_doc() -> list[str]:
    """kernel-doc -Wall over the modules."""
    files = _c_sources()
    if not files:
        return ["there are no sources in modules/"]
    done = run(["perl", str(source.tools() / "scripts/kernel-doc"), "-none", "-Wall", *files],
               cwd=TOP)
    return [line for line in _short(done.stdout)
            if re.search(r"warning|error", line, re.I)
            and "no structured comments found" not in line]


def names() -> list[str]:
    """URLs name well-known hosts only, and no path names a folder of one machine."""
    found = []
    for path in tracked():
        for number, line in enumerate(path.read_text(errors="replace").splitlines(), 1):
            hosts = re.findall(r"\b(?:https?|git|ssh)://([\w.-]+)", line)
            if PRIVATE.search(line) or not all(map(KNOWN_HOSTS.fullmatch, hosts)):
                found.append(f"{path.relative_to(TOP)}:{number}: {line.strip()}")
    return found


def sizes() -> list[str]:
    """No source file longer than MAX_LINES lines."""
    kinds = (".c", ".h", ".py", ".sh")
    return [f"{path.relative_to(TOP)}: more than {MAX_LINES} lines" for path in tracked()
            if path.suffix in kinds and len(path.read_bytes().splitlines()) > MAX_LINES]


def licences() -> list[str]:
    """An SPDX line at the top of every source file."""
    found = []
    for path in tracked():
        head = path.read_bytes()[:200]
        source = path.suffix in (".c", ".h", ".py", ".sh") or head.startswith(b"#!")
        if source and head and b"SPDX-License-Identifier: GPL-2.0-only" not in head:
            found.append(f"{path.relative_to(TOP)}: no SPDX line")
    return found


def build(kernel: str) -> list[str]:
    """Our modules build for a kernel with W=1 and without a warning."""
    return modules.warnings(modules.build(kernels.get(kernel)))


def sparse(kernel: str) -> list[str]:
    """sparse has no complaint about our files."""
    built = modules.build(kernels.get(kernel), sparse=True)
    return [line for line in modules.warnings(built)
            if line.startswith(("modules/", *(f"{each}/" for each in modules.TEST_MODULES)))]


def _symbols(folder: Path) -> list[tuple[str, str, str]]:
    """File, name and kind of each symbol that is not static, in a tree that was built."""
    objects = [path for path in (folder / "modules").rglob("*.o") if "tests" not in path.parts]
    said = must(["nm", "-A", "-P", *map(str, objects)])
    return re.findall(rf"^{re.escape(str(folder))}/(\S+)\.o: (\S+) ([A-Z])", said, re.M)


def prefixes(kernel: str) -> list[str]:
    """Every symbol that is not static has the prefix of its module."""
    found = []
    symbols = _symbols(modules.build(kernels.get(kernel)))
    if not symbols:
        return ["nm finds no symbols in our files"]
    for file, name, kind in symbols:
        prefix = PREFIXES.get(Path(file).parts[1])
        if prefix and kind != "U" and not re.match(f"{prefix}|{MADE_BY_KBUILD}", name):
            found.append(f"{file}.c: {name} has no prefix {prefix}")
    return found


def _calls(folder: Path) -> dict[str, set[str]]:
    """Each file of our modules, to the files whose symbols it uses."""
    symbols = _symbols(folder)
    where = {name: file for file, name, kind in symbols if kind != "U"}
    found: dict[str, set[str]] = {}
    for file, name, kind in symbols:
        if kind == "U" and where.get(name, file) != file:
            found.setdefault(file, set()).add(where[name])
    return found


def circles(kernel: str) -> list[str]:
    """No file of our modules calls one that, by whichever way, calls it."""
    calls = _calls(modules.build(kernels.get(kernel)))
    if not calls:
        return ["nm finds no calls between our files"]
    try:
        graphlib.TopologicalSorter(calls).prepare()
    except graphlib.CycleError as error:
        return [" is used by ".join(f"{file}.c" for file in error.args[1])]
    return []
