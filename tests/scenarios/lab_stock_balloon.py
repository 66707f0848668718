# SPDX-License-Identifier: GPL-2.0-only
"""The lab measures the stock driver on stock kernels correctly."""

from lab import MIB, Guest, check
from lab.benches.measure import settle

KERNELS = ("6.12",)
ALSO = ("6.1", "lab")


def test_lab_stock_balloon(kernel: str) -> None:
    """The host reclaims freed memory after page reporting, and after inflation."""
    with Guest(kernel, ours=False, memory_mb=1024,
               balloon=("free-page-reporting=on",)) as guest:
        guest.insmod("virtio_balloon")
        guest.sh("memhog 512 --hold 0", timeout=120)
        with guest.sample_rss() as sampler:
            peak = guest.rss_bytes()
            check(peak > 512 * MIB, f"{peak // MIB} MiB resident with 512 touched")
            guest.poll("the host to reclaim the freed memory",
                       lambda: guest.rss_bytes() < peak - 450 * MIB, timeout=60)
            settle(guest)  # the driver may have more to report
        check(len(sampler.samples) > 10, f"{len(sampler.samples)} samples")
        last = sampler.samples[-1][1]
        exact = guest.rss_bytes()
        check(abs(last - exact) < 32 * MIB, f"sampled {last}, exact {exact}")
        guest.qmp("balloon", value=512 * MIB)
        guest.poll("inflated", lambda: guest.qmp("query-balloon")["actual"] == 512 * MIB)
        guest.qmp("balloon", value=1024 * MIB)
        guest.poll("deflated", lambda: guest.qmp("query-balloon")["actual"] == 1024 * MIB)
        guest.rmmod("virtio_balloon")
        guest.finish()
