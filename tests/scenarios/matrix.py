# SPDX-License-Identifier: GPL-2.0-only
"""Each Debian release and kernel that is supported: the packages install, and the guest that
boots with them returns memory, audits a clock, and is left with the stock driver after purge.

Prints a row of the table that tests/matrix writes.
"""

import json

import pytest

from lab import MIB, check
from lab.roots import debian, debs
from lab.roots.system import System

pytestmark = [pytest.mark.timeout(3000), pytest.mark.wide]
HOG_MB = 500
SYSTEMS = {
    "debian-11": System("bullseye", ("amd64",)),
    "debian-12": System("bookworm", ("amd64",)),
    "debian-12-6.12": System("bookworm", ("6.12-amd64",)),
    "debian-12-cloud": System("bookworm", ("cloud-amd64",)),
    "debian-12-rt": System("bookworm", ("rt-amd64",)),
    "debian-13": System("trixie", ("amd64",)),
    "debian-13-rt": System("trixie", ("rt-amd64",)),
    "debian-13-dracut": System("trixie", ("amd64",), dracut=True),
    "debian-sid": System("sid", ("amd64",)),
}
VERSIONS = """dkms=$(dpkg-query -W -f '${Version}' dkms)
gcc=$(ls /usr/bin/gcc-[0-9]* /usr/bin/x86_64-linux-gnu-gcc-[0-9]* 2>/dev/null | head -n 1)
echo versions ${dkms%%-*} $($gcc -dumpfullversion) $(cat /etc/debian_version)"""


def _check_return(guest: debian.RootGuest) -> int:
    """MiB that are back at the host 20 s after a program of 500 MiB has ended."""
    guest.sh("/opt/memhog 1 --hold 0; vmhooks flush", 90)
    before = guest.rss_bytes()
    job = guest.start(f"/opt/memhog {HOG_MB} --fifo /tmp/hog")
    guest.poll("memory in use", lambda: b"held" in job.output, 120)
    used = guest.rss_bytes()
    guest.sh("echo > /tmp/hog")
    guest.wait(job)
    check(used - before > HOG_MB // 2 * MIB, f"the program took {(used - before) // MIB} MiB")
    guest.poll("memory back at the host", lambda: guest.rss_bytes() < used - HOG_MB * 9 // 10 * MIB,
               20, 0.2)
    return (used - guest.rss_bytes()) // MIB


def _check_clock(guest: debian.RootGuest) -> str:
    """The clock module is loaded and says what it does here."""
    guest.sh("modprobe kvmclock_fix")
    state = json.loads(guest.sh("vmhooks status --json"))["clock"]
    check(bool(state), "the status has no clock")
    return str(guest.sh("vmhooks status | grep ^clock")).split(None, 1)[1].strip()


@pytest.mark.parametrize("system", SYSTEMS)
def test_matrix(system: str) -> None:
    """Install, boot, use, purge."""
    state = debs.installed_on(SYSTEMS[system])
    release, = state.releases()
    with debian.session(state) as inside:
        said = inside.must(VERSIONS).split("versions ")[-1]
        dkms, gcc, debian_version = said.split()
    series = ".".join(release.split(".")[:2])
    with debian.RootGuest(series, state, memory_mb=1200) as guest:
        guest.booted()
        check(guest.balloon_driver() == "balloon_report", f"bound: {guest.balloon_driver()}")
        engine = guest.sh("cat /sys/kernel/mm_hooks/engine").strip()
        back = _check_return(guest)
        clock = _check_clock(guest)
        guest.purge()
        guest.judge()
    print(f"row | {debian_version} | {release} | {dkms} | {gcc} | {engine} | {back} MiB | {clock} |")
