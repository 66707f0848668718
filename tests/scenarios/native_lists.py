# SPDX-License-Identifier: GPL-2.0-only
"""The lists of the processors are left alone while a program uses them, emptied after that.

The guest counts instructions, so what it does in a second is the same on any machine.
"""

from lab import MIB, Guest, balloon, check

KERNELS = ("lab",)
ALSO = ("lab-6.1", "lab-7.3")
TIMEOUT = 500
# A loop that takes 32 MiB from these lists, page by page, and gives them back.
LOOP = "pagefault file 1 20 32"
COUNTERS = ("pcp_drains", "checks")


def _use(guest: Guest) -> None:
    """Run the loop, in which nothing is emptied."""
    files = " ".join(f"{balloon.HOOKS}/{name}" for name in COUNTERS)
    lines = guest.sh(f"cat {files}; {LOOP}; cat {files}", 300).splitlines()
    drains, checks = (int(after) - int(before)
                      for before, after in zip(lines[:2], lines[-2:], strict=True))
    print(f"{lines[2]}: {checks} checks of the pacer, {drains} drains")
    check(checks > 0, "the pacer had nothing to decide")
    check(drains == 0, f"the lists were emptied {drains} times while they were in use")


def run(kernel: str) -> None:
    """Under use, then at rest."""
    with Guest(kernel, memory_mb=768, icount=True, boot_timeout=300,
               lifetime=TIMEOUT) as guest:
        guest.insmod("mm_hooks", "engine=native")
        guest.insmod(balloon.OURS)
        _use(guest)
        held = balloon.listed_bytes(guest)
        guest.poll("the lists to be emptied",
                   lambda: balloon.listed_bytes(guest) < 8 * MIB, 60, 0.5)
        drains = balloon.hooks(guest)["pcp_drains"]
        print(f"{held // MIB} MiB in the lists after the loop, emptied by {drains} drains")
        check(held < 8 * MIB or drains > 0, "they emptied themselves")
        check(balloon.hooks(guest)["report_errors"] == 0, "a report failed")
        guest.finish()
