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
BOARDS = ("mps2-an385", "vexpress-a9")


def path(board, image):
    """Where an image lies."""
    return str(BUILD / board / image)


def build(board, options):
    """Configures and builds all images of a board."""
    toolchain = (ROOT / "boards" / board / "toolchain").read_text().strip()
    subprocess.run(["cmake", "-S", HERE / "firmware", "-B", BUILD / board, "-G", "Ninja",
                    "--toolchain", ROOT / "toolchains" / f"{toolchain}.cmake",
                    f"-DTALLY_BOARD={board}", "-DCMAKE_BUILD_TYPE=MinSizeRel", *options],
                   check=True)
    subprocess.run(["cmake", "--build", BUILD / board, "-j", "2"], check=True)


if __name__ == "__main__":
    for name in BOARDS:
        build(name, sys.argv[1:])
