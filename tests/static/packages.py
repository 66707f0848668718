# SPDX-License-Identifier: GPL-2.0-only
"""The Debian packages without a root: lintian, two builds, and the hints in the scripts."""

import hashlib
import tempfile
from pathlib import Path

import pytest

from lab import cache, check
from lab.checks.sources import tracked
from lab.kernels.modules import TOP
from lab.proc import must, run
from lab.roots import debian, debs

pytestmark = [pytest.mark.timeout(600), pytest.mark.once]
# A kernel's release, the packages that are installed, and the package with its headers.
HEADERS = (
    ("6.1.0-57-amd64", "", "linux-headers-amd64"),
    ("6.1.0-57-cloud-amd64", "", "linux-headers-cloud-amd64"),
    ("6.1.0-57-rt-amd64", "", "linux-headers-rt-amd64"),
    ("6.1.0-57-arm64", "", "linux-headers-arm64"),
    ("6.1.0-57-cloud-arm64", "", "linux-headers-cloud-arm64"),
    ("6.12.9-arm64-16k", "", "linux-headers-arm64-16k"),
    ("6.12.117+deb12-arm64", "", "linux-headers-6.12.117+deb12-arm64"),
    ("6.8.12-1-pve", "", "proxmox-default-headers"),
    ("6.8.0-60-generic", "", "linux-headers-generic"),
    ("6.8.0-1030-aws", "", "linux-headers-aws"),
    ("6.12.117+deb12-amd64", "", "linux-headers-6.12.117+deb12-amd64"),
    ("6.12.117+deb12-amd64", "installed linux-image-6.12-amd64 linux-image-6.12.117+deb12-amd64 "
     "(= 6.12.117-1)", "linux-headers-6.12-amd64"),
    ("6.1.0-57-amd64", "installed linux-image-rt-amd64 linux-image-6.1.0-57-rt-amd64 (= 6.1)",
     "linux-headers-amd64"),
    ("6.12.9", "", "linux-headers-6.12.9"),
)


def test_packages_lintian() -> None:
    """No error and no warning."""
    changes = next(debs.real().glob("*.changes"))
    done = run(["lintian", "--allow-root", "--fail-on", "error,warning", str(changes)])
    check(done.returncode == 0 and not done.stdout.strip(), f"lintian:\n{done.stdout}")


def _sums(folder: Path, pattern: str = "*.deb") -> dict[str, str]:
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest()
            for path in sorted(folder.glob(pattern))}


def test_packages_reproducible() -> None:
    """A build in another folder, in another time zone, has the same packages."""
    key = cache.digest(debs.real().name)

    def again(target: Path) -> None:
        with tempfile.TemporaryDirectory(prefix="vmhooks another") as folder:
            debs.copy_tree(Path(folder))
            must(["env", "TZ=Asia/Tokyo", f"SOURCE_DATE_EPOCH={debs.WHEN}", f"OUT={target}",
                  str(Path(folder) / "packaging/deb")], timeout=300)

    first, second = _sums(debs.real()), _sums(cache.built("debs-again", key, again, keep=2))
    check(len(first) >= 2 and first == second, f"{first}\n{second}")


def _files(listing: str) -> set[str]:
    """The files of a package below /usr/src, without folders."""
    paths = {line.split()[-1].lstrip(".") for line in listing.splitlines()
             if line.startswith("-")}
    return {path for path in paths if path.startswith("/usr/src/")}


def test_packages_rpm() -> None:
    """rpmbuild makes the packages here, the same ones in a second build in the same folder. That
    for DKMS has the same sources as the Debian package.
    """
    key = cache.digest(debs.real().name)

    def build(target: Path) -> None:
        with tempfile.TemporaryDirectory() as folder:
            debs.copy_tree(Path(folder))
            sums = []
            for _ in range(2):
                must(["env", f"SOURCE_DATE_EPOCH={debs.WHEN}", f"OUT={target}",
                      str(Path(folder) / "packaging/rpm/build")], timeout=300)
                sums.append(_sums(target, "*.rpm"))
            check(len(sums[0]) == 3 and sums[0] == sums[1], f"two builds: {sums}")

    made = cache.built("rpms", key, build, keep=2)
    check(len(list(made.glob("vmhooks-[0-9]*.x86_64.rpm"))) == 1, f"no tool in {made}")
    ours = _files(must(["rpm", "-qplv", str(next(made.glob("*dkms*.noarch.rpm")))]))
    debian_files = _files(must(["dpkg-deb", "-c", str(next(debs.real().glob("*dkms*.deb")))]))
    check(len(ours) > 50 and ours == debian_files, f"they differ: {ours ^ debian_files}")


class Checkout:
    """A git repository with a copy of the tree, and a key to sign with."""

    def __init__(self, folder: Path) -> None:
        self.tree, self.out = folder / "tree", folder / "out"
        self.tree.mkdir(parents=True)
        debs.copy_tree(self.tree)
        home = folder / "gpg"
        home.mkdir(mode=0o700)
        self._env = ["env", f"GNUPGHOME={home}", f"HOME={folder}", f"OUT={self.out}",
                     "GIT_CONFIG_NOSYSTEM=1"]
        self.do("git", "init", "-q")
        for name, value in (("user.name", "Tester"), ("user.email", "tester@example.org")):
            self.do("git", "config", name, value)
        self.commit()

    def do(self, *words: str) -> str:
        """Run a command, which must succeed."""
        return must([*self._env, *words], cwd=self.tree)

    def commit(self) -> None:
        """Commit everything."""
        self.do("git", "add", "-A")
        self.do("git", "commit", "-q", "-m", "all", "--date", f"@{debs.WHEN} +0000")

    def release(self, status: int = 0) -> str:
        """Run packaging/release."""
        done = run([*self._env, "packaging/release"], cwd=self.tree)
        check(done.returncode == status, f"release: {done.returncode}:\n{done.stdout}")
        return done.stdout


