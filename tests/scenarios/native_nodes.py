# SPDX-License-Identifier: GPL-2.0-only
"""The map of a zone is allocated on the zone's node.

A smaller report_order allocates new leaves. The kernel's kmalloc events tell the node.
"""

import re

from lab import Guest, check
from lab.guest import balloon

KERNELS = ("lab",)
NODES = 2
EVENT = "/sys/kernel/tracing/events/kmem/kmalloc"
TRACE = "/sys/kernel/tracing/trace"
LEAST = 8192  # bytes; a leaf of the map has two bitmaps of 4 KiB


def test_native_nodes(kernel: str) -> None:
    """Allocate new maps and check their nodes."""
    with Guest(kernel, memory_mb=512, nodes=NODES, cpus=2) as guest:
        balloon.load(guest)
        balloon.flush(guest)
        guest.sh("grep -q tracefs /proc/mounts || mount -t tracefs none /sys/kernel/tracing")
        guest.write(f"{EVENT}/filter", f"bytes_req >= {LEAST}")
        guest.write(f"{EVENT}/enable", "1")
        balloon.tune(guest, "report_order", 0)
        balloon.flush(guest)
        guest.write(f"{EVENT}/enable", "0")
        said = guest.sh(f"grep 'kworker.*mmh_blocks_alloc_leaf' {TRACE} || true")
        nodes = {int(node) for node in re.findall(r" node=(-?\d+)", said)}
        print(said)
        check(nodes == set(range(NODES)), f"maps were allocated on nodes {nodes}")
        guest.finish()
