# SPDX-License-Identifier: GPL-2.0-only
"""The lab can pause, suspend, reset, migrate and hotplug a guest."""

from lab import MIB, Guest, GuestError, check

KERNELS = ()
ALSO = ("6.12", "lab")
STOCK = "virtio_balloon"


def _commands(guest: Guest) -> None:
    """Large output, several commands at once, a timeout, a paused vCPU."""
    check(len(guest.sh("seq 1 200000")) == 1288895, "large output is complete")
    slow = guest.start("sleep 2; echo late")
    check(guest.sh("echo early") == "early\n", "a second command runs meanwhile")
    check(guest.wait(slow) == (0, "late\n"), "the first one ends")
    check(guest.try_sh("exit 3") == (3, ""), "the exit status")
    try:
        guest.sh("sleep 60", timeout=1)
    except GuestError as error:
        check("no end after 1 s" in str(error), str(error))
    guest.poll("the end of the late command",
               lambda: guest.try_sh("pidof sleep")[0] != 0, 10)
    guest.qmp("stop")
    job = guest.start("echo on")
    guest.qmp("cont")
    check(guest.wait(job) == (0, "on\n"), "usable after a pause")


def _states(guest: Guest) -> None:
    """Unplug and plug the balloon, suspend, reset."""
    guest.insmod(STOCK)
    guest.qmp("device_del", id="balloon0")
    guest.wait_event("DEVICE_DELETED", 30)
    guest.qmp("device_add", driver="virtio-balloon-pci", id="balloon1", bus="slot1",
              free_page_reporting=True)
    guest.poll("the driver to bind the new balloon", lambda: guest.sh(
        f"ls /sys/bus/virtio/drivers/{STOCK} | grep -c ^virtio || true").strip() == "1")
    guest.suspend()
    check(guest.sh("echo awake") == "awake\n", "usable after suspend")
    guest.reset()
    check(guest.sh("uname -r").strip() == guest.kernel.release, "usable after reset")


def _old_machine(kernel: str) -> None:
    """The other machine type, counting instructions, can unplug, too."""
    with Guest(kernel, ours=False, memory_mb=512, machine="pc", icount=True) as guest:
        guest.insmod(STOCK)
        guest.qmp("device_del", id="balloon0")
        guest.wait_event("DEVICE_DELETED", 60)
        guest.finish()


def _migration(kernel: str) -> None:
    """Migrate. The second QEMU gives the verdict."""
    with Guest(kernel, ours=False, memory_mb=512) as guest:
        guest.insmod(STOCK)
        guest.write("/tmp/kept", "contents")
        with guest.migrate(max_bandwidth=1 << 30) as second:
            print(second.migration)
            check(second.read("/tmp/kept") == "contents", "memory has moved")
            second.finish()


def _memory(kernel: str) -> None:
    """Two nodes and a hotplugged DIMM are all in the resident size."""
    with Guest(kernel, ours=False, balloon=None, memory_mb=512, nodes=2, cpus=2,
               max_memory_mb=2048) as guest:
        nodes = guest.sh("ls -d /sys/devices/system/node/node[0-9]*").split()
        check(len(nodes) == 2, f"nodes: {nodes}")
        guest.qmp("object-add", qom_type="memory-backend-ram", id="more",
                  size=256 * MIB)
        guest.qmp("device_add", driver="pc-dimm", id="dimm0", memdev="more")
        check(len(guest.ram_ranges()) == 3, "three blocks of memory")
        guest.sh("memhog 128 --hold 0")
        check(guest.rss_bytes() > 128 * MIB, "touched memory is resident")
        guest.finish()


def test_lab_features(kernel: str) -> None:
    """Each feature in turn."""
    with Guest(kernel, ours=False, memory_mb=512, reboot=True, wakes=True,
               slot_hotplug=False) as guest:
        _commands(guest)
        _states(guest)
        guest.finish()
    if kernel != "lab":  # its ACPI code takes minutes on this machine type
        _old_machine(kernel)
    _migration(kernel)
    _memory(kernel)