def test_packages_release(tmp_path: Path) -> None:
    """It refuses an unfinished changelog, then makes tarball, checksum and tag."""
    version = debian.version()
    checkout = Checkout(tmp_path)
    change = checkout.tree / "CHANGELOG.md"
    change.write_text("# Changelog\n\n## Unreleased\n\n- A change.\n")
    said = checkout.release(1)
    check("has changes: commit" in said and "under 'Unreleased'" in said and
          f"no heading '## {version}'" in said, said)
    change.write_text(f"# Changelog\n\n## {version}\n\n- A change.\n\n## 0.0.1\n\n- Old.\n")
    checkout.commit()
    check("it is not signed" in checkout.release(), "no word about the signature")
    check("v" + version in checkout.release(1), "a second release of the same version")
    first = (checkout.out / f"vmhooks-{version}.tar.xz").read_bytes()
    must(["sha256sum", "-c", f"vmhooks-{version}.tar.xz.sha256"], cwd=checkout.out)
    checkout.do("git", "tag", "-d", f"v{version}")
    checkout.do("gpg", "--batch", "--passphrase", "", "--quick-gen-key", "tester@example.org")
    checkout.do("git", "config", "user.signingkey", "tester@example.org")
    checkout.release()
    check((checkout.out / f"vmhooks-{version}.tar.xz").read_bytes() == first, "other bytes")
    said = checkout.do("git", "tag", "-v", f"v{version}")
    check("Good signature" in said and "- A change." in said and "- Old." not in said, said)


def test_packages_version() -> None:
    """dkms.conf is the only place with the version."""
    version = debian.version()
    found = [str(path.relative_to(TOP)) for path in tracked()
             if path.name not in ("CHANGELOG.md", "dkms.conf")
             and version in path.read_text(errors="replace")]
    check(not found, f"{version} is also in {found}")


def _check_headers(release: str, installed: str, expected: str) -> None:
    said = must(["bash", "-c", f""". {TOP}/packaging/headers.sh
        dpkg-query() {{ echo "{installed}"; }}
        headers_package {release}"""]).strip()
    check(said == expected, f"the headers of {release}: {said}, not {expected}")


def test_packages_headers() -> None:
    """Hints name the metapackage of the kernel's flavour."""
    for release, installed, expected in HEADERS:
        _check_headers(release, installed, expected)


def _kernel_tree(folder: Path) -> Path:
    """What make patch needs of a kernel's source."""
    for name in ("mm", "drivers"):
        (folder / name).mkdir(parents=True)
    (folder / "Makefile").write_text("VERSION = 6\nPATCHLEVEL = 12\nSUBLEVEL = 9\n")
    (folder / "mm/Kconfig").write_text("config MEMORY_BALLOON\n\tbool\n")
    (folder / "drivers/Kconfig").write_text('menu "Drivers"\nif X\nendif\nendmenu\n')
    (folder / "drivers/Makefile").write_text("obj-y += virtio/\n")
    return folder


def _patch(tree: Path, fails: str = "") -> None:
    done = run(["make", "-s", "-C", str(TOP), "patch", f"KERNEL={tree}"])
    check(bool(done.returncode) == bool(fails) and fails in done.stdout,
          f"make patch: {done.returncode}: {done.stdout}")


def test_packages_patch(tmp_path: Path) -> None:
    """make patch changes a kernel's source once, and refuses what is none."""
    tree = _kernel_tree(tmp_path / "with space")
    _patch(tree)
    _patch(tree)
    kconfig, makefile = ((tree / "drivers" / name).read_text() for name in ("Kconfig", "Makefile"))
    check(kconfig.count("drivers/vmhooks/Kconfig") == 1 and
          kconfig.rstrip().endswith("endmenu"), f"drivers/Kconfig:\n{kconfig}")
    check(makefile.count("obj-$(CONFIG_VMHOOKS)") == 1, f"drivers/Makefile:\n{makefile}")
    ours = tree / "drivers/vmhooks"
    check("select MEMORY_BALLOON" in (ours / "Kconfig").read_text(), "no option is selected")
    check((ours / "modules/mm_hooks/main.c").is_file() and
          not list(ours.glob("modules/*/tests")), "the sources are not complete")
    (tree / "mm/Kconfig").write_text("config BALLOON\n\tbool\n")
    _patch(tree)
    check("select BALLOON" in (ours / "Kconfig").read_text(), "the newer name is not known")
    (ours / "Kconfig").write_text("config OTHER\n")
    _patch(tree, "drivers/vmhooks exists, and make patch did not write it")
    check((ours / "Kconfig").read_text() == "config OTHER\n", "it was replaced all the same")
    (tree / "Makefile").write_text("VERSION = 5\nPATCHLEVEL = 4\n")
    _patch(tree, "Linux 5.4 is too old")
    (tree / "mm/Kconfig").unlink()
    _patch(tree, "it has no mm/Kconfig")
    _patch(tmp_path / "nothing", "is no folder")
