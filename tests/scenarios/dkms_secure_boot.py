# SPDX-License-Identifier: GPL-2.0-only
"""packaging/install says what Secure Boot requires, in each state of it.

Guards: install checks the certificate that dkms signs with. It recognises an enrolled one,
although mokutil then exits with status 1. Without mokutil, the EFI variable still shows that
the user has to act.
"""

import pytest

from lab import check
from lab.roots import debian
from lab.roots.root import Session

KERNELS = ("6.1",)
pytestmark = pytest.mark.timeout(1500)
EFIVARS = "/sys/firmware/efi/efivars"  # an ordinary folder, as the root has no sysfs
VARIABLE = f"{EFIVARS}/SecureBoot-8be4df61-93ca-11d2-aa0d-00e098032b8c"
DKMS = "/var/lib/dkms/mok.pub"
MINE, MINE_TOO = "/etc/mine.der", "/etc/mine-too.der"
ENROLLED, REQUESTED = "/enrolled.der", "/requested.der"
# Output and exit status of mokutil 0.6.0: 0 for a key that can be imported, else 1.
MOKUTIL = f"""#!/bin/sh
case $1 in
--sb-state)
    case $(od -An -t u1 -j 4 -N 1 {VARIABLE}) in
    *1) echo "SecureBoot enabled" ;;
    *) echo "SecureBoot disabled" ;;
    esac ;;
--test-key)
    [ -r "$2" ] || {{ echo "Failed to open $2" >&2; exit 255; }}
    if cmp -s "$2" {ENROLLED}; then echo "$2 is already enrolled"; exit 1; fi
    if cmp -s "$2" {REQUESTED}; then
        echo "$2 is already in the enrollment request"; exit 1
    fi
    echo "$2 is not enrolled" ;;
esac
"""
NOTHING_TO_DO = "the key that signed the modules is enrolled"
TO_IMPORT = "is not enrolled yet: mokutil --import"
FRAMEWORK = "/etc/dkms/framework.conf"


# The functions of install, without its slow steps.
SAY = """set -euo pipefail
. /mnt/packaging/common.sh
. /mnt/packaging/secure-boot.sh
say_secure_boot """


class Machine:
    """A root with the modules installed, whose firmware is a few files."""

    def __init__(self, inside: Session, release: str) -> None:
        self.inside = inside
        self._release = release
        inside.must(f"mkdir -p {EFIVARS}; echo mine > {MINE}; echo mine too > {MINE_TOO}\n"
                    f"cat > /usr/bin/mokutil <<'END'\n{MOKUTIL}END")

    def secure_boot(self, on: bool) -> None:
        """Write the EFI variable: four bytes of attributes, then the value."""
        self.inside.must(f"printf '\\6\\0\\0\\0\\{int(on)}' > {VARIABLE}")

    def must_say(self, state: str, *sentences: str, command: str = "") -> None:
        """Exactly one line about Secure Boot is printed, with these sentences."""
        said = [line for line in
                self.inside.must(command or f"{SAY}{self._release}").splitlines()
                if "Secure Boot" in line]
        check(len(said) == 1 and all(each in said[0] for each in sentences),
              f"{state}: no single line with {sentences}, but:\n" + "\n".join(said))

    def install_must_say(self, *sentences: str) -> None:
        """The script itself prints it, once more for an existing installation."""
        self.must_say("install", *sentences,
                      command=f"/mnt/packaging/install KVER={self._release} INITRAMFS=no")


def _dkms_key(machine: Machine) -> None:
    """The key that dkms makes: new, waiting for enrolment, enrolled."""
    machine.must_say("on, not enrolled", f"{TO_IMPORT} {DKMS}")
    machine.inside.must(f"cp {DKMS} {REQUESTED}")
    machine.must_say("on, requested", "reboot", "MokManager")
    machine.inside.must(f"cp {DKMS} {ENROLLED}")
    machine.must_say("on, enrolled", "Secure Boot is on", NOTHING_TO_DO)
    machine.install_must_say(NOTHING_TO_DO)


def _own_key(machine: Machine) -> None:
    """A key that the user configured for dkms. The last file that names one wins."""
    machine.inside.must(f"echo mok_certificate={MINE} >> {FRAMEWORK}")
    machine.must_say("own key, not enrolled", f"{TO_IMPORT} {MINE}")
    machine.inside.must(f"cp {MINE} {ENROLLED}")
    machine.must_say("own key, enrolled", NOTHING_TO_DO)
    machine.inside.must(f"mkdir -p {FRAMEWORK}.d; "
                        f"echo 'mok_certificate=\"{MINE_TOO}\"' > {FRAMEWORK}.d/key.conf")
    machine.must_say("another own key", f"{TO_IMPORT} {MINE_TOO}")
    machine.inside.must(f"rm {MINE_TOO}")
    machine.must_say("own key, missing", f"Failed to open {MINE_TOO}")


def _without(machine: Machine, release: str) -> None:
    """Without mokutil, then without a signature."""
    machine.inside.must("rm /usr/bin/mokutil")
    machine.must_say("on, no mokutil", "package mokutil", f"mokutil --import {MINE_TOO}")
    machine.inside.must(f"strip -g /lib/modules/{release}/updates/dkms/balloon_report.ko")
    machine.must_say("on, not signed", "the modules are not signed")
    machine.secure_boot(False)
    machine.must_say("off, no mokutil", "Secure Boot is off")


def test_dkms_secure_boot(kernel: str) -> None:
    """Secure Boot off and on, without a key, with each key."""
    state = debian.with_dkms()
    release = state.release(kernel)
    with debian.session(state) as inside:
        machine = Machine(inside, release)
        machine.secure_boot(False)
        machine.must_say("off", "Secure Boot is off")
        machine.secure_boot(True)
        _dkms_key(machine)
        _own_key(machine)
        _without(machine, release)
