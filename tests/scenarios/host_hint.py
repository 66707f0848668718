# SPDX-License-Identifier: GPL-2.0-only
"""Free page hinting is correct with a device that is slow, reorders, or changes its command.

Guards: the driver sends the id once at the start and STOP at the end, and blocks only in
between. It frees no block before the device acknowledges it. This holds for acknowledgements
out of order, in batches and after DONE. Under pressure the driver frees only acknowledged
blocks. A new command during hinting starts hinting again. A device may read a command after the
driver's timeout: then the driver sends what is due by that time. In the end all blocks are free.
"""

from collections.abc import Iterator

import pytest

from lab import check
from lab.hosts.fakehost import (ALL, DONE, HOST, PAGES_PER_MIB, STOP, FakeHost, fake, meminfo,
                                no_memory_lost)
from lab.suite.parts import on_failure, shared

KERNELS = ("lab",)
ALSO = ("6.1", "6.12", "lab-arm64")
pytestmark = pytest.mark.timeout(1200)
HINT_SIZE = 2  # fewer entries than the driver would keep in flight
HELD_MB = 200
SPARE_MB = 50  # acknowledged blocks that the workload does not need
PATIENCE = "/sys/module/balloon_report/parameters/host_timeout_ms"
MEND = (f"cd {HOST}; for f in reverse batch ack_ms hold; do echo 0 >hint/$f; done; "
        f"echo {DONE} >cmd_id; echo 10000 >{PATIENCE}")


@pytest.fixture(scope="module", name="host")
def _host(kernel: str, request: pytest.FixtureRequest) -> Iterator[FakeHost]:
    """One guest for all parts."""
    with (fake(kernel, "reporting=0") as (guest, host), no_memory_lost(guest),
          shared(request, guest)):
        host.plug(features=ALL)
        yield host


@pytest.fixture(autouse=True)
def _mended(host: FakeHost, request: pytest.FixtureRequest) -> Iterator[None]:
    """A device as before, after a part that has failed."""
    with on_failure(request, lambda: host.guest.try_sh(MEND)):
        yield


def hinted(host: FakeHost, cmd: int) -> None:
    """Start hinting and wait for the driver's STOP."""
    said = host.of_driver("hint_cmds")
    host.set("cmd_id", cmd)
    host.guest.poll("the end of hinting", lambda: host.of_driver("hint_cmds") >= said + 2, 90)
    check(host.of_driver("hint_blocks") > 0, "no block was hinted")


def returned(host: FakeHost) -> None:
    """All hinted blocks are free again after DONE."""
    host.set("cmd_id", DONE)
    host.guest.poll("the last block in flight", lambda: host.get("hinted") == 0, 60)
    host.guest.poll("the last retained block",
                    lambda: host.of_driver("hint_retained_pages") == 0)
    host.check()


def test_disorder(host: FakeHost) -> None:
    """Acknowledge out of order, in batches, slowly."""
    for number, (name, value) in enumerate((("reverse", 1), ("batch", 32), ("ack_ms", 100))):
        host.set(f"hint/{name}", value)
        hinted(host, 0x80000100 + number)
        host.check()
        returned(host)
        host.set(f"hint/{name}", 0)


def test_pressure(host: FakeHost) -> None:
    """The workload needs memory that was acknowledged."""
    hinted(host, 0x80000200)
    host.guest.sh("memhog 500 --hold 0", timeout=90)
    host.check()
    returned(host)


def test_late(host: FakeHost) -> None:
    """The device reads a command after the driver's timeout."""
    guest = host.guest
    patience = guest.read(PATIENCE)
    guest.write(PATIENCE, "300")
    # The last id is in flight. Once it is read, the driver sends what is requested by then.
    for cmd, then, said in ((0x80000220, 0x80000220, 2), (0x80000221, STOP, 2),
                            (0x80000222, 0x80000223, 4)):
        cmds, blocks = host.of_driver("hint_cmds"), host.of_driver("hint_blocks")
        timeouts = host.of_driver("host_timeouts")
        host.set("hint/hold", 1)
        host.set("cmd_id", cmd)
        guest.poll("the timeout", lambda: host.of_driver("host_timeouts") > timeouts)
        host.set("cmd_id", then)
        guest.sh("sleep 0.5")
        check(host.of_driver("hint_cmds") == cmds + 1, "a second command was sent")
        host.set("hint/hold", 0)
        guest.poll(f"{said} commands", lambda: host.of_driver("hint_cmds") == cmds + said)
        check((host.of_driver("hint_blocks") > blocks) == (then != STOP),
              f"{host.of_driver('hint_blocks') - blocks} blocks after {cmd:#x}, {then:#x}")
        returned(host)
    guest.write(PATIENCE, patience)


def test_mind(host: FakeHost) -> None:
    """Another command while the device is slow, and a command that is over at once."""
    host.set("hint/ack_ms", 300)
    host.set("cmd_id", 0x80000300)
    host.guest.poll("blocks in flight", lambda: host.get("hinted") > 0)
    host.set("cmd_id", 0x80000301)
    host.guest.poll("the new command", lambda: host.of_driver("hint_cmds") >= 2)
    host.set("cmd_id", STOP)
    host.set("cmd_id", 0x80000302)
    host.set("cmd_id", DONE)
    returned(host)
    host.set("hint/ack_ms", 0)


def held_mb(host: FakeHost) -> int:
    """Acknowledged blocks that the driver retains, in MiB."""
    return host.of_driver("hint_retained_pages") // PAGES_PER_MIB


def test_unanswered(host: FakeHost) -> None:
    """The workload needs memory while only some of the blocks are acknowledged."""
    host.unplug()
    host.plug(hint_size=HINT_SIZE)  # few blocks in flight at a time
    host.set("hint/ack_ms", 200)
    host.set("cmd_id", 0x80000210)
    host.guest.poll("acknowledged blocks", lambda: held_mb(host) >= HELD_MB)
    host.set("hint/hold", 1)
    host.until("a full queue", "hint/pending", HINT_SIZE)
    before, pending = held_mb(host), host.get("hinted")
    check(pending > 0, "every block was acknowledged")
    need = meminfo(host.guest, "MemFree") + before - SPARE_MB
    host.guest.sh(f"memhog {need} --hold 1", timeout=90)
    print(f"{need} MiB used; acknowledged {before} MiB, then {held_mb(host)} MiB; "
          f"{pending // PAGES_PER_MIB} MiB were in flight")
    check(held_mb(host) < before // 2, f"{held_mb(host)} of {before} MiB are kept under pressure")
    check(host.get("hinted") == pending, "the device has acknowledged more")
    host.check()
    host.set("hint/ack_ms", 0)
    host.set("hint/hold", 0)
    returned(host)


def test_unload(host: FakeHost) -> None:
    """An unload while the device keeps blocks in flight."""
    host.set("hint/hold", 1)
    host.set("cmd_id", 0x80000400)
    host.guest.poll("a command in flight", lambda: host.get("hint/pending") > 0)
    host.guest.sh("rmmod balloon_report", timeout=20)
    check(host.get("hinted") == 0, "blocks in flight after rmmod")
