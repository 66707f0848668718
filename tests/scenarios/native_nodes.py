# SPDX-License-Identifier: GPL-2.0-only
"""The map of a zone is on the zone's node.

A smaller low_order makes new maps; the kernel's kmalloc events say on which node.
"""

import re

from lab import Guest, balloon, check

KERNELS = ("lab",)
NODES = 2
EVENT = "/sys/kernel/tracing/events/kmem/kmalloc"
TRACE = "/sys/kernel/tracing/trace"
LEAST = 8192  # bytes; the map of 256 MiB has 16 KiB for each of two bitmaps


def run(kernel: str) -> None:
    """Make the maps anew, and see where they are."""
    with Guest(kernel, memory_mb=512, nodes=NODES, cpus=2) as guest:
        balloon.load(guest)
        balloon.flush(guest)
        guest.sh("grep -q tracefs /proc/mounts || mount -t tracefs none /sys/kernel/tracing")
        guest.write(f"{EVENT}/filter", f"bytes_req >= {LEAST}")
        guest.write(f"{EVENT}/enable", "1")
        balloon.tune(guest, "low_order", 0)
        balloon.flush(guest)
        guest.write(f"{EVENT}/enable", "0")
        said = guest.sh(f"grep 'kworker.*kvmalloc' {TRACE} || true")
        nodes = {int(node) for node in re.findall(r" node=(-?\d+)", said)}
        print(said)
        check(nodes == set(range(NODES)), f"maps were asked for on nodes {nodes}")
        guest.finish()
