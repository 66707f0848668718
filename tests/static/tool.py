# SPDX-License-Identifier: GPL-2.0-only
"""The command vmhooks on trees of files that stand for a kernel's. No guest runs."""

import contextlib
import json
import os
import re
import socket
import subprocess
import time
import urllib.request
from collections.abc import Callable
from pathlib import Path

import pytest

from lab import check
from lab.kernels.modules import TOP
from lab.proc import must, run
from lab.roots import debs
from lab.tool import SANITIZED, SOURCES, Tree, build, prometheus

DEVICE = "sys/bus/virtio/devices/virtio1"


@pytest.fixture
def tree(tmp_path: Path) -> Tree:
    """The files of a guest that reports."""
    return Tree(tmp_path)


def test_tool_status(tree: Tree) -> None:
    """A guest that reports, one without the modules, and one without a device."""
    said = tree.json("status --json")
    check(said["reporting"] and said["why_not"] == "", f"status: {said}")
    device = said["devices"][0]
    check(device["features"] == ["STATS_VQ", "REPORTING"], f"features: {device}")
    memory = said["memory"]
    check(memory["free_bytes"] == 1000 << 20 and memory["cache_bytes"] == 90 << 20
          and memory["ballooned_bytes"] == 1 << 20, f"memory: {memory}")
    check(said["clock"]["state"] == "good", f"clock: {said}")
    text = tree.run("status")
    for line in ("reporting   on, level 0", "reported    900 MiB", "ballooned   1 MiB",
                 "device      virtio1, driver balloon_report, live"):
        check(line in text, f"no '{line}' in\n{text}")
    tree.write("sys/kernel/kvmclock_fix/guest/backwards", "3")
    check("clock       bad" in tree.run("status"), "the clock is not bad")
    tree.write("sys/kernel/kvmclock_fix/guest/stopped", "3")
    check("clock       good" in tree.run("status"), "a guest that was stopped")
    tree.no_modules()
    text = tree.run("status")
    check("off: another driver is bound" in text and "not audited" in text, text)
    tree.remove("sys/bus/virtio/devices")
    check(tree.json("status --json")["why_not"] == "there is no balloon device", "no device")


def _word(tree: Tree, name: str, text: str) -> None:
    tree.write(f"{DEVICE}/balloon/{name}", text)


def _stock(tree: Tree) -> None:
    tree.no_modules()


def _built_in(tree: Tree) -> None:
    tree.no_modules()
    tree.write("lib/modules/6.12.0-amd64/modules.builtin",
               "kernel/drivers/virtio/virtio_balloon.ko")


def _blacklisted(tree: Tree) -> None:
    tree.no_modules()
    tree.write("etc/modprobe.d/mine.conf", "blacklist balloon_report")


def _command_line(tree: Tree) -> None:
    tree.no_modules()
    tree.write("proc/cmdline", "quiet module_blacklist=floppy,mm_hooks")


def _not_installed(tree: Tree) -> None:
    tree.no_modules()
    tree.write("lib/modules/6.12.0-amd64/modules.dep", "")


def _enforced(tree: Tree) -> None:
    tree.no_modules()
    tree.write("sys/module/module/parameters/sig_enforce", "Y")


def _locked_down(tree: Tree) -> None:
    tree.no_modules()
    tree.write("sys/kernel/security/lockdown", "none [integrity] confidentiality")


def _unbound(tree: Tree) -> None:
    tree.device("")


def _fragmented(tree: Tree) -> None:
    tree.write("proc/buddyinfo", "Node 0, zone   Normal  65536  8192 0 0 0 0 0 0 0 1 1")


def _fragmented_native(tree: Tree) -> None:
    """The native engine reports no small blocks by default without CONFIG_PAGE_REPORTING."""
    tree.write("sys/kernel/mm_hooks/engine", "native")
    tree.write("sys/module/mm_hooks/parameters/low_order", "auto")
    _fragmented(tree)


def _busy(tree: Tree) -> None:
    tree.write("sys/kernel/mm_hooks/reported_free_bytes", "0")


def _khugepaged(tree: Tree) -> None:
    huge = "sys/kernel/mm/transparent_hugepage"
    tree.write(f"{huge}/enabled", "[always] madvise never")
    tree.write(f"{huge}/khugepaged/max_ptes_none", "511")


