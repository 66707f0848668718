# SPDX-License-Identifier: GPL-2.0-only
"""The accelerator: KVM if a kernel boots under it, else TCG."""

import os
from pathlib import Path

from .. import cache
from ..kernels.arch import X86, Arch
from ..proc import must, say
from . import programs
from .control import GuestError
from .qemu import QEMU, TCG

_PROBE_KERNEL = "6.12"
_PROBE_SECONDS = 25


def _key() -> str:
    """Changes with the host's kernel, its boot, and QEMU."""
    boot = Path("/proc/sys/kernel/random/boot_id").read_text()
    return cache.digest(os.uname().release, boot, must([QEMU, "--version"]))


def _boots_under_kvm() -> bool:
    from .guest import Guest
    try:
        with Guest(_PROBE_KERNEL, ours=False, accelerator="kvm", memory_mb=512,
                   boot_timeout=_PROBE_SECONDS, lifetime=_PROBE_SECONDS + 20) as guest:
            return guest.sh("echo works").strip() == "works"
    except GuestError:
        return False


def _probe(target: Path) -> None:
    say("does KVM work here? booting a kernel under it")
    answer = "kvm" if _boots_under_kvm() else TCG
    say(f"guests run under {answer.split(',')[0]}")
    (target / "accel").write_text(answer)


def _measure(target: Path) -> None:
    """In whole MHz, so that guests that were kept fit after the host's next boot."""
    mhz = round(int(must([str(programs.build() / "tsckhz")])) / 1000)
    (target / "khz").write_text(f"{mhz * 1000}")


def clock_words(accel: str, icount: bool, arch: Arch = X86) -> str:
    """Kernel parameters that set the TSC rate of a guest under TCG.

    On a busy host the guest's calibration fails. Then it falls back to another clocksource, and
    its time has jumped by a minute.
    """
    if not accel.startswith("tcg") or arch is not X86:
        return ""
    if icount:  # the TSC then counts nanoseconds
        return "tsc=reliable tsc_early_khz=1000000"
    found = cache.built("tsc", _key(), _measure, keep=1)
    return f"tsc=reliable tsc_early_khz={(found / 'khz').read_text()}"


def choose(arch: Arch = X86) -> str:
    """The value for QEMU's -accel, found once per boot of the host."""
    if arch is not X86:
        return TCG
    if given := os.environ.get("VMHOOKS_ACCEL"):
        return TCG if given == "tcg" else given
    if not os.access("/dev/kvm", os.R_OK | os.W_OK):
        return TCG
    return (cache.built("accel", _key(), _probe, keep=1) / "accel").read_text()
