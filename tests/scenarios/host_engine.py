# SPDX-License-Identifier: GPL-2.0-only
"""The engine can be changed with a slow device, and the change fails with a silent one.

Guards: the change waits for a slow device. With a silent one it fails with an error in the
log, and the device stays in service. Parameters of the native engine do not affect the other
engine.
"""

from lab import MIB, check
from lab.guest import Guest
from lab.guest.balloon import HOOKS, PARAMETERS, hooks
from lab.hosts.fakehost import ALL, FakeHost, fake, no_memory_lost

KERNELS = ("lab",)
OTHER = {"native": "page_reporting", "page_reporting": "native"}
HOG_MB = 200


def _change(guest: Guest, name: str) -> int:
    return guest.try_sh(f"echo {name} >{PARAMETERS}/engine", 60)[0]


def _report_something(guest: Guest, host: FakeHost) -> None:
    guest.write(f"{HOOKS}/forget", "1")
    host.until_out("report")


def _check_alive(guest: Guest, host: FakeHost, engine: str) -> None:
    check(guest.read(f"{HOOKS}/engine") == engine, f"engine is {guest.read(f'{HOOKS}/engine')}")
    check(host.state() == "live", f"the device is {host.state()}")
    before = hooks(guest)["reported_bytes"]
    guest.sh(f"memhog {HOG_MB} --hold 0", 60)
    check(host.flush() == 0, "flush failed")
    reported = hooks(guest)["reported_bytes"] - before
    check(reported > HOG_MB * MIB * 0.8, f"{reported // MIB} of {HOG_MB} MiB reported")
    host.check()


def _check_slow(guest: Guest, host: FakeHost, engine: str) -> None:
    host.set("report/ack_ms", 1500)
    _report_something(guest, host)
    check(_change(guest, OTHER[engine]) == 0, "the change did not wait for a slow device")
    host.set("report/ack_ms", 0)
    _check_alive(guest, host, OTHER[engine])
    check(_change(guest, engine) == 0, f"engine={engine} was rejected")
    # A pass of the new attach in flight would let the next forget time out.
    check(host.flush() == 0, "flush failed after the change")


def _check_silent(guest: Guest, host: FakeHost, engine: str) -> None:
    host.set("report/hold", 1)
    _report_something(guest, host)
    check(_change(guest, OTHER[engine]) != 0, "the engine changed with a silent device")
    check("does not complete its reports" in guest.sh("dmesg | tail -n 3"), "no line about it")
    host.set("report/hold", 0)
    _check_alive(guest, host, engine)


def _check_parameters(guest: Guest) -> None:
    """With the kernel's engine, a parameter of the native one triggers no request."""
    # In one shell: a process that ends frees memory, which is a request.
    requests = int(guest.sh(f"cd {HOOKS}; read -r before <requests; "
                            f"for i in 1 2 3 4 5; do echo 32 >{PARAMETERS}/scan_batch; done; "
                            f"echo 64 >{PARAMETERS}/scan_batch; "
                            "read -r after <requests; echo $((after - before))"))
    check(requests < 3, f"{requests} requests by parameters of the other engine")


def test_host_engine(kernel: str) -> None:
    """From either engine to the other."""
    with fake(kernel) as (guest, host), no_memory_lost(guest):
        host.plug(features=ALL)
        for engine in OTHER:
            check(_change(guest, engine) == 0, f"engine={engine} refused")
            _check_alive(guest, host, engine)
            _check_slow(guest, host, engine)
            _check_silent(guest, host, engine)
        _check_parameters(guest)
        host.unplug()
