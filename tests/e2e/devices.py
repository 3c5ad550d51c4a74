# SPDX-License-Identifier: Apache-2.0
"""The devices that a whole run can have in its middle, all used in the same way."""
import time

import agreement
import board
import scenario


class Linux(scenario.Tallyd):
    name = "tallyd on Linux"
    building = "programs: tallyd is built"
    starting = "device: tallyd"
    buffer = agreement.Buffer(start_ms=500, resume_ms=500, end_after_ms=5000)
    stream_kbps = 5000
    refused = 0

    def __init__(self, folder, certs, port, _image, **settings):
        super().__init__(folder, certs, f"https://127.0.0.1:{port}{scenario.PATH}",
                         start_buffer_ms=self.buffer.start_ms,
                         resume_buffer_ms=self.buffer.resume_ms,
                         end_after_ms=self.buffer.end_after_ms, **settings)

    @staticmethod
    def build(_folder, _certs, _port):
        """make has built it."""

    def await_join(self):
        self.await_line("session: opened, number")
        return round(time.time() * 1000)

    def finish(self, _collector):
        status = self.wait(60)
        if status != 0:
            raise scenario.Failed(self.name, "exit 0", f"exit {status}", self.log)


class Box(board.Board):
    """A box without an operating system: a `board` of boards/."""
    starting = "device: QEMU boots it"
    # As boards/box/box.c configures its receiver.
    buffer = agreement.Buffer(start_ms=500, resume_ms=500, end_after_ms=10000)
    stream_kbps = 5000

    def __init__(self, folder, _certs, _port, image, *more, **settings):
        super().__init__(folder, self.board, image, *more, **settings)

    @classmethod
    def build(cls, folder, certs, port, **options):
        """One folder a board: a build folder keeps its first compiler."""
        return board.build(cls.board, folder / f"firmware-{cls.board}", certs, port,
                           TALLY_HEARTBEAT_MS=3000, TALLY_UPLOAD_MS=3000, **options)

    def finish(self, collector):
        """A board never ends by itself: all is uploaded once a record behind the end is stored."""
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            kinds = [record["k"] for record in collector.records()]
            if "x" in kinds and "a" in kinds[kinds.index("x"):]:
                return
            time.sleep(0.2)
        raise scenario.Failed(self.name, "an agent record behind the session's end", "none in 60 s",
                              self.log)


class Mps2(Box):
    board = "mps2-an385"
    name = "mps2-an385 in QEMU"
    building = "firmware: mps2-an385, Cortex-M3 without an OS"


class Vexpress(Box):
    board = "vexpress-a9"
    name = "vexpress-a9 in QEMU"
    building = "firmware: vexpress-a9, Cortex-A9 without an OS"
    # Of 5 Mbit/s QEMU loses packets in each run, in bursts: it stands still for longer than the room
    # of the network chip lasts. Of this it loses none.
    stream_kbps = 1250


DEVICES = {"mps2-an385": Mps2, "vexpress-a9": Vexpress, "linux": Linux}
