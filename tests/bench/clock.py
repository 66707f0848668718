# SPDX-License-Identifier: GPL-2.0-only
"""What kvmclock_fix costs a host: instructions for a tick, and for a guest's clock

For kernels with the companion patch (--kernel bench), in a guest that is a host itself.
Instructions as in cost.py. Everything is measured twice: first without the module, then with it.
The result is the difference. A second measurement without the module shows the noise.

tick: a program spins, and each tick calls the notifier. page: the host registers a vCPU's clock
again, so that KVM computes and publishes it (the hooks publish and update, once each).
re-snapshot: a masterclock update (also the hooks rebase and base). A VM can turn its master clock
off and on (re-snapshot). On a host that only reads its clocks again, as after a change of a TSC,
it stays on.

For each hook, all calls are counted from QEMU's log of executed instructions, between two
instructions of KVM. The most expensive call is shown. A page is "known" if it equals the one
before, as most do. Otherwise it is "new", as always without the masterclock.

"Crowded" is the same with a VM of 64 vCPUs on a host with 200 VMs. Interrupts are off during most
of a call, so its cost bounds how long they are.
"""

import re

from lab import check
from lab.benches.bench import Metric
from lab.guest.executed import executed
from lab.hosts.nested import KVM, VMS, Host

KERNELS = ()
BASE, COMPARED = "without", "with"
VARIANTS = (BASE, COMPARED)
EACH = 200  # maximum instructions of a hook
SETTLED = 100  # of the hook publish, for a page that was checked before
METRICS = (
    Metric("tick", "more for each tick", "instructions", plot=True, digits=0, most=EACH),
    Metric("share", "of the time between two ticks", "%", digits=4, most=0.1),
    Metric("page", "more for each page: two hooks", "instructions", plot=True, digits=0,
           most=SETTLED + EACH),
    Metric("rebase", "more for each masterclock update beyond the page: two hooks", "instructions",
           plot=True, digits=0, most=EACH),
    Metric("publish_known", "hook publish, an unchanged page", "instructions", digits=0,
           most=SETTLED),
    *(Metric(name, f"hook {text}", "instructions", digits=0, most=EACH) for name, text in (
        ("hook_rebase", "rebase, the master clock stays on"), ("hook_base", "base"),
        ("update_known", "update, an unchanged page"),
        ("publish_new", "publish, without the master clock"), ("update_new", "update, a new page"))),
    Metric("rebase_switch", "hook rebase, the master clock goes off or on", "instructions",
           digits=0, most=EACH),
    *(Metric(f"crowded_{name}", f"crowded, hook {name}: the most expensive call", "instructions",
             digits=0, most=EACH) for name in ("publish", "update", "rebase", "base")),
)
CROWD, CROWDED_VCPUS = 200, 64
HOOKS = {f"kf_on_{name}": name for name in ("rebase", "base", "publish", "update")}
CALLS = 8
KHZ = 1000000  # an instruction is a nanosecond and a cycle
HZ = 250
MILLIONS = 1500
COUNT = 1500


def _ticks(host: Host) -> int:
    return int(re.findall(r"LOC:\s+(\d+)", host.read("/proc/interrupts"))[0])


def _tick(host: Host, millions: int) -> tuple[float, int]:
    """Instructions while a program spins, and the ticks meanwhile."""
    before = _ticks(host)
    took = float(host.sh(f"spin {millions}", 300).split()[1])
    return took, _ticks(host) - before


def _each(host: Host, command: str, count: int) -> float:
    """Instructions for each operation of a clockvm command."""
    said = host.vm("on", f"{command} 50", f"time {command} {count}", timeout=300)
    return float(re.findall(r"^took ns=(\d+)", said, re.M)[0]) / count


def _all(host: Host, quick: bool) -> dict[str, float]:
    share = 10 if quick else 1
    took, ticks = _tick(host, MILLIONS // share)
    page = _each(host, "update", COUNT // share)
    # resnap turns the masterclock off and on: two re-snapshots and two pages.
    both = _each(host, "resnap", COUNT // share)
    return {"took": took, "ticks": ticks, "page": page, "rebase": both / 2 - page}


def _calls(host: Host, command: str, vcpus: int = 1) -> dict[str, list[int]]:
    """The instructions of each call of each hook during a clockvm command."""
    costs: dict[str, list[int]] = {name: [] for name in HOOKS.values()}
    with host.live("on", f"{command} 20", vcpus=vcpus) as machine, \
            executed(host, "kvmclock_fix") as said:
        machine.tell(f"{command} {CALLS}")
    for hook, cost in said.calls(KVM, "kvmclock_fix", list(HOOKS)):
        costs[HOOKS[hook]].append(cost)
    return costs


def _hooks(host: Host) -> dict[str, float]:
    """The most expensive call of each hook."""
    known, new = _calls(host, "update"), _calls(host, "resnap")
    return {"hook_rebase": max(_calls(host, "nudge")["rebase"]),
            "rebase_switch": max(new["rebase"]), "hook_base": max(new["base"]),
            "publish_known": max(known["publish"]), "update_known": max(known["update"]),
            "publish_new": max(new["publish"]), "update_new": max(new["update"])}


def _crowded(host: Host) -> dict[str, float]:
    """The most expensive call of each hook on a host with many VMs, for a VM with many vCPUs."""
    with host.live(patience=600) as crowd:
        crowd.tell(f"crowd {CROWD}", timeout=300)
        check(len(host.read(VMS).splitlines()) > CROWD, f"there are no {CROWD} VMs")
        costs = _calls(host, "resnap", CROWDED_VCPUS)
    return {f"crowded_{name}": max(found) for name, found in costs.items()}


def run(kernel: str, variant: str, quick: bool) -> dict[str, float]:
    """Measure everything twice."""
    with Host(kernel, icount=True, khz=KHZ, boot_timeout=300, lifetime=1800,
              memory_mb=1024) as host:
        first = _all(host, quick)
        if variant == COMPARED:
            host.load_fix()
        second = _all(host, quick)
        tick = (second["took"] - first["took"]) / second["ticks"]
        return {"tick": tick, "share": tick / (KHZ * 1000 / HZ) * 100,
                "page": second["page"] - first["page"],
                "rebase": second["rebase"] - first["rebase"],
                **(_hooks(host) | _crowded(host) if variant == COMPARED else {})}
