# SPDX-License-Identifier: GPL-2.0-only
"""After a new VM generation ID, as after a snapshot, all free memory is reported again.

The guest continues in another QEMU, which backs all of its memory at first. Guards: the guest
reports its free memory without a request, so that QEMU discards it.
"""

from lab import MIB, Guest, check
from lab.guest import balloon

KERNELS = ("6.12",)
ALSO = ("6.1",)
MEMORY_MB = 512
HOG_MB = 256
BANDWIDTH = 512 * MIB
BEFORE = "324e6eaf-d1d1-4bf6-bf41-b9bb6c91fb87"
AFTER = "324e6eaf-d1d1-4bf6-bf41-b9bb6c91fb88"


def _identity(guid: str) -> tuple[str, ...]:
    return ("-device", f"vmgenid,guid={guid}")


def test_report_snapshot(kernel: str) -> None:
    """Report everything, migrate, wait for the reports at the destination."""
    with Guest(kernel, memory_mb=MEMORY_MB, qemu_args=_identity(BEFORE)) as source:
        balloon.load(source)
        source.sh(f"memhog {HOG_MB} --hold 0", 60)
        balloon.flush(source)
        before = balloon.hooks(source)
        check(before["forgets"] == 0, f"{before['forgets']} forgets without a reason")
        with source.migrate(qemu_args=(*_identity(AFTER), "-mem-prealloc"),
                            max_bandwidth=BANDWIDTH) as guest:
            held = guest.rss_bytes()
            guest.poll("forget", lambda: balloon.hooks(guest)["forgets"] == 1)
            balloon.flush(guest)
            left = guest.rss_bytes()
            again = balloon.hooks(guest)["reported_bytes"] - before["reported_bytes"]
            known = balloon.hooks(guest)["reported_free_bytes"]
            print(f"{held // MIB} MiB backed, then {left // MIB}; {again // MIB} MiB reported, "
                  f"{known // MIB} are known")
            check(again > 0.95 * known, "free memory was not reported again")
            check(left < (MEMORY_MB - HOG_MB) * MIB, f"{left // MIB} MiB are still backed")
            guest.finish()
