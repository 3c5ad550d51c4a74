# SPDX-License-Identifier: Apache-2.0
"""The boards that are killed, and where their records lie."""
import dataclasses
import re
import subprocess
from typing import Optional

import scenario
from flash_phase import HEADER_BYTES, Area
from judge import Look, Record

SECTOR = 256 << 10
CHUNK = 1 << 20
ITEM = re.compile(r"^    (\d+): (urgent|routine) (\w), boot ([0-9a-f]{14}), q (\d+|-), (\d+) bytes"
                  r"(, waits)?$")
BLOCK = re.compile(r"^block (\d+): ")


class Damaged(Exception):
    """tally-spool found in the image what no cut leaves behind."""


@dataclasses.dataclass(frozen=True)
class Machine:
    """A board, and the file that outlives its power."""
    board: str
    bytes: int       # of the file
    blank: bytes     # what a byte of it is at first
    spool_at: int
    blocks: int
    block_bytes: int
    granularity: int
    flash: Optional[str]  # QEMU's name of the chips whose words it traces

    @property
    def area(self):
        return Area(self.flash, self.spool_at, self.spool_at + self.blocks * self.block_bytes,
                    self.granularity)

    def make(self, path):
        """A store that was never written."""
        with open(path, "wb") as file:
            for _ in range(self.bytes // CHUNK):
                file.write(self.blank * CHUNK)

    def spool(self, path):
        """The bytes of the spool."""
        with open(path, "rb") as file:
            file.seek(self.spool_at)
            return file.read(self.blocks * self.block_bytes)

    def look(self, path, work):
        """What is durable, as tally-spool reads it; `work` is a file for it."""
        data = self.spool(path)
        work.write_bytes(data)
        result = subprocess.run(
            [scenario.PROGRAMS / "tally-spool", "--block", str(self.block_bytes), "--granularity",
             str(self.granularity), "-v", work], check=False, capture_output=True, text=True)
        if result.returncode != 0:
            raise Damaged(result.stdout + result.stderr)
        return parse(result.stdout, data, self.block_bytes)


def parse(text, data, block_bytes):
    """A Look from the words of tally-spool -v and the bytes that they are about."""
    records, waiting, block = [], [], None
    for line in text.splitlines():
        if match := BLOCK.match(line):
            block = int(match[1])
        elif match := ITEM.match(line):
            offset, ring, kind, boot, seq, size, waits = match.groups()
            begin = block * block_bytes + int(offset) + HEADER_BYTES
            record = Record(int(boot, 16), int(seq), kind, ring == "urgent",
                            data[begin:begin + int(size)])
            records.append(record)
            if waits:
                waiting.append(record.key)
    return Look(tuple(records), tuple(waiting))


MACHINES = {machine.board: machine for machine in (
    Machine("vexpress-a9", 64 << 20, b"\xff", 2 * SECTOR, 16, SECTOR, 4, "vexpress.flash1"),
    Machine("mps2-an385", 16 << 20, b"\0", 0, 256, 4096, 1, None),
)}
