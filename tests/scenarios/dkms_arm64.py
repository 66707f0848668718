# SPDX-License-Identifier: GPL-2.0-only
"""On Debian for arm64 the packages build, and DKMS builds the two modules of that architecture.

The root's programs are emulated, so the compiler takes minutes.
"""

import pytest

from lab import check
from lab.kernels.arch import ARM64
from lab.roots import debian, debs, root
from lab.roots.root import Session
from lab.roots.system import FLAVOURS, System

pytestmark = [pytest.mark.timeout(6000), pytest.mark.wide]
BUILT = ("mm_hooks", "balloon_report")


def _check_modules(inside: Session, release: str) -> None:
    """DKMS has installed the two modules, and none for a clock that arm64 does not have."""
    said = inside.must("dkms status 2>/dev/null").replace("vmhooks, ", "vmhooks/")
    wanted = f"vmhooks/{debian.version()}, {release}, {ARM64.machine}: installed"
    check(wanted in said, f"dkms status: {said}")
    found = inside.must(f"cd /lib/modules/{release}/updates/dkms; ls").split()
    check(sorted(name.split(".ko")[0] for name in found) == sorted(BUILT), f"modules: {found}")
    for name in BUILT:
        info = inside.must(f"modinfo -k {release} {name}")
        version = info.split("vermagic:")[1].splitlines()[0]
        check(version.split()[0] == release and version.split()[-1] == ARM64.machine,
              f"{name} is for {version}")
    order = inside.must(f"modprobe -S {release} --show-depends virtio_balloon")
    at = [order.find(f"/{name}.ko") for name in (*BUILT, "virtio_balloon")]
    check(-1 < at[0] < at[1] < at[2], f"modprobe loads in another order:\n{order}")


@pytest.mark.parametrize("release", ["bookworm", "trixie"])
def test_dkms_arm64(release: str) -> None:
    """Build the packages, install, look, purge."""
    state = debs.installed_on(System(release, FLAVOURS[release, ARM64], ARM64))
    kernel, = state.releases()
    with root.session(state) as inside:
        check(inside.must("uname -m").strip() == ARM64.machine, "the root is not for arm64")
        _check_modules(inside, kernel)
        owner = inside.must("dpkg-query -W -f='${Architecture}' vmhooks")
        check(owner == "arm64", f"the tool's package is for {owner}")
        check(inside.must("vmhooks --version") == f"vmhooks {debian.version()}\n", "the tool")
        inside.must("dpkg --purge vmhooks vmhooks-dkms", 1200)
        left = inside.run("find /lib/modules /var/lib/dkms /usr/src -name '*vmhooks*' -o "
                          "-path '*/updates/dkms/*'").stdout
        check(not left, f"left behind:\n{left}")
