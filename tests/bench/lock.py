# SPDX-License-Identifier: GPL-2.0-only
"""The longest time that a pass keeps interrupts off, in a guest of 1 GiB and one of 16 GiB

For kernels with the companion patch (--kernel bench), built with preemptirq tracepoints. All
free memory is reported, then one block is freed. The tracepoints show when a function disables
and enables interrupts. The zone->lock sections of the kernel's page reporting and of mm_hooks
are counted. Instructions as in cost.py, including those of tracing one pair. Without a balloon
there is no such section.
"""

from lab import Guest
from lab.benches.bench import Metric
from lab.benches.measure import OURS, STOCK, load
from lab.guest.control import GuestError

KERNELS = ()
VARIANTS = (STOCK, OURS)
SIZES_GIB = (1, 16)
METRICS = (
    *(Metric(f"lock_{size}", f"{size} GiB guest: longest section", "instructions", plot=True,
             digits=0, native_ratio_most=1) for size in SIZES_GIB),
    Metric("growth", "the large guest against the small one", "times", native_most=1.1),
    *(Metric(f"sections_{size}", f"{size} GiB guest: sections", digits=0) for size in SIZES_GIB),
)
BLOCK_MIB = 4  # the smallest allocation of the filler
REPORT_ALL, WINDOW = 120, 6  # seconds of guest time
HELD = "/sys/module/filler/parameters/mib"
TRACING = "/sys/kernel/tracing"
# One CPU, so each "disable" is followed by its "enable".
LONGEST = r"""awk '/: irq_(dis|en)able: / {
    split($0, half, ": irq_"); words = split(half[1], word, " "); at = word[words]
    if ($0 ~ /: irq_disable: /) { off = at; who = $0; next }
    if (who ~ /page_reporting|mm_hooks\]/ && off) { n++; if (at - off > most) most = at - off }
    off = 0
} END { print n + 0, most + 0 }' """ + f"{TRACING}/trace"


def _one(kernel: str, variant: str, size_gib: int) -> tuple[int, int]:
    """The number of sections and the longest one."""
    with Guest(f"{kernel}-irqs", memory_mb=size_gib * 1024, ours=True, icount=True,
               boot_timeout=300, lifetime=900) as target:
        load(target, variant)
        target.insmod("filler")
        target.sh(f"""sleep {REPORT_ALL}; echo {BLOCK_MIB} >{HELD}; cd {TRACING}
echo x86-tsc >trace_clock; echo 30000 >buffer_size_kb
echo 1 >events/preemptirq/irq_disable/enable; echo 1 >events/preemptirq/irq_enable/enable
sleep {WINDOW}; echo >trace; echo 0 >{HELD}; sleep {WINDOW}; echo 0 >tracing_on""", 600)
        sections, longest = map(int, target.sh(LONGEST, 300).split())
        if not sections:
            raise GuestError(f"{variant}: no pass in the trace")
        return sections, longest


def run(kernel: str, variant: str, quick: bool) -> dict[str, float]:
    """A small guest and a large one."""
    values: dict[str, float] = {}
    for size in SIZES_GIB[:1] if quick else SIZES_GIB:
        values[f"sections_{size}"], values[f"lock_{size}"] = _one(kernel, variant, size)
    if not quick:
        values["growth"] = values["lock_16"] / values["lock_1"]
    return values