# What is staged: the finding that doctor must have, and whether it is a fault.
STAGED: dict[str, tuple[Callable[[Tree], None], str, bool]] = {
    "no_device": (lambda tree: tree.remove("sys/bus/virtio/devices"), "no_device", True),
    "stock": (_stock, "stock_first", True),
    "built_in": (_built_in, "built_in", True),
    "blacklisted": (_blacklisted, "blacklisted", True),
    "command_line": (_command_line, "blacklisted", True),
    "not_installed": (_not_installed, "not_installed", True),
    "enforced": (_enforced, "signature", True),
    "locked_down": (_locked_down, "signature", True),
    "unbound": (_unbound, "no_driver", True),
    "no_engine": (lambda tree: tree.write("sys/kernel/mm_hooks/engine", "none"),
                  "no_engine", True),
    "not_offered": (lambda tree: _word(tree, "why_not", "the device does not offer it"),
                    "not_offered", True),
    "switched_off": (lambda tree: _word(tree, "why_not", "parameter reporting=0"),
                     "switched_off", True),
    "poisoning": (lambda tree: _word(
        tree, "why_not", "free pages must keep their contents: needs PAGE_POISON"),
        "poisoning", True),
    "confidential": (lambda tree: _word(
        tree, "why_not", "the memory of this guest is encrypted"), "confidential", True),
    "held": (lambda tree: _word(
        tree, "why_not", "another driver holds the kernel's page reporting"),
        "not_reporting", True),
    "silent": (lambda tree: _word(tree, "host_timeouts", "2"), "host_silent", True),
    "dead": (lambda tree: _word(tree, "state", "dead"), "host_silent", True),
    "lost": (lambda tree: tree.write("sys/kernel/mm_hooks/lost_bytes", "4096"), "lost", True),
    "level": (lambda tree: tree.write("sys/kernel/mm_hooks/level", "2"), "level", False),
    "deferred": (_busy, "deferred", False),
    "fragmented": (_fragmented, "fragmentation", False),
    "fragmented_native": (_fragmented_native, "fragmentation", False),
    "cached": (lambda tree: tree.memory(Cached=700), "page_cache", False),
    "hugetlb": (lambda tree: tree.memory(HugePages_Total=64), "hugetlb", False),
    "locked": (lambda tree: tree.memory(Mlocked=100), "locked", False),
    "khugepaged": (_khugepaged, "khugepaged", False),
    "vfio": (lambda tree: tree.write("sys/bus/pci/devices/0000:00:05.0/vendor", "0x10de"),
             "vfio", False),
}


def _check_staged(tree: Tree, staged: str) -> None:
    """One fault, in a guest that reports otherwise."""
    check(tree.json("doctor --json") == {"findings": []}, "a healthy guest has findings")
    change, name, fault = STAGED[staged]
    change(tree)
    found = tree.json("doctor --json", 1 if fault else 0)["findings"]
    check([each["name"] for each in found] == [name], f"{staged}: found {found}")
    check(found[0]["fault"] == fault and found[0]["what"] and found[0]["todo"], f"{found}")
    text = tree.run("doctor", 1 if fault else 0)
    check(f"{'FAULT' if fault else 'note '} {name}: " in text, text)


def test_tool_doctor(tmp_path: Path) -> None:
    """Each fault is found, named, and has an advice. Nothing else is found."""
    for staged in STAGED:
        _check_staged(Tree(tmp_path / staged), staged)


def test_tool_small_blocks(tree: Tree) -> None:
    """Where small blocks are reported, they are no finding."""
    _fragmented(tree)
    tree.write("sys/kernel/mm_hooks/capabilities", "clock report paced flush forget small")
    tree.write("sys/module/page_reporting/parameters/page_reporting_order", "9")
    for low, found in (("auto", []), ("0", []), ("9", ["fragmentation"])):
        tree.write("sys/module/mm_hooks/parameters/low_order", low)
        tree.write("sys/module/mm_hooks/parameters/report_order", "9")
        for engine in ("page_reporting", "native"):
            tree.write("sys/kernel/mm_hooks/engine", engine)
            names = [each["name"] for each in tree.json("doctor --json")["findings"]]
            check(names == found, f"{engine}, low_order={low}: {names}")


def test_tool_flush(tree: Tree) -> None:
    """What it writes, and what it says when that fails."""
    for name in ("drop_caches", "compact_memory"):
        tree.write(f"proc/sys/vm/{name}", "")
    said = tree.run("flush --compact --drop-caches --timeout 7")
    check("the host has 900 MiB back" in said, said)
    check(tree.read("sys/kernel/mm_hooks/flush").startswith("7000"), "flush")
    check(tree.read("proc/sys/vm/drop_caches").startswith("3"), "drop_caches")
    check(tree.read("proc/sys/vm/compact_memory").startswith("1"), "compact_memory")
    tree.no_modules()
    check("mm_hooks is not loaded" in tree.run("flush", 1), "no message")


