# SPDX-License-Identifier: GPL-2.0-only
"""A kernel older than 5.10 is refused with a line by dkms, install and make."""

from lab import check, debian

KERNELS = ("6.12",)
TIMEOUT = 1500
OLD = "4.19.0-27-amd64"
HEADERS = f"""mkdir -p /lib/modules/{OLD}/build/include/config
echo CONFIG_VIRTIO=m > /lib/modules/{OLD}/build/.config
echo {OLD} > /lib/modules/{OLD}/build/include/config/kernel.release
echo 'modules: ; @echo built' > /lib/modules/{OLD}/build/Makefile"""


def run(kernel: str) -> None:
    """Offer the headers of an old kernel."""
    del kernel
    named = f"-m vmhooks -v {debian.version()}"
    with debian.session(debian.with_dkms()) as inside:
        inside.must(HEADERS)
        built = inside.run(f"dkms build {named} -k {OLD}")
        check(built.returncode in (9, 77) and "BUILD_EXCLUSIVE" in built.stdout,
              f"dkms build for {OLD} ended with {built.returncode}:\n{built.stdout}")
        installed = inside.run(f"/mnt/packaging/install KVER={OLD}")
        check(installed.returncode == 1 and "is older than 5.10" in installed.stdout,
              f"install for {OLD} ended with {installed.returncode}:\n{installed.stdout}")
        made = inside.run(f"cp -r /mnt /tmp/vmhooks && make -C /tmp/vmhooks modules KVER={OLD}")
        check(made.returncode != 0 and "5.10" in made.stdout,
              f"make modules for {OLD} ended with {made.returncode}:\n{made.stdout}")
