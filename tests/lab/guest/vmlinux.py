# SPDX-License-Identifier: GPL-2.0-only
"""A kernel image that QEMU can start without the kernel unpacking itself first.

Otherwise emulated instructions unpack it. This takes two to three seconds of each boot of a
distribution's kernel.
"""

import re
import struct
import subprocess
from pathlib import Path

from .. import cache
from ..proc import die_with_parent, must

# Offsets in the header that Documentation/arch/x86/boot.rst describes.
SETUP_SECTS = 0x1f1
MAGIC, PAYLOAD, PROTOCOL = 0x202, 0x248, 0x206
SECTOR = 512
NAME = "vmlinux"
TOOLS = {b"\xfd7zXZ\0": ["xz", "-dc", "--single-stream"], b"\x1f\x8b": ["gzip", "-dc"],
         b"\x28\xb5\x2f\xfd": ["zstd", "-dc"]}
LENGTH_BYTES = 4  # appended to the payload by the kernel's build, except with gzip
# The note with the entry point of a direct start (CONFIG_PVH).
ENTRY_NOTE = re.compile(rb"\x04\0\0\0[\x04\x08]\0\0\0\x12\0\0\0Xen\0")


def _payload(image: bytes) -> bytes:
    """The compressed kernel in a bzImage, or empty if it is none."""
    if image[MAGIC:MAGIC + 4] != b"HdrS" or \
            struct.unpack_from("<H", image, PROTOCOL)[0] < 0x208:
        return b""
    offset, length = struct.unpack_from("<II", image, PAYLOAD)
    start = (image[SETUP_SECTS] + 1) * SECTOR + offset
    return image[start:start + length]


def unpack(image: bytes) -> bytes:
    """The ELF file in a bzImage that can be started directly, or empty."""
    payload = _payload(image)
    for magic, command in TOOLS.items():
        if payload.startswith(magic):
            end = len(payload) if command[0] == "gzip" else -LENGTH_BYTES
            must([command[0], "--version"])
            kernel = subprocess.run(command, input=payload[:end], capture_output=True,
                                    preexec_fn=die_with_parent, check=True).stdout
            if kernel.startswith(b"\x7fELF") and ENTRY_NOTE.search(kernel):
                return kernel
    return b""


def is_direct(image: Path) -> bool:
    """Whether this image comes from direct()."""
    return image.name == NAME


def direct(image: Path) -> Path:
    """The unpacked kernel in the cache, or the image itself if it cannot be unpacked.

    A guest that was started in this way does not resume from suspend to RAM (QEMU 7.2).
    """
    packed = image.read_bytes()

    def write(target: Path) -> None:
        if kernel := unpack(packed):
            (target / NAME).write_bytes(kernel)

    found = cache.built("vmlinux", cache.digest(packed), write, keep=24) / NAME
    return found if found.is_file() else image
