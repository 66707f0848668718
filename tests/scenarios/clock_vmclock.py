# SPDX-License-Identifier: GPL-2.0-only
"""The audit inside a guest reads the page of a vmclock device.

QEMU's own device tells of disruptions only, so its guest migrates. A device that also tells the
time is described by an ACPI table of this file, and fake_clock writes its page.
"""

import re
import subprocess
import tempfile
from pathlib import Path

from lab import Guest, check
from lab.guest import newqemu
from lab.hosts.nested import CLOCK, INSIDE, Host

KERNELS = ("6.12",)
ALSO = ("6.1", "lab", "lab-7.3")
WORDS = "no-kvmclock"
MIGRATES = "max,la57=off"  # a CPU with invtsc does not
PARAMETERS = "/sys/module/fake_clock/parameters"
PERIOD = "/sys/module/kvmclock_fix/parameters/guest_period_ms"
RARELY_MS = 3600000
BANDWIDTH = 1 << 30
AT = 0xc000000  # reserved for the page
SYNCHRONIZED = 2
SHIFT = 20  # of the TSC's period, for 4 GHz at most
ANY_PERIOD = 1 << 62
FAST_PPM = 70
ONLY_DISRUPTIONS = "the vmclock device tells of disruptions; it has no time"
TIME_TOO = "the vmclock device tells of disruptions, and the time"
INVALID = f"the vmclock device at 0x{AT:016x} has no valid page, it is not used"
MOVED = r"backwards \(\d+ ns, step -500 ns, version \d+\); the host has moved or restored this VM"
STEPPED = r"backwards \(\d+ ns, step -500 ns, version \d+\); no stop of this VM explains it"
TABLE = """DefinitionBlock ("", "SSDT", 2, "VMHOOK", "VMCLOCK", 1) {
    Scope (\\_SB) {
        Device (VCLK) {
            Name (_HID, "AMZNC10C")
            Name (_CID, "VMCLOCK")
            Name (_STA, 0x0F)
            Name (_CRS, ResourceTemplate () {
                QWordMemory (ResourceConsumer, PosDecode, MinFixed, MaxFixed, Cacheable, ReadOnly,
                             0, 0x%x, 0x%x, 0, 0x1000)
            })
        }
    }
}
"""


def _inside(guest: Guest, name: str) -> str:
    return guest.read(f"{INSIDE}/{name}")


def _look(guest: Guest) -> None:
    """Make the module read the pages once."""
    before = int(_inside(guest, "updates"))
    guest.write(PERIOD, str(RARELY_MS))
    guest.poll("the audit", lambda: int(_inside(guest, "updates")) > before, 20)


def _show(guest: Guest, number: int, late_ns: int = 0) -> None:
    """Write the pvclock page of CPU 0: the clock goes on, less late_ns, and the audit looks."""
    guest.write(f"{PARAMETERS}/show", f"0 {2 * number} {1000 * number} {1000 * number - late_ns}")
    _look(guest)


def _load(guest: Guest, *words: str) -> None:
    guest.insmod("fake_clock", *words)
    guest.write(f"{PARAMETERS}/show", "0 2 1000 1000")
    guest.insmod("kvmclock_fix", f"guest_period_ms={RARELY_MS}")


def _check_steps(guest: Guest, begin: int, disrupt: str = "") -> None:
    """A step is explained by a disruption, and the next one is not."""
    if disrupt:
        guest.write(f"{PARAMETERS}/vmclock", disrupt)
    known = int(_inside(guest, "disruptions"))
    _show(guest, begin, late_ns=500)
    counts = [int(_inside(guest, name)) for name in ("disruptions", "backwards", "stopped")]
    check(counts == [known + 1, 1, 1], f"after a disruption: {counts}")
    _show(guest, begin + 1, late_ns=500)
    _show(guest, begin + 2, late_ns=1000)
    counts = [int(_inside(guest, name)) for name in ("disruptions", "backwards", "stopped")]
    check(counts == [known + 1, 2, 1], f"after a step of its own: {counts}")
    log = guest.sh("dmesg")
    check(len(re.findall(MOVED, log)) == 1, f"a line for the disruption: {log[-2000:]}")
    check(len(re.findall(STEPPED, log)) == 1, f"a line for the step: {log[-2000:]}")


def test_moved(kernel: str) -> None:
    """QEMU's device, in a guest that migrates."""
    with Host(kernel, kvm=False, memory_mb=256, append=WORDS, cpu=MIGRATES,
              qemu=newqemu.command(), qemu_args=("-device", "vmclock")) as source:
        _load(source)
        check(ONLY_DISRUPTIONS in source.sh("dmesg"), "the device was not found")
        check(_inside(source, "disruptions") == "0", "a disruption before the first")
        check(_inside(source, "reference") == "tsc", "a reference that has no time")
        with source.migrate(max_bandwidth=BANDWIDTH) as guest:
            _check_steps(guest, 3)
            guest.rmmod("kvmclock_fix", "fake_clock")
            guest.finish()


def _table(folder: Path) -> Path:
    source = folder / "vmclock.asl"
    source.write_text(TABLE % (AT, AT + 0xfff))
    subprocess.run(["iasl", "-p", str(folder / "vmclock"), str(source)], check=True,
                   capture_output=True)
    return folder / "vmclock.aml"


def _check_rate(guest: Guest) -> None:
    """A page of the raw clock's rate is slow by the clock of the device."""
    factor, shift = (int(guest.read(f"{CLOCK}/raw_{name}")) for name in ("mult", "shift"))
    cycle_ns = factor / 2 ** shift
    period = int(cycle_ns * (1 + FAST_PPM / 1e6) / 1e9 * 2 ** (64 + SHIFT))
    guest.write(f"{PARAMETERS}/vmclock", f"2 {SYNCHRONIZED} {period} {SHIFT}")
    guest.write(f"{PARAMETERS}/show", f"0 20 1000 1000 {int(cycle_ns * 2 ** 31)} 1")
    _look(guest)  # another rate, and another marker: the measurement begins again
    check(_inside(guest, "reference") == "vmclock", "the reference is not vmclock")
    guest.sh("sleep 2")
    _look(guest)
    said = int(_inside(guest, "rate_ppb"))
    print(f"vmclock is {FAST_PPM} ppm fast: {said} ppb")
    check(abs(said + FAST_PPM * 1000) < 50, f"{said} ppb")


def test_time(kernel: str) -> None:
    """A device without a valid page, then one that tells the time."""
    with tempfile.TemporaryDirectory() as folder, \
            Host(kernel, kvm=False, memory_mb=256, append=f"{WORDS} memmap=4K$0x{AT:x}",
                 restores=False,
                 qemu_args=("-acpitable", f"file={_table(Path(folder))}")) as guest:
        _load(guest, f"vmclock_at=0x{AT:x}")
        check(INVALID in guest.sh("dmesg"), "an invalid page is not refused")
        check(_inside(guest, "disruptions") == "unknown", "disruptions without a page")
        guest.rmmod("kvmclock_fix")
        guest.write(f"{PARAMETERS}/vmclock", f"1 {SYNCHRONIZED} {ANY_PERIOD} {SHIFT}")
        guest.insmod("kvmclock_fix", f"guest_period_ms={RARELY_MS}")
        check(TIME_TOO in guest.sh("dmesg"), "the device was not found")
        _check_steps(guest, 3, "4")
        _check_rate(guest)
        guest.rmmod("kvmclock_fix", "fake_clock")
        guest.finish()
