# SPDX-License-Identifier: GPL-2.0-only
"""Cold page cache back at the host: vmhooks trim, beside a program that reads

A file of 800 MiB is read once, a file of 64 MiB twice. Then a program reads the small file again and
again. With trim, `vmhooks trim --now` runs beside it. The guest counts instructions: the time of
the reader is virtual, a nanosecond for each instruction. The CPU time of trim is taken off it, as on a
guest with a CPU to spare.
"""

import re
import time

from lab import MIB, tool
from lab.benches import build
from lab.benches.bench import Metric
from lab.benches.measure import OURS
from lab.guest import Guest, balloon

KERNELS = ("6.12",)
BASE, COMPARED = "without", "with"
VARIANTS = (BASE, COMPARED)
COLD_MB, WARM_MB = 800, 64
PASSES = 150
METRICS = (
    Metric("reader_s", "the reader, without trim's CPU time", "virtual s", plot=True,
           ratio_most=1.02),
    Metric("trim_s", "CPU time of trim", "s", digits=2),
    Metric("back_mb", "memory back at the host", "MiB", plot=True, digits=0),
    Metric("wait_s", "until then", "virtual s", digits=1, most=60),
    Metric("again_mb", "read again from the disk", "MiB", digits=0),
)
CGROUPS = "/sys/fs/cgroup"
GROUP = f"{CGROUPS}/work"  # memory.reclaim is a file of groups below the root
TRIM = "vmhooks trim --now"


def _uptime(target: Guest) -> float:
    return float(target.read("/proc/uptime").split()[0])


def _refaulted(target: Guest) -> int:
    """MiB of page cache that were read again after their reclaim."""
    found = re.search(r"^workingset_refault_file (\d+)$", target.read("/proc/vmstat"), re.M)
    return int(found[1]) * 4096 // MIB if found else 0


def _prepare(target: Guest) -> None:
    cold, warm = f"{build.FOLDER}/cold", f"{build.FOLDER}/warm"
    target.sh(f"mount -t cgroup2 none {CGROUPS} && echo +memory >{CGROUPS}/cgroup.subtree_control "
              f"&& mkdir {GROUP}")
    target.sh(f"truncate -s {COLD_MB}M {cold}; truncate -s {WARM_MB}M {warm}; "
              f"echo $$ >{GROUP}/cgroup.procs; cat {warm} {warm} {cold} >/dev/null", 600)
    balloon.flush(target, 120000)


def _read(target: Guest, passes: int, beside: str) -> tuple[float, float, str]:
    """Virtual seconds of the reader, then those until the other command ended, and its output."""
    begun = _uptime(target)
    reader = target.start(f"echo $$ >{GROUP}/cgroup.procs; for i in $(seq {passes}); do "
                          f"dd if={build.FOLDER}/warm of=/dev/null bs=64k 2>/dev/null; done; "
                          "cat /proc/uptime")
    said = target.sh(f"{beside}; cat /proc/uptime", 600)
    status, output = target.wait(reader, 900)
    if status:
        raise RuntimeError(f"the reader failed: {output}")
    ends = [float(text.split()[-2]) - begun for text in (output, said)]
    return ends[0], ends[1], said


def run(kernel: str, variant: str, quick: bool) -> dict[str, float]:
    """The reader alone, or beside trim."""
    files = {"/bin/vmhooks": tool.build(tool.STATIC).read_bytes()}
    with build.machine(kernel, OURS, icount=True, boot_timeout=300, files=files) as target:
        _prepare(target)
        before, again = target.rss_bytes(), _refaulted(target)
        trims = variant == COMPARED
        reader, waited, said = _read(target, PASSES // (10 if quick else 1),
                                     f"time {TRIM} 2>&1" if trims else "true")
        time.sleep(1)
        used = sum(60 * float(minutes) + float(seconds) for minutes, seconds in
                   re.findall(r"^(?:user|sys)\s+(\d+)m ([\d.]+)s", said, re.M))
        values = {"reader_s": reader - used, "again_mb": _refaulted(target) - again}
        if trims:
            values |= {"trim_s": used, "wait_s": waited,
                       "back_mb": (before - target.rss_bytes()) / MIB}
        return values