def test_tool_move(tree: Tree) -> None:
    """A move that the kernel does not do: the device returns, and the files are written."""
    check("is bound to balloon_report already" in tree.run("takeover"), "takeover")
    said = tree.run("release virtio1", 1)
    check("virtio1 is bound to balloon_report as before" in said, said)
    drivers = "sys/bus/virtio/drivers"
    check(tree.read(f"{drivers}/balloon_report/unbind") == "virtio1", "unbind")
    check(tree.read(f"{drivers}/virtio_balloon/bind") == "virtio1", "bind")
    check("is no balloon device" in tree.run("release virtio7", 1), "another device")
    _word(tree, "state", "lost")
    check("ignores resets" in tree.run("release", 1), "a lost device")
    tree.device("virtio_balloon")
    place = tree.folder / "sys/devices/platform/virtio-mmio.0/virtio1"
    place.parent.mkdir(parents=True)
    (tree.folder / DEVICE).rename(place)
    (tree.folder / DEVICE).symlink_to("../../../devices/platform/virtio-mmio.0/virtio1")
    (place / "driver").unlink()
    (place / "driver").symlink_to("../../../../bus/virtio/drivers/virtio_balloon")
    check("may ignore its reset" in tree.run("takeover", 1), "a device on virtio-mmio")
    check("may ignore its reset" in tree.run("takeover --boot"), "the same at boot")
    check("cannot bind" in tree.run("takeover --force", 1), "--force")
    tree.remove(DEVICE)
    tree.no_modules()
    check("nothing was changed" in tree.run("takeover", 1), "without the module")
    tree.run("takeover --boot")


def test_tool_watch(tree: Tree) -> None:
    """Rows of numbers where there is no terminal, a chart where there is one."""
    rows = tree.run("watch --count 2 --interval 1").splitlines()
    check(rows == ["free_mib reported_mib reused_mib", "1000 900 0", "1000 900 0"], f"{rows}")
    command = f"VMHOOKS_ROOT={tree.folder} {build(SANITIZED)} watch --count 1"
    said = must(["script", "-qec", command, "/dev/null"])
    for name in ("free", "reported", "reused"):
        check(re.search(rf"^{name} +\S+ ", said, re.M), f"no chart:\n{said}")


def _names(metrics: str) -> set[str]:
    return set(re.findall(r"^# TYPE (\w+)", metrics, re.M))


