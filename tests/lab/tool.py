# SPDX-License-Identifier: GPL-2.0-only
"""The command vmhooks, built for tests, and trees of files that stand for a kernel's."""

import json
import os
from pathlib import Path
from typing import Any

from . import cache, check
from .kernels.modules import TOP
from .proc import long_run, must, run, say

SOURCES = TOP / "tools/vmhooks"
SANITIZED = "-O1 -g -Werror -fsanitize=address,undefined -fno-sanitize-recover=all"
STATIC = "-O2 -Werror -static"  # for guests, which have no C library


def _unpack(target: Path) -> None:
    say("unpacking promtool and node_exporter (40 MB to download)")
    long_run("Prometheus", ["mmdebstrap", "--variant=extract",
                            "--include=prometheus,prometheus-node-exporter",
                            '--aptopt=APT::Install-Recommends "false"', "bookworm",
                            str(target / "root")], target,
             cache.folder("logs") / "prometheus.log")


def prometheus() -> Path:
    """The folder with promtool and prometheus-node-exporter, whose packages start daemons."""
    return cache.built("prometheus", cache.digest("bookworm"), _unpack) / "root/usr/bin"


def build(flags: str) -> Path:
    """The command, compiled with these flags."""
    files = sorted(path for path in SOURCES.iterdir() if path.suffix in (".c", ".h"))
    files += [SOURCES / "Makefile", TOP / "dkms.conf"]

    def compile_it(target: Path) -> None:
        for path in files:
            place = target / "tree" / path.relative_to(TOP)
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_bytes(path.read_bytes())
        must(["make", "-C", str(target / "tree/tools/vmhooks"), f"CFLAGS={flags} {_warnings()}"])
        (target / "tree/tools/vmhooks/vmhooks").rename(target / "vmhooks")

    key = cache.digest(cache.digest_files(TOP, files), flags)
    return cache.built("tool", key, compile_it, keep=4) / "vmhooks"


def _warnings() -> str:
    """The warnings of the Makefile, whose CFLAGS the command line replaces."""
    lines = (SOURCES / "Makefile").read_text().splitlines()
    return next(line.split("+=")[1] for line in lines if line.startswith("CFLAGS +="))


class Tree:
    """A folder with files of a kernel: those of a guest that reports, until changed."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.write("proc/sys/kernel/osrelease", "6.12.0-amd64")
        self.write("proc/cmdline", "quiet")
        self.memory()
        self.write("proc/buddyinfo", "Node 0, zone   Normal " + " 0" * 9 + " 100 200")
        self.write("proc/pressure/memory", "some avg10=0.00 avg60=0.00 avg300=0.00 total=0")
        self.write("proc/pressure/io", "some avg10=0.00 avg60=0.00 avg300=0.00 total=0")
        self.write("lib/modules/6.12.0-amd64/modules.dep", "updates/dkms/balloon_report.ko:")
        self.write("lib/modules/6.12.0-amd64/modules.builtin", "kernel/fs/ext4/ext4.ko")
        for driver in ("balloon_report", "virtio_balloon"):
            for name in ("bind", "unbind"):
                self.write(f"sys/bus/virtio/drivers/{driver}/{name}", "")
        self.device("balloon_report")
        self.hooks()
        self.clock()

    def write(self, name: str, text: str) -> None:
        """A file with one line."""
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"{text}\n")

    def read(self, name: str) -> str:
        """The contents of a file."""
        return (self.folder / name).read_text()

    def remove(self, name: str) -> None:
        """Remove a file or a folder."""
        must(["rm", "-rf", str(self.folder / name)])

    def memory(self, **mib: int) -> None:
        """meminfo, in MiB."""
        rows = {"MemTotal": 2048, "MemFree": 1000, "MemAvailable": 1500, "Buffers": 10,
                "Cached": 100, "Shmem": 20, "Mlocked": 0, "Hugepagesize": 2} | mib
        text = "".join(f"{name}:  {value * 1024} kB\n" for name, value in rows.items()
                       if not name.startswith("HugePages_"))
        text += f"HugePages_Total: {rows.get('HugePages_Total', 0)}"
        self.write("proc/meminfo", text)

    def device(self, driver: str, name: str = "virtio1", features: str = "010001") -> None:
        """A balloon device that is bound to a driver, or to none."""
        folder = f"sys/bus/virtio/devices/{name}"
        self.remove(folder)
        self.write(f"{folder}/device", "0x0005")
        self.write(f"{folder}/features", features + "0" * 58)
        if driver:
            os.symlink(f"../../drivers/{driver}", self.folder / folder / "driver")
        if driver == "balloon_report":
            values = {"state": "live", "why_not": "none", "actual_pages": 256, "num_pages": 512,
                      "host_timeouts": 0, "report_errors": 0, "lost_pages": 0}
            for file, value in values.items():
                self.write(f"{folder}/balloon/{file}", str(value))

    def hooks(self) -> None:
        """Files of mm_hooks."""
        values = {"engine": "page_reporting", "capabilities": "clock report paced flush forget",
                  "reporters": "virtio1", "level": 0, "reported_free_bytes": 900 << 20,
                  "reported_bytes": 3 << 30, "reused_bytes": 1 << 30, "report_errors": 0,
                  "lost_bytes": 0, "flush": ""}
        for name, value in values.items():
            self.write(f"sys/kernel/mm_hooks/{name}", str(value))

    def clock(self) -> None:
        """Files of kvmclock_fix."""
        source = "sys/devices/system/clocksource/clocksource0/current_clocksource"
        self.write(source, "kvm-clock")
        self.write("sys/kernel/kvmclock_fix/hooks", "none")
        for side in ("", "guest/"):
            for name in ("negative", "backwards", "version_violations", "pages"):
                self.write(f"sys/kernel/kvmclock_fix/{side}{name}", "0")

    def no_modules(self) -> None:
        """A kernel whose modules of ours are not loaded. The stock driver has the device."""
        for name in ("mm_hooks", "kvmclock_fix"):
            self.remove(f"sys/kernel/{name}")
        self.remove("sys/bus/virtio/drivers/balloon_report")
        self.device("virtio_balloon")

    def run(self, arguments: str, status: int = 0) -> str:
        """What the command prints."""
        done = run(["env", f"VMHOOKS_ROOT={self.folder}", str(build(SANITIZED)),
                    *arguments.split()], timeout=20)
        check(done.returncode == status,
              f"vmhooks {arguments}: status {done.returncode}, not {status}:\n{done.stdout}")
        return done.stdout

    def json(self, arguments: str, status: int = 0) -> Any:
        """The same, parsed."""
        return json.loads(self.run(arguments, status))
