# SPDX-License-Identifier: GPL-2.0-only
"""After a build: what the host still holds, against what the guest uses

The workload is like a build: small files on a disk, page cache, and mapped memory of which
programs keep single pages. It leaves fragmented free memory. The resident size is read when it
has not fallen for some seconds. This is done after the work, after drop_caches, and after
lowering low_order (native engine). native-low0 has low_order=0 from the start. The guest uses
all memory except MemFree and the pcplists. The minimum counts.

Most hosts run khugepaged. It puts a huge page where it finds one small page in use
(max_ptes_none, default 511). So it fills the holes again, at most 16 MiB in ten seconds,
whatever the guest does. The memory that it filled on the whole machine in the last minute is
shown, too. Bytes reported / bytes returned are left out if less than NOISE_MIB returned.
"""

import tempfile
import time
from pathlib import Path

from lab import MIB, Guest
from lab.benches.bench import Metric
from lab.benches.measure import (FAST, NATIVE, NATIVE_LOW0, NONE, OURS, STOCK, STOCK_ORDER0,
                                 guest, is_ours, load, returned_bytes, settle)
from lab.guest import balloon
from lab.guest.rss import Sampler
from lab.hosts.fakehost import meminfo

KERNELS = ("6.12",)
VARIANTS = (NONE, STOCK, STOCK_ORDER0, OURS, NATIVE_LOW0)
JOBS = 48
LOW_ORDERS = (4, 2, 0)
DISK_MB = 1024
CALM, CALM_MIB, MOST = 15, 4, 300
NEAR = 1.05  # of what the guest uses
MINUTE = 60
NOISE_MIB = 32
COLLAPSED = Path("/sys/kernel/mm/transparent_hugepage/khugepaged/pages_collapsed")
METRICS = (
    Metric("used", "the guest uses, in the end", "MiB", digits=0),
    Metric("work", "the host holds after the work", "MiB", digits=0),
    Metric("dropped", "the host holds after drop_caches", "MiB", plot=True, digits=0),
    Metric("ratio", "that against what the guest uses", "times", plot=True),
    Metric("near_s", f"{NEAR} times reached after drop_caches", "s", digits=1),
    *(Metric(f"ratio_{order}", f"the same with low_order={order}", "times",
             native_most=1.25 if not order else None) for order in LOW_ORDERS),
    Metric("later", "a minute after the last: the host holds more", "MiB", digits=0),
    Metric("filled", "in that minute its khugepaged filled", "MiB", digits=0),
    *(Metric(f"back_{order}_s", f"low_order={order}: returned within", "s", digits=0)
      for order in LOW_ORDERS),
    Metric("reported", "reported in all this", "MiB", digits=0),
    Metric("by_returned", "bytes reported / bytes returned", native_most=1.1),
    Metric("by_returned_low", "the same while low_order is lowered", native_most=1.1),
)


def _used_mib(target: Guest) -> float:
    free = meminfo(target, "MemFree") + balloon.listed_bytes(target) / MIB
    return target.machine.memory_mb - free


def _reported(target: Guest, variant: str) -> int:
    return balloon.hooks(target)["reported_bytes"] if is_ours(variant) else 0


def _fallen(target: Guest, calm: float = CALM) -> tuple[float, float]:
    """The minimum of the resident MiB, until it has not fallen for calm seconds; its time."""
    begun = now = fell = time.monotonic()
    least = mark = target.rss_bytes() / MIB
    while now - fell < calm and now - begun < MOST:
        time.sleep(0.25)
        now = time.monotonic()
        least = min(least, target.rss_bytes() / MIB)
        if least < mark - CALM_MIB:
            mark, fell = least, now
    return least, fell - begun


def _filled_mib() -> int:
    """MiB that the host's khugepaged has collapsed so far, on the whole machine."""
    return int(COLLAPSED.read_text()) * 2 if COLLAPSED.exists() else 0


def _later(target: Guest, least: float) -> dict[str, float]:
    """The growth of the resident size during an idle minute."""
    before = _filled_mib()
    time.sleep(MINUTE)
    return {"later": target.rss_bytes() / MIB - least, "filled": _filled_mib() - before}


def _by_returned(reported: int, returned: int) -> dict[str, float]:
    """Both as one number, if it exceeds the noise of a process's size."""
    values = {"reported": reported / MIB}
    if returned > NOISE_MIB * MIB:
        values["by_returned"] = reported / returned
    return values


def _low(target: Guest, used: float) -> dict[str, float]:
    """Lower low_order step by step."""
    values: dict[str, float] = {}
    before, returned = _reported(target, NATIVE), 0
    for order in LOW_ORDERS:
        with target.sample_rss(FAST) as sampler:
            balloon.tune(target, "low_order", order)
            least, values[f"back_{order}_s"] = _fallen(target)
        returned += returned_bytes(sampler)
        values[f"ratio_{order}"] = least / used
    values["by_returned_low"] = (_reported(target, NATIVE) - before) / max(1, returned)
    return values | _later(target, least)


def _build(target: Guest, jobs: int) -> None:
    target.sh(f"(buildmix /disk {jobs} /tmp/built >/dev/null 2>&1 &); "
              "while ! [ -p /tmp/built ]; do sleep 0.2; done", 500)


def _held(target: Guest, quick: bool, sampler: Sampler) -> dict[str, float]:
    """The resident size after the work and after drop_caches, and what the guest uses."""
    _build(target, JOBS // 8 if quick else JOBS)
    work = settle(target, calm=8)
    target.sh("sync", 60)
    begun = time.monotonic()
    target.sh("echo 3 >/proc/sys/vm/drop_caches", 60)
    dropped, _ = _fallen(target)
    used = _used_mib(target)
    values = {"work": work / MIB, "dropped": dropped, "used": used, "ratio": dropped / used}
    near = sampler.first_below(int(used * NEAR * MIB), begun)
    return values | ({"near_s": near - begun} if near else {})


def _modules(kernel: str) -> tuple[str, ...]:
    """What a kernel of Debian's needs for the disk. The lab's have it built in."""
    return ("virtio_blk", "crc32c_generic", "ext4") if kernel[0].isdigit() else ()


def run(kernel: str, variant: str, quick: bool) -> dict[str, float]:
    """Build, drop the caches, lower low_order."""
    with tempfile.NamedTemporaryFile(prefix="vmhooks-disk") as disk:
        disk.truncate(DISK_MB * MIB)
        with guest(kernel, variant, disks=(Path(disk.name),),
                   extra_modules=_modules(kernel)) as target:
            for name in _modules(kernel):
                target.sh(f"modprobe {name}")
            target.poll("the disk", lambda: not target.try_sh("test -b /dev/vda")[0], 20)
            load(target, variant)
            target.sh("mke2fs /dev/vda >/dev/null && mkdir /disk && "
                      "mount -t ext4 /dev/vda /disk", 120)
            settle(target, calm=4)
            before = _reported(target, variant)
            with target.sample_rss(FAST) as sampler:
                values = _held(target, quick, sampler)
            if is_ours(variant):
                values |= _by_returned(_reported(target, variant) - before,
                                       returned_bytes(sampler))
            if variant == NATIVE_LOW0:
                values["ratio_0"] = values["ratio"]
                values |= _later(target, values["dropped"])
            if variant == NATIVE:
                values |= _low(target, values["used"])
            return values
