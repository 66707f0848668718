# SPDX-License-Identifier: GPL-2.0-only
"""The Debian package through its life: install, upgrade, a build that fails, downgrade, kernels
that come and go, remove, purge, and the change from make install.

One root goes through all steps. DKMS copies a module of the kernel instead of building.
"""

import pytest

from lab import check
from lab.kernels.modules import OURS, TOP
from lab.roots import debian, debs, system
from lab.roots.root import Session

KERNELS = ("6.12",)
pytestmark = [pytest.mark.timeout(1500), pytest.mark.once]
AUTOPKGTEST = TOP / "debian/tests/installed"
REMOVE_KERNEL = "run-parts --exit-on-error --arg={0} --arg=/boot/vmlinuz-{0} /etc/kernel/prerm.d"
ADD_HEADERS = "run-parts --exit-on-error --arg={0} /etc/kernel/header_postinst.d"
ADD_KERNEL = "run-parts --exit-on-error --arg={0} /etc/kernel/postinst.d"
# Replaces the real one, which dkms_package runs, and records for which kernel it is called.
# The trigger of initramfs-tools names none.
UPDATE_INITRAMFS = """cat > /usr/local/bin/update-initramfs <<'END'
#!/bin/sh
[ "$*" = -u ] || echo "$@" >> /rebuilt
END
chmod +x /usr/local/bin/update-initramfs"""
LEFT = """find /usr/src/vmhooks* /var/lib/dkms /var/lib/vmhooks /lib/modules /etc /usr/lib/modprobe.d \
    /usr/share/initramfs-tools ! -name 'vmhooks-takeover.service' 2>/dev/null |
    grep -E 'vmhooks|mm_hooks|balloon_report|kvmclock_fix|/updates'
grep -lE 'mm_hooks|balloon_report|kvmclock_fix' /lib/modules/*/modules.*"""


class Machine:
    """A root with two kernels."""

    def __init__(self, inside: Session, old: str, new: str) -> None:
        self._inside = inside
        self.new, self.old = new, old
        self.must = inside.must
        self.must(UPDATE_INITRAMFS)

    def dpkg(self, arguments: str, status: int = 0) -> str:
        """Run dpkg. Returns its output."""
        done = self._inside.run(f"rm -f /rebuilt; PATH=/usr/local/bin:$PATH dpkg {arguments}")
        check(done.returncode == status, f"dpkg {arguments}: {done.returncode}:\n{done.stdout}")
        return done.stdout

    def install(self, version: str, fails_for: str = "", status: int = 0) -> str:
        """Install the package of a version, with the tool of the same build."""
        folder = debs.copied(version, fails_for)
        for package in folder.glob("vmhooks*.deb"):
            (self._inside.upper / package.name).write_bytes(package.read_bytes())
        names = f"/vmhooks-dkms_{version}_all.deb /vmhooks_{version}_amd64.deb"
        return self.dpkg(f"-i {names}", status)

    def status(self) -> list[str]:
        """The status of dkms, as dkms 3 prints it."""
        said = self.must("dkms status 2>/dev/null").splitlines()
        return sorted(line.replace("vmhooks, ", "vmhooks/") for line in said)

    def must_have(self, version: str, *releases: str) -> None:
        """These kernels have the modules of this version, and dkms knows of nothing else."""
        status = self.status()
        wanted = [f"vmhooks/{version}, {release}, x86_64: installed" for release in releases]
        check(status == sorted(wanted), f"dkms status: {status}")
        for release in (self.new, self.old):
            for name in OURS:
                done = self._inside.run(f"modinfo -k {release} {name}")
                check((done.returncode == 0) == (release in releases),
                      f"{name} of {release}: {done.stdout}")
        sources = self.must("ls -d /usr/src/vmhooks-*").split()
        check(sources == [f"/usr/src/vmhooks-{version}"], f"sources: {sources}")

    def must_have_rebuilt(self, *releases: str) -> None:
        """The initramfs of these kernels was rebuilt by the last dpkg."""
        said = sorted(self.must("cat /rebuilt").splitlines())
        wanted = sorted(f"-u -k {release}" for release in releases)
        check(said == wanted, f"rebuilt {said}, not {wanted}")

    def must_be_gone(self) -> None:
        """Nothing of the package is left."""
        left = self._inside.run(LEFT).stdout
        check(not left, f"left behind:\n{left}")