def _scraped(folder: Path) -> str:
    """What the real node_exporter serves with this folder of text files."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [f"{prometheus()}/prometheus-node-exporter", "--collector.disable-defaults",
               "--collector.textfile", f"--collector.textfile.directory={folder}",
               f"--web.listen-address=127.0.0.1:{port}"]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as served:
        try:
            for _ in range(100):
                with contextlib.suppress(OSError), \
                        urllib.request.urlopen(f"http://localhost:{port}/metrics") as page:
                    return str(page.read(), "utf-8")
                time.sleep(0.1)
        finally:
            served.kill()
    raise AssertionError("node_exporter does not answer")


def test_tool_metrics(tree: Tree, tmp_path: Path) -> None:
    """promtool accepts them, and a file is replaced as a whole."""
    text = tree.run("metrics")
    for line in ('vmhooks_balloon_actual_bytes{device="virtio1"} 1048576', "vmhooks_reporting 1",
                 "vmhooks_reported_bytes_total 3221225472",
                 'vmhooks_clock_backwards_total{side="guest"} 0'):
        check(f"{line}\n" in text, f"no '{line}' in\n{text}")
    names = _names(text)
    check(len(names) > 20, f"metrics: {names}")
    place = tmp_path / "vmhooks.prom"
    tree.run(f"metrics --output {place}")
    check(place.read_text() == text, "the file differs")
    check(not [name for name in os.listdir(tmp_path) if name.startswith("vmhooks.prom.")],
          "a temporary file is left")
    done = run(["sh", "-c", f"{prometheus()}/promtool check metrics < {place}"])
    check(done.returncode == 0 and not done.stdout.strip(), f"promtool:\n{done.stdout}")
    said = _scraped(tmp_path)
    for name in names:
        check(re.search(rf"^{name}[ {{]", said, re.M), f"node_exporter does not have {name}")
    check('node_textfile_scrape_error 0' in said, "node_exporter found an error in the file")
    tree.no_modules()
    check("vmhooks_reporting 0\n" in tree.run("metrics"), "reporting without modules")


def test_tool_dashboard(tree: Tree) -> None:
    """The dashboard of Grafana shows metrics that exist, and no panel lies on another."""
    board = json.loads((TOP / "docs/grafana.json").read_text())
    known = _names(tree.run("metrics"))
    used = set(re.findall(r"vmhooks_\w+", json.dumps([each.get("targets", [])
                                                     for each in board["panels"]])))
    check(len(used) > 8 and used <= known, f"no such metrics: {used - known}")
    taken: set[tuple[int, int]] = set()
    for place in (panel["gridPos"] for panel in board["panels"]):
        cells = {(x, y) for x in range(place["x"], place["x"] + place["w"])
                 for y in range(place["y"], place["y"] + place["h"])}
        check(not cells & taken and place["x"] + place["w"] <= 24, f"overlap at {place}")
        taken |= cells


def _cold_cache(tree: Tree) -> str:
    group = "sys/fs/cgroup/system.slice"
    tree.write(f"{group}/memory.reclaim", "")
    tree.write(f"{group}/memory.stat", f"anon 1\ninactive_file {800 << 20}\nactive_file 5")
    tree.write("proc/vmstat", "workingset_refault_file 10")
    tree.write("proc/swaps", "Filename Type Size")
    return group


def test_tool_trim(tree: Tree) -> None:
    """It asks for cold cache in an idle guest only, then flushes."""
    group = _cold_cache(tree)
    tree.write("proc/pressure/io", "some avg10=20.00 avg60=0.00 avg300=0.00 total=0")
    check("not idle" in tree.run("trim"), "a busy guest")
    check(tree.read(f"{group}/memory.reclaim") == "\n", "a busy guest was trimmed")
    check("reclaimed 0 MiB" in tree.run("trim --now --step-mb 32"), "trim")
    check(tree.read(f"{group}/memory.reclaim") == f"{32 << 20} swappiness=0", "reclaim")
    check(tree.read("sys/kernel/mm_hooks/flush").startswith("60000"), "no flush")


def test_tool_usage(tree: Tree) -> None:
    """Wrong arguments."""
    for wrong in ("", "nothing", "status --wrong", "status more", "flush --timeout",
                  "flush --timeout 0", "flush --timeout 601", "flush --timeout 1x"):
        check("vmhooks" in tree.run(wrong, 2), f"usage of '{wrong}'")
    check("usage: vmhooks COMMAND" in tree.run("--help"), "--help")


def test_tool_page() -> None:
    """The manual page has no warning, and it and the completions have every command."""
    page = SOURCES / "vmhooks.8"
    found = run(["mandoc", "-Tlint", "-Wwarning", str(page)]).stdout
    check(not found, f"mandoc:\n{found}")
    main = (SOURCES / "main.c").read_text()
    commands = re.findall(r'\{ "(\w+)", command_', main)
    check(len(commands) > 5, f"commands: {commands}")
    words = set(re.findall(r"--[a-z-]+", main)) - {"--help", "--version"}
    for name, prefix in (("vmhooks.8", "Fl -"), ("completion.bash", "--"),
                         ("completion.zsh", "--")):
        text = (SOURCES / name).read_text()
        lacks = [word for word in commands if word not in text]
        lacks += [word for word in words if prefix + word.removeprefix("--") not in text]
        check(not lacks, f"{name} lacks {lacks}")
    check("vmhooks" in (TOP / "docs/tool.md").read_text(), "docs/tool.md")


def test_tool_install(tmp_path: Path) -> None:
    """What make install has installed, make uninstall removes."""
    tree, root = tmp_path / "tree", tmp_path / "root"
    debs.copy_tree(tree)
    make = ["make", "-s", "-C", str(tree / "tools/vmhooks"), f"DESTDIR={root}"]
    must([*make, "install"])
    found = [path for path in root.rglob("*") if path.is_file()]
    check(len(found) > 9, f"installed: {found}")
    must([*make, "uninstall"])
    left = [path for path in root.rglob("*") if path.is_file()]
    check(not left, f"left: {left}")


def test_tool_completion() -> None:
    """bash completes commands and options."""
    for words, at, expected in (("st", 1, "status"), ("flush --c", 2, "--compact"),
                                ("doctor --", 2, "--json")):
        said = must(["bash", "-c", f""". {SOURCES / 'completion.bash'}
            COMP_WORDS=(vmhooks {words}) COMP_CWORD={at}; _vmhooks; echo "${{COMPREPLY[*]}}" """])
        check(said.strip() == expected, f"{words}: {said}")
