# SPDX-License-Identifier: Apache-2.0
"""Builds the images of tests/qemu/firmware; TALLY_QEMU_BUILD says where, and the tests look there.

    images.py [-DNAME=VALUE ...]
"""

import os
import pathlib
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent
BUILD = pathlib.Path(os.environ.get("TALLY_QEMU_BUILD", ROOT / "build" / "qemu-images"))
TOOLCHAIN = ROOT / "toolchains" / "arm-none-eabi-cortex-m3.cmake"


def path(image):
    """Where an image lies."""
    return str(BUILD / image)


def build(folder, options):
    """Configures and builds all images."""
    subprocess.run(["cmake", "-S", HERE / "firmware", "-B", folder, "-G", "Ninja",
                    "--toolchain", TOOLCHAIN, "-DCMAKE_BUILD_TYPE=MinSizeRel", *options],
                   check=True)
    subprocess.run(["cmake", "--build", folder, "-j", "2"], check=True)


if __name__ == "__main__":
    build(BUILD, sys.argv[1:])
    build(BUILD / "ipv6", [*sys.argv[1:], "-DTALLY_LWIP_IPV6=ON"])
