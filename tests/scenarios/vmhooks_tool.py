# SPDX-License-Identifier: GPL-2.0-only
"""The command vmhooks in a guest: faults that are staged one after the other, moves of the
device, also when they are interrupted, and a flush.

tests/static/tool.py has the faults that a tree of files can stage.
"""

import json
import re
from typing import Any

from lab import MIB, Guest, check, tool
from lab.guest import balloon
from lab.kernels.modules import OURS, TOP

KERNELS = ("6.12",)
ALSO = ("6.1",)
MOVES = 8  # that are interrupted, each at another time


def _json(guest: Guest, command: str) -> Any:
    return json.loads(guest.try_sh(f"vmhooks {command} --json")[1])


def _check_finding(guest: Guest, name: str) -> None:
    """Doctor finds this fault, and exits accordingly."""
    found = _json(guest, "doctor")["findings"]
    check(name in [each["name"] for each in found if each["fault"]], f"no {name}: {found}")
    check(guest.try_sh("vmhooks doctor")[0] == 1, "the exit status")


def _check_healthy(guest: Guest) -> None:
    found = [each for each in _json(guest, "doctor")["findings"] if each["fault"]]
    check(not found, f"faults: {found}")
    status = _json(guest, "status")
    check(status["reporting"] and status["devices"][0]["driver"] == balloon.OURS,
          f"status: {status}")


def _plug(guest: Guest, name: str, **properties: bool) -> None:
    guest.qmp("device_add", driver="virtio-balloon-pci", id=name, bus="pci.0", **properties)
    guest.poll("the device", lambda: balloon.devices(guest), 30)


def _unplug(guest: Guest, name: str) -> None:
    since = len(guest.qmp.events)
    guest.qmp("device_del", id=name)
    guest.wait_event("DEVICE_DELETED", 60, since)


def _check_device(guest: Guest) -> None:
    """No device, one that does not report, and drivers that are not ours."""
    _check_finding(guest, "no_device")
    _plug(guest, "plain")
    guest.insmod(balloon.STOCK)
    _check_finding(guest, "stock_first")
    guest.sh("mkdir -p /etc/modprobe.d; echo 'blacklist balloon_report' >/etc/modprobe.d/x.conf")
    _check_finding(guest, "blacklisted")
    guest.sh("rm /etc/modprobe.d/x.conf; cd /lib/modules/*; mv modules.dep /dep; echo >modules.dep")
    _check_finding(guest, "not_installed")
    guest.sh("mv /dep /lib/modules/*/modules.dep; vmhooks takeover")
    _check_finding(guest, "not_offered")
    _unplug(guest, "plain")


def _check_switches(guest: Guest) -> None:
    """Reporting is offered, and the guest declines it."""
    guest.sh(f"rmmod {balloon.OURS} {balloon.STOCK}")
    guest.insmod(balloon.OURS, "reporting=0")
    _plug(guest, "reports", free_page_reporting=True)
    _check_finding(guest, "switched_off")
    guest.sh("vmhooks release; rmmod balloon_report; vmhooks takeover")
    _check_healthy(guest)


def _check_flush(guest: Guest) -> None:
    """The memory of a program is back at the host when flush returns."""
    guest.sh("memhog 300 --hold 0", 60)
    said = guest.sh("vmhooks flush --drop-caches --compact --timeout 60", 90)
    check("reported " in said, said)
    free, back = (_json(guest, "status")["memory"][name]
                  for name in ("free_bytes", "reported_free_bytes"))
    check(back > free * 0.7, f"{free} bytes are free, {back} are reported")
    left = guest.rss_bytes() - balloon.unreportable_bytes(guest)
    check(left < 64 * MIB, f"{left // MIB} MiB are left at the host")


def _check_notes(guest: Guest) -> None:
    guest.sh("echo 40 >/proc/sys/vm/nr_hugepages")
    names = [each["name"] for each in _json(guest, "doctor")["findings"]]
    check("hugetlb" in names, f"notes: {names}")
    guest.sh("echo 0 >/proc/sys/vm/nr_hugepages")


def _check_abi(guest: Guest) -> None:
    """docs/abi/ describes every file of the modules."""
    guest.insmod("kvmclock_fix")
    parameters = " ".join(f"/sys/module/{name}/parameters" for name in OURS)
    found = guest.sh("cd /sys/bus/virtio/devices; find /sys/kernel/mm_hooks "
                     f"/sys/kernel/kvmclock_fix {parameters} $PWD/virtio*/balloon/ -type f").split()
    text = "".join(path.read_text() for path in (TOP / "docs/abi").glob("sysfs-*"))
    known = [re.sub(r"<\w+>", "@", name) for name in re.findall(r"^What:\s+(\S+)", text, re.M)]
    patterns = [re.compile(re.escape(name).replace("@", r"\w+")) for name in known]
    lacks = [name for name in found
             if not any(each.fullmatch(name.replace("//", "/")) for each in patterns)]
    check(len(found) > 60 and not lacks, f"{len(found)} files, not described: {lacks}")


def _check_moves(guest: Guest) -> None:
    """There and back, then interrupted at several times: a driver is bound after each."""
    for command, driver in (("release", balloon.STOCK), ("takeover", balloon.OURS)):
        guest.sh(f"vmhooks {command}")
        check(list(balloon.devices(guest).values()) == [driver], f"{command}: not {driver}")
    for number in range(MOVES):
        command = ("release", "takeover")[number % 2]
        guest.sh(f"vmhooks {command} & sleep 0.0{number * 12 // 10}; "
                 "kill -TERM $! 2>/dev/null; wait $!; true")
        driver = next(iter(balloon.devices(guest).values()))
        check(driver in (balloon.STOCK, balloon.OURS), f"{command} left the device to '{driver}'")
    guest.sh("vmhooks takeover")
    _check_healthy(guest)


def test_vmhooks_tool(kernel: str) -> None:
    """One guest, which begins without a device; then one that loads signed modules only."""
    files = {"bin/vmhooks": tool.build(tool.STATIC).read_bytes()}
    with Guest(kernel, memory_mb=640, machine="pc", balloon=None, files=files) as guest:
        _check_device(guest)
        _check_switches(guest)
        _check_flush(guest)
        _check_notes(guest)
        _check_abi(guest)
        _check_moves(guest)
        guest.rmmod(balloon.STOCK)
        guest.finish()
    with Guest(kernel, memory_mb=256, append="module.sig_enforce=1", files=files) as guest:
        guest.try_sh("modprobe balloon_report")
        guest.insmod(balloon.STOCK)
        _check_finding(guest, "signature")
