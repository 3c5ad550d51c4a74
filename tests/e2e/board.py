# SPDX-License-Identifier: Apache-2.0
"""A board in QEMU as the device under test."""
import contextlib
import fcntl
import os
import pathlib
import random
import shutil
import socket
import subprocess
import sys
import time

import scenario

sys.path.insert(0, str(scenario.TESTS / "qemu"))
import qemu  # noqa: E402

STREAM_PORT = 5004
# Trees that whoever calls has already; make and CTest hand them on.
SOURCES = ("TALLY_MBEDTLS_DIR", "TALLY_LWIP_DIR")
# What the guest calls the host, whose loopback is all that it reaches.
HOST = "10.0.2.2"


def build(board, folder, certs, port, source=scenario.ROOT, **options):
    """The firmware of a board, provisioned for a collector on this machine. What several firmwares
    have in common is built once, in TALLY_FIRMWARE_DIR if that names a folder."""
    toolchain = (source / "boards" / board / "toolchain").read_text().strip()
    values = {"TALLY_BOARD": board, "CMAKE_BUILD_TYPE": "MinSizeRel", "TALLY_CERTS": certs,
              "TALLY_ENDPOINT": f"https://{HOST}:{port}{scenario.PATH}",
              "TALLY_OPERATOR": "operator-1", "TALLY_HEARTBEAT_MS": 1000, "TALLY_UPLOAD_MS": 1000,
              **{name: os.environ[name] for name in SOURCES if os.environ.get(name)}, **options}
    folder.mkdir(exist_ok=True)
    with shared_build(board, folder, source, options) as build_folder:
        log = folder.parent / f"{folder.name}.log"
        scenario.check_run("firmware", log, "cmake", "-S", source, "-B", build_folder,
                           "-G", "Ninja", "--toolchain", source / "toolchains" / f"{toolchain}.cmake",
                           *(f"-D{key}={value}" for key, value in values.items()))
        scenario.check_run("firmware", log, "cmake", "--build", build_folder)
        if build_folder != folder:
            for name in ("tally.elf", "tally.spdx.json"):
                shutil.copy(build_folder / name, folder)
    return folder / "tally.elf"


@contextlib.contextmanager
def shared_build(board, folder, source, options):
    """Where to build; nobody else does there meanwhile."""
    shared = os.environ.get("TALLY_FIRMWARE_DIR")
    if not shared or source != scenario.ROOT:
        yield folder
        return
    common = pathlib.Path(shared) / "-".join([board, *sorted(options)])
    common.mkdir(parents=True, exist_ok=True)
    with open(common / "lock", "w", encoding="ascii") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield common


def choose_port():
    """A free TCP port that the kernel gives to nobody by itself: it is still free when a collector
    comes back to it."""
    while True:
        port = random.randrange(20000, 32000)
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
                return port
            except OSError:
                continue


class Board(scenario.Process):
    """A running board; its stream arrives at `address`. `store` is the file that its records and
    settings lie in; without one they are lost with QEMU."""
    pace = staticmethod(qemu.hurry)

    def __init__(self, folder, board, image, *more, network="", store=None, errors=None):
        port = qemu.free_udp_port()
        self.address = f"127.0.0.1:{port}"
        nic = f"user,id=n0,hostfwd=udp:{self.address}-10.0.2.15:{STREAM_PORT}{network}"
        super().__init__(board, folder, *qemu.command(board, image, nic, store), *more,
                         before=self.pace, stdin=subprocess.PIPE, errors=errors)

    def command(self, text):
        """Types a line on the console."""
        self.type(text + "\n")

    def count(self, text):
        """How often it was printed so far."""
        return self.log.read_text(errors="replace").count(text)

    @property
    def refused(self):
        """Packets that the emulated chip had no room for while this machine stood still. Only QEMU
        knows of them; a run that had some says nothing about the device."""
        return self.count(qemu.REFUSED)

    def await_join(self):
        """Unix ms at which the receiver asked for the channel, as far as the UART tells."""
        self.await_line("session: opened, number")
        return round(time.time() * 1000)
