# SPDX-License-Identifier: GPL-2.0-only
"""Every byte that must survive is verified, while everything that moves memory runs.

Programs fill and verify memory at random: small and huge pages, files, holes that must read as
zeros. Meanwhile blocks down to one page are reported by both engines in turn, the balloon
changes its size, memory is compacted, swapped, offlined and onlined, and all reports are
forgotten. At the end the guest migrates. Guards: not a word is wrong.

A driver that puts its blocks back too early is detected by the same programs.
"""

import os
import random
import tempfile
import time
from pathlib import Path

import pytest

from lab import MIB, Guest, check, kernels
from lab.guest import balloon, newqemu, survey
from lab.guest.control import GuestError
from lab.kernels import modules

KERNELS = ("lab",)
ALSO = ("6.12", "lab-6.1", "lab-7.3")
TIMEOUT = 1500
pytestmark = [pytest.mark.timeout(TIMEOUT), pytest.mark.wide]
SECONDS = 300
BROKEN_SECONDS = 40
BROKEN_MB, BROKEN_USED_MB = 320, 160
MEMORY_MB = 768
USED_MB = 440  # a block of memory that goes offline has room elsewhere
MOVABLE_MB = 320
SWAP_MB = 512
SEED = int(os.environ.get("VMHOOKS_SEED", "1"))
MEMORY = "/sys/devices/system/memory"
BALLOON = ("free-page-reporting=on", "free-page-hint=on", "deflate-on-oom=on", "iothread=io0")


def _actions() -> tuple[str, ...]:
    hooks, parameters = balloon.HOOKS, balloon.PARAMETERS
    return (f"echo 1 >{hooks}/forget", f"echo 30000 >{hooks}/flush",
            f"echo page_reporting >{parameters}/engine", f"echo native >{parameters}/engine",
            f"echo 0 >{parameters}/report_order", f"echo 9 >{parameters}/report_order",
            "echo 1 >/proc/sys/vm/compact_memory",
            # The kernel tries until a signal comes.
            f"for b in $(grep -l Movable {MEMORY}/memory*/valid_zones | tail -n 1); do "
            "s=${b%/*}/state; timeout 20 sh -c \"echo offline >$s\" && "
            "echo online_movable >$s; done; true")


def _disturb(guest: Guest, device: balloon.Balloon, end: float) -> None:
    dice, actions = random.Random(SEED), _actions()
    while time.monotonic() < end:
        device.ask(dice.randrange(0, 96))
        guest.try_sh(dice.choice(actions), 120)
        time.sleep(dice.random())


def test_survey(kernel: str) -> None:
    """Disturb the programs, migrate them, and let them verify what they have."""
    with tempfile.NamedTemporaryFile(prefix="vmhooks-swap") as swap:
        swap.truncate(SWAP_MB * MIB)
        with Guest(kernel, memory_mb=MEMORY_MB, cpus=2, lifetime=TIMEOUT, balloon=BALLOON,
                   disks=(Path(swap.name),), qemu=newqemu.command(),
                   append=f"movablecore={MOVABLE_MB}M") as source:
            device = balloon.load(source)
            balloon.tune(source, "delay_ms", 10)
            source.sh("mkswap /dev/vda >/dev/null && swapon /dev/vda")
            survey.start(source, USED_MB, SECONDS, SEED)
            _disturb(source, device, time.monotonic() + SECONDS * 0.8)
            with source.migrate() as guest:
                wrong = survey.wait(guest, SECONDS * 2)
                seen = balloon.hooks(guest)
                print(f"{seen['reported_bytes'] / 2**30:.1f} GiB reported, "
                      f"{balloon.Balloon(guest).counters()}")
                check(wrong == 0, f"{wrong} words are wrong")
                guest.finish()


def _is_detected(kernel: str, fault: str) -> bool:
    """Whether words are wrong with this fault, or the kernel's own memory was hit and it died."""
    built = modules.build(kernels.get(kernel), fault=fault)
    driver = (built / f"{balloon.OURS}.ko").read_bytes()
    with Guest(kernel, memory_mb=BROKEN_MB, cpus=2, files={"/driver.ko": driver}) as guest:
        guest.sh("modprobe mm_hooks delay_ms=10 min_age_ms=0 && insmod /driver.ko")
        balloon.tune(guest, "report_order", 0)
        survey.start(guest, BROKEN_USED_MB, BROKEN_SECONDS, SEED)
        try:
            return survey.wait(guest, BROKEN_SECONDS * 5) > 0
        except GuestError:
            guest.process.wait(20)  # a kernel that panics or is reset ends QEMU
            print("the guest died")
            return True


def test_broken(kernel: str) -> None:
    """A driver that puts blocks back before the host has discarded them; then one that is right."""
    check(_is_detected(kernel, "early_putback"), "a broken driver was not detected")
    check(not _is_detected(kernel, ""), "a fault of the right driver was seen")
