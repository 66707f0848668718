# SPDX-License-Identifier: GPL-2.0-only
"""A Debian guest with the packages: it boots with the stock driver bound, as where that is built
in, the unit moves the device, cold page cache returns, and purge gives the device back.
"""

import json
import re
from typing import Any

import pytest

from lab import MIB, check
from lab.roots import debian, debs

KERNELS = ("6.12",)
pytestmark = pytest.mark.timeout(1500)
COLD_MB, WARM_MB = 800, 64
READ_MB = 300  # of a file with contents, before a snapshot
# Reads the warm file for as long as it exists.
READER = "while [ -e /warm ]; do cat /warm >/dev/null 2>&1; done"


def _json(guest: debian.RootGuest, command: str) -> Any:
    return json.loads(guest.try_sh(f"vmhooks {command} --json")[1])


def _check_boot(guest: debian.RootGuest) -> None:
    """The stock driver came first, from the initramfs, and the unit has moved the device."""
    log = guest.sh("dmesg")
    check(-1 < log.find("virtio_balloon") or "virtio_balloon" in guest.sh("cat /proc/modules"),
          f"the stock driver was not loaded:\n{log[-2000:]}")
    unit = guest.sh("systemctl show -p Result,ActiveState,ExecMainStatus vmhooks-takeover")
    check("ActiveState=active" in unit and "ExecMainStatus=0" in unit, f"the unit: {unit}")
    said = guest.sh("journalctl -u vmhooks-takeover -o cat")
    check("is bound to balloon_report" in said, f"the unit said:\n{said}")
    check(guest.balloon_driver() == "balloon_report", f"bound: {guest.balloon_driver()}")


def _check_doctor(guest: debian.RootGuest) -> None:
    found = [each for each in _json(guest, "doctor")["findings"] if each["fault"]]
    check(not found, f"faults: {found}")
    check(_json(guest, "status")["reporting"], "the status says that nothing is reported")


def _check_trim(guest: debian.RootGuest) -> None:
    """Cold page cache goes back, what is read all the time is read again once at most.

    The multi-generational LRU evicts it once before it learns from that.
    """
    guest.sh(f"truncate -s {COLD_MB}M /cold; truncate -s {WARM_MB}M /warm; cat /warm /warm /cold "
             ">/dev/null", 200)
    reader = guest.start(READER)
    guest.sh("vmhooks flush", 90)
    before = guest.rss_bytes()
    names = [each["name"] for each in _json(guest, "doctor")["findings"]]
    check("page_cache" in names, f"doctor does not name the page cache: {names}")
    said = guest.sh("vmhooks trim --now", 120)
    print(said)
    taken, again = map(int, re.findall(r"(\d+) MiB", said)[-2:])
    guest.sh("rm /warm")
    guest.wait(reader)
    back = (before - guest.rss_bytes()) // MIB
    check(taken > COLD_MB * 8 // 10 and back > COLD_MB * 7 // 10,
          f"{taken} MiB were reclaimed, {back} MiB are back at the host")
    check(again < 2 * WARM_MB, f"{again} MiB were read again, more than the warm file once")


def _snapshot_mb(guest: debian.RootGuest) -> int:
    """The size of a snapshot of the guest, which runs on after it."""
    size = guest.home / "snapshot"
    size.unlink(missing_ok=True)
    guest.qmp("migrate-set-parameters", **{"max-bandwidth": 10 << 30})
    guest.qmp("migrate", uri=f"exec:wc -c >{size}")
    guest.poll("the snapshot", lambda: size.exists() and size.read_text().strip(), 120)
    guest.qmp("cont")
    return int(size.read_text()) // MIB


def _check_snapshot(guest: debian.RootGuest) -> None:
    """The hook of the guest agent makes a snapshot smaller."""
    guest.sh(f"yes | head -c {READ_MB}M >/read; sync; cat /read >/dev/null", 200)
    without = _snapshot_mb(guest)
    guest.sh("/usr/share/vmhooks/fsfreeze-hook freeze; rm /read", 120)
    size = _snapshot_mb(guest)
    print(f"a snapshot has {without} MiB, with the hook {size} MiB")
    check(size < without - READ_MB * 6 // 10, f"{without} MiB, with the hook {size} MiB")


def _check_units(guest: debian.RootGuest) -> None:
    """The timers are off, and the service of trim runs when the guest is idle."""
    for timer in ("trim", "metrics"):
        said = guest.try_sh(f"systemctl is-enabled vmhooks-{timer}.timer")[1].strip()
        check(said == "disabled", f"the timer of {timer} is {said}")
    guest.sh("systemctl start vmhooks-trim", 120)
    said = guest.sh("journalctl -u vmhooks-trim -o cat")
    check("page cache" in said or "not idle" in said, f"the service said:\n{said}")


def _check_purge(guest: debian.RootGuest) -> None:
    """The unit goes with the package."""
    guest.purge()
    left = guest.sh("systemctl list-units --all --plain 'vmhooks*'")
    check(not re.search("^vmhooks-takeover.service", left, re.M), f"the unit is left:\n{left}")


def test_deb_boot(kernel: str) -> None:
    """From boot to purge."""
    with debian.RootGuest(kernel, debs.installed(kernel), debs.stock_first(kernel),
                          memory_mb=1600) as guest:
        guest.booted()
        _check_boot(guest)
        _check_doctor(guest)
        _check_trim(guest)
        _check_snapshot(guest)
        _check_units(guest)
        _check_purge(guest)
        guest.judge()
