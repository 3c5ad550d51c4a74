# SPDX-License-Identifier: Apache-2.0
"""Figures of the board mps2-an385 in QEMU: its TLS heap, its longest step, its stack."""
import json
import pathlib
import re
import subprocess
import sys
import time

TESTS = pathlib.Path(__file__).resolve().parents[1]
sys.path[:0] = [str(TESTS / "e2e"), str(TESTS / "qemu")]
import board  # noqa: E402
import boot_figures  # noqa: E402
import qemu  # noqa: E402
import scenario  # noqa: E402

from server import Server  # noqa: E402

FAILURES = (scenario.Failed, qemu.Silence)

BOARD = "mps2-an385"
UPLOAD_MS = 4000
# Each instruction takes 32 ns of the guest's time; see README.md.
COUNTED_TIME = ("-icount", "shift=5,align=off,sleep=on")
HEAP_WITHIN_S = 240
STEPS_WITHIN_S = 120
STREAM_S = 12
STREAM_KBPS = 5000
SHARE_WITHIN_S = 60
SHARE_DATAGRAMS = 4000
DATAGRAMS_A_SECOND = 5_000_000 / 8 / (7 * 188)
INSTRUCTION_NS = 32
CORE_HZ = 25_000_000


def measured_by_itself(image, within_s, more=()):
    """(name, value, unit) of what a measuring image prints before it ends."""
    with qemu.Guest(BOARD, str(image), more=more) as guest:
        if guest.exit_code(within_s) != 0:
            raise scenario.Failed(image.name, "exit 0", guest.text, "above")
        for name, value in re.findall(r"^([a-z_.]+) (\d+)$", guest.text, re.MULTILINE):
            yield name, int(value), "us" if name.endswith("_us") else "bytes"


def await_uploads(server, count):
    """Waits for so many more."""
    end = len(server.bodies) + count
    deadline = time.monotonic() + count * 4 * UPLOAD_MS / 1000
    while len(server.bodies) < end:
        if time.monotonic() > deadline:
            raise scenario.Failed(BOARD, f"{count} uploads", "fewer", "the board's")
        time.sleep(0.1)


def share_of_stream(image):
    """What counting a stream of 5 Mbit/s takes of a core that does an instruction a cycle."""
    (_, took_us, _), = measured_by_itself(image, SHARE_WITHIN_S, COUNTED_TIME)
    instructions = took_us * 1000 / INSTRUCTION_NS / SHARE_DATAGRAMS
    yield "streams.datagram.instructions", round(instructions), "instructions"
    share = instructions * DATAGRAMS_A_SECOND / CORE_HZ
    yield "streams.share_of_5mbit.percent", round(100 * share, 2), "percent"


def stack(folder, image, server, decoder):
    """What the firmware itself reports after a stream, measured and uploaded."""
    media = scenario.make_media(folder, STREAM_S, STREAM_KBPS)
    begin = len(server.bodies)
    device = board.Board(folder, BOARD, image)
    try:
        device.await_line("session: opened, number")
        scenario.Sender(folder, media, device).finish(STREAM_S + 30)
        await_uploads(server, 2)  # the second is of records that were made behind the stream
    finally:
        device.stop()
    records = subprocess.run([decoder], input=b"".join(server.bodies[begin:]), check=True,
                             capture_output=True).stdout
    agent = [json.loads(line).get("agent", {}) for line in records.splitlines()]
    return max(notes["stack_high_bytes"] for notes in agent if "stack_high_bytes" in notes)


def figures(folder, decoder):
    """(name, value, unit) of each. Builds in `folder`; `decoder` is tally-decode."""
    certs = scenario.make_certificates(folder / "certs")
    with Server(certs) as server:
        firmware = board.build(BOARD, folder / BOARD, certs, server.port, TALLY_BENCH="ON",
                               TALLY_UPLOAD_MS=UPLOAD_MS)
        images = firmware.parent / "tests" / "bench" / "firmware"
        yield from measured_by_itself(images / "handshakes.elf", HEAP_WITHIN_S)
        yield from measured_by_itself(images / "step.elf", STEPS_WITHIN_S, COUNTED_TIME)
        yield from share_of_stream(images / "share.elf")
        yield "board.stack_high.bytes", stack(folder, firmware, server, decoder), "bytes"
        yield from boot_figures.figures(folder, certs, server.port)