def _check_files(machine: Machine) -> None:
    """The configuration belongs to the package, which has nothing in /etc."""
    named = "/usr/lib/modprobe.d/vmhooks.conf /usr/share/initramfs-tools/hooks/vmhooks " \
            "/usr/lib/dracut/modules.d/90vmhooks/module-setup.sh"
    for path in named.split():
        owner = machine.must(f"test -s {path}; dpkg-query -S {path}")
        check(owner.startswith("vmhooks-dkms:"), f"{path} belongs to {owner}")
    check(not machine.must("find /etc -name '*vmhooks*' ! -path '/etc/systemd/*'"), "files in /etc")
    order = machine.must(f"modprobe -S {machine.old} --show-depends virtio_balloon")
    at = [order.find(f"/{name}.ko") for name in ("balloon_report", "virtio_balloon")]
    check(-1 < at[0] < at[1], f"modprobe loads in another order:\n{order}")
    check(machine.must("vmhooks --version") == "vmhooks 9.9.1\n", "the tool")
    said = machine.must(AUTOPKGTEST.read_text())
    check("2 kernels have the modules" in said, f"autopkgtest said:\n{said}")


def _check_install(machine: Machine) -> None:
    """On a machine where make install was before."""
    machine.must(f"{debian.MAKE_SMALL}\n{debian.SMALL}/packaging/install KVER={machine.old} "
                 "INITRAMFS=no")
    said = machine.install("9.9.1")
    check("replaces version" in said, f"dpkg said:\n{said}")
    machine.must_have("9.9.1", machine.new, machine.old)
    machine.must_have_rebuilt(machine.new, machine.old)
    _check_files(machine)
    for script in ("install", "uninstall"):
        said = machine.must(f"! {debian.SMALL}/packaging/{script} 2>&1")
        check("apt purge vmhooks-dkms" in said, f"{script} said:\n{said}")
    machine.must_have("9.9.1", machine.new, machine.old)


def _check_upgrade(machine: Machine) -> None:
    """Upgrades: one that builds for both kernels, for one, for none; then a downgrade."""
    machine.install("9.9.2")
    machine.must_have("9.9.2", machine.new, machine.old)
    said = machine.install("9.9.3", machine.old)
    machine.must_have("9.9.3", machine.new)
    check(f"could not be built for kernel {machine.old}" in said, f"dpkg said:\n{said}")
    machine.must_have_rebuilt(machine.new, machine.old)
    said = machine.install("9.9.4", "*", status=1)
    check("No kernel has the modules" in said, f"dpkg said:\n{said}")
    machine.install("9.9.1")
    machine.must_have("9.9.1", machine.new, machine.old)


def _check_kernels(machine: Machine) -> None:
    """Kernels come with and without headers, and go."""
    link = f"/lib/modules/{machine.old}/build"
    machine.must(f"mv {link} /build")
    said = machine.install("9.9.2")
    check("apt install linux-headers-amd64" in said, f"dpkg said:\n{said}")
    machine.must_have("9.9.2", machine.new)
    machine.must(ADD_KERNEL.format(machine.old))
    machine.must_have("9.9.2", machine.new)
    machine.must(f"mv /build {link}; {ADD_HEADERS.format(machine.old)}")
    machine.must_have("9.9.2", machine.new, machine.old)
    # The package of a kernel would remove its folder after that.
    machine.must(f"{REMOVE_KERNEL.format(machine.old)}; depmod {machine.old}")
    machine.must_have("9.9.2", machine.new)
    machine.must(f"{REMOVE_KERNEL.format(machine.new)}; depmod {machine.new}")
    check(machine.status() == ["vmhooks/9.9.2: added"], "dkms forgot it")
    machine.must("test -s /usr/lib/modprobe.d/vmhooks.conf")
    machine.must(ADD_HEADERS.format(machine.new))
    machine.must_have("9.9.2", machine.new)


def _check_removal(machine: Machine) -> None:
    """Remove, install again, purge."""
    machine.dpkg("-r vmhooks-dkms")
    machine.must_have_rebuilt(machine.new)
    machine.must_be_gone()
    machine.install("9.9.2")
    machine.must_have("9.9.2", machine.new, machine.old)
    machine.dpkg("-P vmhooks-dkms vmhooks")
    machine.must_be_gone()
    known = machine.must("dpkg-query -W -f '${db:Status-Status}\\n' 'vmhooks*' || true")
    check("installed" not in known.split() and "config-files" not in known, f"dpkg: {known}")


@pytest.mark.parametrize("release", ("bookworm", pytest.param("trixie", marks=pytest.mark.wide)))
def test_deb_lifecycle(kernel: str, release: str) -> None:
    """One step after the other, with the kernels and the dkms of a Debian release."""
    del kernel  # the release's own
    state = system.base(release)
    with debian.session(state) as inside:
        machine = Machine(inside, *state.releases())
        _check_install(machine)
        _check_upgrade(machine)
        _check_kernels(machine)
        _check_removal(machine)
