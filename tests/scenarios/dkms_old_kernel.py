# SPDX-License-Identifier: GPL-2.0-only
"""dkms, install and make reject a kernel that is too old or lacks an option."""

import pytest

from lab import check
from lab.roots import debian
from lab.roots.root import Session

KERNELS = ("6.12",)
pytestmark = [pytest.mark.timeout(1500), pytest.mark.once]
OLD = "4.19.0-27-amd64"
OTHER = "6.12.0-other"
HEADERS = f"""mkdir -p /lib/modules/{OLD}/build/include/config
echo CONFIG_VIRTIO=m > /lib/modules/{OLD}/build/.config
echo {OLD} > /lib/modules/{OLD}/build/include/config/kernel.release
echo 'modules: ; @echo built' > /lib/modules/{OLD}/build/Makefile"""


# A configuration, the error message of install, and whether dkms builds for it.
OPTIONS = (("MEMORY_BALLOON=y", "is without CONFIG_VIRTIO", False),
           ("VIRTIO=m", "is without CONFIG_MEMORY_BALLOON", False),
           ("VIRTIO=y MEMORY_BALLOON=y TRIM_UNUSED_KSYMS=y", "has CONFIG_TRIM_UNUSED_KSYMS", False),
           ("VIRTIO=m MEMORY_BALLOON=y", "", True),
           ("VIRTIO=y BALLOON=y", "", True))


def _check_options(inside: Session, named: str) -> None:
    """Offer each configuration to dkms. The build itself has no files and always fails."""
    headers = HEADERS.replace(OLD, OTHER)
    inside.must(headers)
    for options, sentence, builds in OPTIONS:
        lines = "\n".join(f"CONFIG_{option}" for option in options.split())
        inside.must(f"echo '{lines}' > /lib/modules/{OTHER}/build/.config")
        said = inside.run(f"dkms build {named} -k {OTHER}").stdout
        check(("BUILD_EXCLUSIVE" in said) != builds and ("mm_hooks" in said) == builds,
              f"with {options} dkms says:\n{said}")
        if not builds:
            said = inside.run(f"/mnt/packaging/install KVER={OTHER}").stdout
            check(sentence in said and "Nothing was installed" in said,
                  f"with {options} install says:\n{said}")


def test_dkms_old_kernel(kernel: str) -> None:
    """Offer the headers of an old kernel, then of a kernel with other options."""
    del kernel
    named = f"-m vmhooks -v {debian.version()}"
    with debian.session(debian.with_dkms()) as inside:
        _check_options(inside, named)
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
