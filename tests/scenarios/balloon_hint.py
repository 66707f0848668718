# SPDX-License-Identifier: GPL-2.0-only
"""Free page hints shorten a migration, and the guest has all of its memory afterwards.

The migration stream is discarded and the guest goes on at the source. Under TCG, QEMU 7.2
loses pages of any guest that hints, with the stock driver, too.
"""

from typing import Any

from lab import MIB, Guest, check
from lab.guest import balloon

KERNELS = ("6.12",)
ALSO = ("6.1",)
HELD_MB = 96
FREED_MB = 224
PRESSURE_MB = 192
BANDWIDTH = 48 * MIB
BALLOON = ("free-page-hint=on", "iothread=io0")


def _migrate(guest: Guest) -> dict[str, Any]:
    """Migrate to nowhere and continue here. Returns what was transferred."""
    guest.qmp("migrate-set-parameters", max_bandwidth=BANDWIDTH)
    guest.qmp("migrate", uri="exec:cat >/dev/null")

    def ended() -> dict[str, Any] | None:
        state = guest.qmp("query-migrate")
        return state if state["status"] in ("completed", "failed") else None

    state = guest.poll("the migration", ended, 120, 0.2)
    check(state["status"] == "completed", f"the migration: {state}")
    guest.qmp("cont")
    return state["ram"]


def test_balloon_hint(kernel: str) -> None:
    """Fill memory, free most, migrate under memory pressure, check what is left."""
    with Guest(kernel, memory_mb=512, balloon=BALLOON) as guest:
        device = balloon.load(guest)
        balloon.hold_pattern(guest, HELD_MB)
        guest.sh(f"memhog {FREED_MB} --hold 0", 60)  # free, and not zero
        check(device.counters()["hint_blocks"] == 0, "hints without a migration")

        # Starts when the driver retains hinted blocks, and needs some of them.
        pressure = guest.start("while grep -qx 0 /sys/bus/virtio/devices/*/balloon/"
                               f"hint_retained_pages; do usleep 50000; done; "
                               f"memhog {PRESSURE_MB} --hold 0")
        moved_mb = _migrate(guest)["normal"] * 4 // 1024
        status, said = guest.wait(pressure, 60)
        check(not status, f"no memory while hinted blocks are retained: {said}")

        seen = device.counters()
        print(f"moved {moved_mb} MiB, {seen['hint_blocks']} blocks hinted")
        check(seen["hint_cmds"] >= 2, f"commands: {seen}")
        check(seen["hint_blocks"] * 4 > FREED_MB // 2, f"hinted: {seen}")
        check("oom_kill 0" in guest.read("/proc/vmstat"), "the guest ran out of memory")
        guest.poll("the hinted blocks are free again",
                   lambda: device.counters()["hint_retained_pages"] == 0, 30, 0.2)
        balloon.check_pattern(guest)
        device.resize(64)
        device.resize(0)
        guest.finish()
