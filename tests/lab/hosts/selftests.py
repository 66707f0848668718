# SPDX-License-Identifier: GPL-2.0-only
"""The kernel's selftests of KVM clocks, unchanged, from the kernel's source."""

import os
from pathlib import Path

from .. import cache
from ..kernels import source
from ..proc import must, say

NAMES = ("kvm_clock_test", "hyperv_clock", "xen_shinfo_test")
SELFTESTS = "tools/testing/selftests"
MEMBERS = ("Makefile", "scripts", "include", "arch/x86", "usr", "lib/rbtree.c", "tools/include",
           "tools/arch/x86", "tools/lib", "tools/scripts", "tools/build",
           *(f"{SELFTESTS}/{name}" for name in ("kvm", "rseq", "lib.mk", "kselftest.h",
                                                "kselftest_harness.h")))
# They run in a guest without libraries.
FLAGS = "LDFLAGS=-static -pthread -no-pie"


def _build(target: Path) -> None:
    tree = target / "source"
    tree.mkdir()
    source.unpack(source.SERIES, tree, list(MEMBERS))
    say("building Linux's own tests of KVM's clocks")
    jobs = f"-j{os.cpu_count() or 1}"
    must(["make", "-s", jobs, "headers"], cwd=tree)
    built = target / "built"
    must(["make", "-s", jobs, "-C", f"{SELFTESTS}/kvm", "ARCH=x86", f"OUTPUT={built}", FLAGS,
          *(str(built / "x86_64" / name) for name in NAMES)], cwd=tree)
    for name in NAMES:
        must(["strip", "-o", str(target / name), str(built / "x86_64" / name)])
    must(["rm", "-r", str(tree), str(built)])


def programs() -> dict[str, bytes]:
    """Name to static program."""
    key = cache.digest(source.key(source.SERIES), *NAMES, *MEMBERS, FLAGS)
    found = cache.built("selftests", key, _build, keep=2)
    return {name: (found / name).read_bytes() for name in NAMES}
