# SPDX-License-Identifier: GPL-2.0-only
"""Free page hinting with a host that is slow, disorderly, or changes its mind.

Guards: the id is sent once at the start and STOP at the end; blocks travel only in
between; no block is used before the host acknowledges it, also when acknowledgements
come out of order, in batches, or after DONE; pressure takes acknowledged blocks
only; a new command in the middle starts anew; a host that reads a command after the
driver's patience is over gets what is due then; everything returns in the end.
"""

from lab import check
from lab.fakehost import ALL, DONE, PAGES_PER_MIB, STOP, FakeHost, fake, meminfo, no_memory_lost

KERNELS = ("lab",)
ALSO = ("6.1", "6.12")
TIMEOUT = 1200
HINT_SIZE = 2  # fewer than the driver would have pending
HELD_MB = 200
SPARE_MB = 50  # acknowledged, and not needed by the guest in need
PATIENCE = "/sys/module/balloon_report/parameters/host_timeout_ms"


def hinted(host: FakeHost, cmd: int) -> None:
    """Start hinting and wait for the driver's STOP."""
    said = host.of_driver("hint_cmds")
    host.set("cmd_id", cmd)
    host.guest.poll("hinting is over", lambda: host.of_driver("hint_cmds") >= said + 2, 90)
    check(host.of_driver("hint_blocks") > 0, "no block was hinted")


def returned(host: FakeHost) -> None:
    """Everything that was hinted is free again after DONE."""
    host.set("cmd_id", DONE)
    host.guest.poll("the host has no block", lambda: host.get("hinted") == 0, 60)
    host.guest.poll("the driver keeps no block",
                    lambda: host.of_driver("hint_held_pages") == 0)
    host.check()


def disorder(host: FakeHost) -> None:
    """Out of order, in batches, slowly."""
    for number, (name, value) in enumerate((("reverse", 1), ("batch", 32), ("ack_ms", 100))):
        host.set(f"hint/{name}", value)
        hinted(host, 0x80000100 + number)
        host.check()
        returned(host)
        host.set(f"hint/{name}", 0)


def pressure(host: FakeHost) -> None:
    """The guest needs memory that was acknowledged."""
    hinted(host, 0x80000200)
    host.guest.sh("memhog 500 --hold 0", timeout=90)
    host.check()
    returned(host)


def held_mb(host: FakeHost) -> int:
    """Acknowledged blocks that the driver keeps."""
    return host.of_driver("hint_held_pages") // PAGES_PER_MIB


def unanswered(host: FakeHost) -> None:
    """The guest needs memory while the host has acknowledged some blocks and not others."""
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
          f"{pending // PAGES_PER_MIB} MiB were out")
    check(held_mb(host) < before // 2, f"{held_mb(host)} of {before} MiB are kept under pressure")
    check(host.get("hinted") == pending, "the host has acknowledged more")
    host.check()
    host.set("hint/ack_ms", 0)
    host.set("hint/hold", 0)
    returned(host)


def late(host: FakeHost) -> None:
    """The host reads a command after the driver has given up waiting for it."""
    guest = host.guest
    patience = guest.read(PATIENCE)
    guest.write(PATIENCE, "300")
    # The id before it is still out; what comes is what the host wants when it has read it.
    for cmd, then, said in ((0x80000220, 0x80000220, 2), (0x80000221, STOP, 2),
                            (0x80000222, 0x80000223, 4)):
        cmds, blocks = host.of_driver("hint_cmds"), host.of_driver("hint_blocks")
        timeouts = host.of_driver("host_timeouts")
        host.set("hint/hold", 1)
        host.set("cmd_id", cmd)
        guest.poll("the driver gives up", lambda: host.of_driver("host_timeouts") > timeouts)
        host.set("cmd_id", then)
        guest.sh("sleep 0.5")
        check(host.of_driver("hint_cmds") == cmds + 1, "a command before the last was read")
        host.set("hint/hold", 0)
        guest.poll(f"{said} commands", lambda: host.of_driver("hint_cmds") == cmds + said)
        check((host.of_driver("hint_blocks") > blocks) == (then != STOP),
              f"{host.of_driver('hint_blocks') - blocks} blocks after {cmd:#x}, {then:#x}")
        returned(host)
    guest.write(PATIENCE, patience)


def mind(host: FakeHost) -> None:
    """Another command while the host is slow, and one that is over at once."""
    host.set("hint/ack_ms", 300)
    host.set("cmd_id", 0x80000300)
    host.guest.poll("blocks are out", lambda: host.get("hinted") > 0)
    host.set("cmd_id", 0x80000301)
    host.guest.poll("the new command", lambda: host.of_driver("hint_cmds") >= 2)
    host.set("cmd_id", STOP)
    host.set("cmd_id", 0x80000302)
    host.set("cmd_id", DONE)
    returned(host)
    host.set("hint/ack_ms", 0)


def run(kernel: str) -> None:
    """All of it, then unload while the host keeps what was hinted."""
    with fake(kernel, "reporting=0") as (guest, host), no_memory_lost(guest):
        host.plug(features=ALL)
        disorder(host)
        pressure(host)
        late(host)
        mind(host)
        host.unplug()
        host.plug(hint_size=HINT_SIZE)  # few blocks are out at a time
        unanswered(host)
        host.set("hint/hold", 1)
        host.set("cmd_id", 0x80000400)
        guest.poll("a command that is out", lambda: host.get("hint/pending") > 0)
        guest.sh("rmmod balloon_report", timeout=20)
        check(host.get("hinted") == 0, "blocks left at the host")
