# SPDX-License-Identifier: GPL-2.0-only
"""packaging/install and uninstall finish or change nothing.

They lack a tool, fail near the end, are interrupted there, and are killed there. They run as
root by "su" without a dash. The modules are empty.
"""

import pytest

from lab import check
from lab.roots import debian, system
from lab.roots.root import Session

KERNELS = ("6.12",)
pytestmark = [pytest.mark.timeout(1500), pytest.mark.once]
PACKAGING = f"{debian.SMALL}/packaging"
# All files of vmhooks, and the output of depmod.
STATE = """find /usr/src/vmhooks-* /var/lib/dkms/vmhooks /etc/modprobe.d/vmhooks.conf \
    /etc/initramfs-tools/hooks/vmhooks /var/lib/vmhooks* /lib/modules/*/updates \
    /lib/modules/*/modules.dep -type l -printf '%p %l\\n' -o -type f -exec sha256sum {} + \
    2>/dev/null | sort"""
# Replaces the real one, which other scenarios run, and ends in the way that /how says.
UPDATE_INITRAMFS = """cat > /usr/local/bin/update-initramfs <<'END'
#!/bin/sh
echo "$@" >> /rebuilt
how=$(cat /how)
echo > /how
case $how in
"") ;;
fail) exit 1 ;;
*) kill -"$how" $PPID; sleep 1 ;;
esac
END
chmod +x /usr/local/bin/update-initramfs"""


class Machine:
    """A root with the empty modules installed for one kernel, and changed sources."""

    def __init__(self, inside: Session, release: str) -> None:
        self._inside = inside
        self.commands = {"install": f"{PACKAGING}/install KVER={release}",
                         "uninstall": f"{PACKAGING}/uninstall"}
        self._rebuild = f"-u -k {release}"
        inside.must(f"{debian.MAKE_SMALL}\n{UPDATE_INITRAMFS}\necho > /how")
        inside.must(self.commands["install"])
        inside.must(f"echo '# changed' >> {debian.SMALL}/Kbuild")
        self._before = self._state()

    def _state(self) -> str:
        return self._inside.run(STATE).stdout

    def _check_same(self, what: str, said: str) -> None:
        check(self._state() == self._before, f"{what}: something was changed:\n{said}\n"
              f"before:\n{self._before}\nafter:\n{self._state()}")

    def without(self, tool: str, sentence: str) -> None:
        """Both scripts name the missing tool."""
        self._inside.must(f"mv {tool} /hidden")
        for name, command in self.commands.items():
            done = self._inside.run(command)
            check(done.returncode == 1 and sentence in done.stdout,
                  f"{name} without {tool}: {done.returncode}:\n{done.stdout}")
            self._check_same(f"{name} without {tool}", done.stdout)
        self._inside.must(f"mv /hidden {tool}")

    def ended(self, name: str, how: str) -> None:
        """The script ends while it rebuilds the initramfs. It is rebuilt with the old modules."""
        # A shell cannot trap a signal that its parent ignores, as for a job in the background.
        done = self._inside.run(f"echo {how} > /how; rm -f /rebuilt; "
                                f"env --default-signal=INT,TERM,HUP {self.commands[name]}")
        check(done.returncode and "Nothing was changed." in done.stdout,
              f"{name}, {how}: {done.returncode}:\n{done.stdout}")
        self._check_same(f"{name}, {how}", done.stdout)
        rebuilt = self._inside.must("cat /rebuilt").splitlines()
        check(rebuilt == [self._rebuild] * 2, f"{name}, {how}: rebuilt {rebuilt}")

    def killed(self, name: str, after: str) -> str:
        """The script is killed there. Returns what the next run says."""
        # Not as PID 1 of the root, which cannot be killed.
        done = self._inside.run(f"echo KILL > /how; {self.commands[name]}; exit $?")
        check(done.returncode and self._state() != self._before,
              f"{name}, killed: {done.returncode}:\n{done.stdout}")
        said = self._inside.must(self.commands[after])
        check("The last run was cut off" in said, f"{after} after {name} was killed:\n{said}")
        return said

    def check_gone(self) -> None:
        """Nothing is left."""
        left = [line for line in self._state().splitlines() if not line.endswith("/modules.dep")]
        check(not left, "left behind:\n" + "\n".join(left))


def test_dkms_whole(kernel: str) -> None:
    """Each way to end, for both scripts; then uninstall."""
    state = system.base()
    with debian.session_by_su(state) as inside:
        machine = Machine(inside, state.release(kernel))
        machine.without("/usr/sbin/depmod", "depmod is missing")
        inside.must("mv /usr/local/bin/update-initramfs /")
        machine.without("/usr/sbin/update-initramfs", "Neither update-initramfs nor dracut")
        inside.must("mv /update-initramfs /usr/local/bin")
        for name in machine.commands:
            for how in ("fail", "INT", "TERM", "HUP"):
                machine.ended(name, how)
        said = machine.killed("uninstall", "install")
        check("is replaced" in said, f"install did not find the modules put back:\n{said}")
        machine.killed("install", "uninstall")
        machine.check_gone()
