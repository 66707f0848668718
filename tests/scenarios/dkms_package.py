# SPDX-License-Identifier: GPL-2.0-only
"""packaging/install and uninstall name what is missing, each in an error message.

The scripts run as root by "su" without a dash, in a locale other than C. The modules here are
empty, as the scripts treat them like the real ones. Other scenarios install the real ones.
"""

import pytest

from lab import check
from lab.roots import debian, system
from lab.roots.root import Session

KERNELS = ("6.12",)
pytestmark = [pytest.mark.timeout(1500), pytest.mark.once]
OURS = "/usr/src/vmhooks-* /var/lib/dkms/vmhooks /etc/modprobe.d/vmhooks.conf /var/lib/vmhooks*"
AS_NOBODY = "setpriv --reuid 65534 --regid 65534 --clear-groups"
SMALL, PACKAGING = debian.SMALL, f"{debian.SMALL}/packaging"


def _expect(inside: Session, command: str, status: int, *sentences: str) -> str:
    done = inside.run(command)
    check(done.returncode == status,
          f"{command}: status {done.returncode}, not {status}:\n{done.stdout}")
    for sentence in sentences:
        check(sentence in done.stdout, f"{command}: did not say {sentence!r}:\n{done.stdout}")
    return done.stdout


def _refusals(inside: Session, release: str) -> None:
    """None of these calls installs anything."""
    install = f"{PACKAGING}/install KVER={release}"
    _expect(inside, f"{AS_NOBODY} {install}", 1, "This needs root", "Nothing was installed.")
    _expect(inside, f"{AS_NOBODY} {PACKAGING}/uninstall", 1, "This needs root")
    _expect(inside, f"{PACKAGING}/install KVER=newest", 1, "'newest' is no kernel release")
    _expect(inside, f"{PACKAGING}/install KVER=6.99.0", 1,
            "Kernel 6.99.0 is not installed here", release)
    _expect(inside, f"{install} SPEED=11", 1, "SPEED=11 is no setting")
    inside.must(f"mv /lib/modules/{release}/build /build")
    _expect(inside, install, 1, f"The headers of kernel {release} are missing",
            "Nothing was installed.")
    inside.must("mv /usr/sbin/dkms /dkms")
    _expect(inside, install, 1, "dkms is missing", "are missing", "Nothing was installed.")
    inside.must(f"mv /dkms /usr/sbin/dkms; mv /build /lib/modules/{release}/build")
    check(not inside.run("ls -d /usr/src/vmhooks-*").stdout.startswith("/usr"),
          "sources were placed")


def _broken_build(inside: Session, release: str) -> None:
    inside.must(f"cp -r {SMALL} /opt/broken; echo 'obj-m := nothing_here.o' > /opt/broken/Kbuild")
    _expect(inside, f"/opt/broken/packaging/install KVER={release}", 1,
            "nothing_here", "could not be built or installed", "make.log", "Nothing was changed.")
    check(not inside.run(f"ls -d {OURS} 2>/dev/null").stdout, "a failed install left something")


def _no_kdump(inside: Session, release: str) -> None:
    """The image of a crash kernel, as kdump-tools makes it, and the dracut module."""
    folder = "/var/lib/kdump/initramfs-tools"
    inside.must(f"mkdir -p /var/lib/kdump; cp -pr /etc/initramfs-tools {folder}; "
                f"echo KDUMP=y >>{folder}/initramfs.conf; echo virtio_balloon >>{folder}/modules; "
                f"/usr/sbin/mkinitramfs -d {folder} -o /var/lib/kdump/image {release}")
    held = inside.must("lsinitramfs /var/lib/kdump/image")
    check("virtio_balloon.ko" in held, "the image has no driver at all")
    check("balloon_report.ko" not in held and "mm_hooks.ko" not in held,
          "the image of a crash kernel has our driver")
    for status, name in ((0, "lvm"), (1, "kdump"), (1, "kdumpbase")):
        _expect(inside, f"PATH=$PATH:/usr/sbin:/sbin kernel={release} "
                f"add_dracutmodules=' {name} ' bash -c "
                f"'. {PACKAGING}/dracut/module-setup.sh; check'", status)
    inside.must("rm -rf /var/lib/kdump")


def _install_and_undo(inside: Session, release: str) -> None:
    """Install and uninstall for a kernel that cannot report."""
    inside.must(f"sed -i /CONFIG_PAGE_REPORTING/d /boot/config-{release}")
    said = _expect(inside, f"{PACKAGING}/install KVER={release}", 0,
                   "without CONFIG_PAGE_REPORTING", "no virtio balloon device",
                   f"is installed for kernel {release}", "Secure Boot is off")
    check("Rebuilding the initramfs" in said, f"install said:\n{said}")
    held = inside.must(f"lsinitramfs /boot/initrd.img-{release}")
    for name in ("balloon_report.ko", "mm_hooks.ko", "modprobe.d/vmhooks.conf"):
        check(name in held, f"the initramfs has no {name}")
    _no_kdump(inside, release)
    inside.must(f"echo '# changed' >> {SMALL}/Kbuild")
    _expect(inside, f"{PACKAGING}/install KVER={release} INITRAMFS=no", 0,
            "has another build of version", "which is replaced")
    _expect(inside, f"{PACKAGING}/uninstall", 0, "Rebuilding the initramfs",
            "vmhooks is uninstalled.")
    held = inside.must(f"lsinitramfs /boot/initrd.img-{release}")
    check("balloon_report" not in held and "vmhooks" not in held, "the initramfs still has it")
    _expect(inside, f"{PACKAGING}/uninstall", 0, "is not installed here")


def test_dkms_package(kernel: str) -> None:
    """Run both scripts on a machine that lacks one requirement after the other."""
    state = system.base()
    with debian.session_by_su(state) as inside:
        release = state.release(kernel)
        inside.must(debian.MAKE_SMALL)
        _refusals(inside, release)
        _broken_build(inside, release)
        _install_and_undo(inside, release)
