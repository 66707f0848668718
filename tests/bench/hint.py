# SPDX-License-Identifier: GPL-2.0-only
"""Free page hinting: bytes moved by a migration of a guest with 1.5 of 2 GiB free

The guest has written to the free memory, and page reporting is off, so the host backs all of
it. The guest continues in a second QEMU, where it has to run a command. Both QEMUs are
Debian 13's, as 7.2 loses pages of a guest under TCG. The -off variants are the same driver on
a device without free page hinting. "none" has no driver.
"""

from lab import MIB, check
from lab.benches.bench import Metric
from lab.benches.measure import NONE, OURS, STOCK, guest, load
from lab.guest import newqemu

VARIANTS = (NONE, "stock-off", STOCK, "ours-off", OURS)
METRICS = (
    Metric("moved_mib", "moved", "MiB", plot=True, digits=0, ratio_most=1.05),
    Metric("normal_pages", "pages moved with contents", digits=0),
    Metric("total_s", "migration took", "s", plot=True, digits=1),
    Metric("downtime_ms", "downtime", "ms", digits=0),
)
FREED_MIB = 1536
BANDWIDTH = 128 * MIB


def run(kernel: str, variant: str, quick: bool) -> dict[str, float]:
    """Dirty memory, free it, migrate."""
    driver, _, off = variant.partition("-")
    hinting = ("free-page-hint=on,iothread=io0",) if not off else ()
    with guest(kernel, driver, balloon=("free-page-reporting=off", *hinting),
               qemu=newqemu.command()) as source:
        load(source, driver)
        source.sh(f"memhog {FREED_MIB} --hold 0", timeout=180)
        resident = source.rss_bytes()
        check(resident > FREED_MIB * MIB, f"only {resident // MIB} MiB resident")
        with source.migrate(max_bandwidth=BANDWIDTH) as arrived:
            state = arrived.migration
            check(arrived.sh("echo alive").strip() == "alive", "no answer after the migration")
            arrived.sh(f"memhog {FREED_MIB} --hold 0", timeout=180)
    return {"moved_mib": state["ram"]["transferred"] / MIB,
            "normal_pages": state["ram"]["normal"], "total_s": state["total-time"] / 1000,
            "downtime_ms": state["downtime"]}
