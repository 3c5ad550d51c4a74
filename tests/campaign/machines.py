# SPDX-License-Identifier: Apache-2.0
"""The boards that are killed, and where their records lie."""
import dataclasses
import re
import subprocess
import sys
from typing import Optional

import scenario
from flash_phase import HEADER_BYTES, Area
from judge import Look, Record

sys.path.append(str(scenario.TESTS / "spool"))
import flash_image  # noqa: E402

SECTOR = 256 << 10
CHUNK = 1 << 20
PAST_SHARE = 0.7
ROOM_MOST = 8000
WAITING_MOST = 5
LAPS_SHARE = 0.1  # all blocks are used: 13,000 records to look at behind each kill
BLOCK = re.compile(r"block (\d+): (\w+)")
RECORD = re.compile(r"    (\d+): (urgent|routine) (\w), boot ([0-9a-f]{14}), q (\d+), (\d+) bytes"
                    r"(, waits)?$")
CHECKPOINT = re.compile(r"    \d+: checkpoint, boot ([0-9a-f]{14}),")


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

    def make(self, path, dice):
        """A store that was never written, or one that another life has left nearly full: soon the
        next block is to be erased and begun."""
        if self.flash and dice.random() < PAST_SHARE:
            flash_image.write(path, flash_image.flash(
                room_bytes=dice.randrange(ROOM_MOST), waiting=dice.randint(0, WAITING_MOST),
                laps=int(dice.random() < LAPS_SHARE))[0])
            return
        with open(path, "wb") as file:
            for _ in range(self.bytes // CHUNK):
                file.write(self.blank * CHUNK)

    def look(self, path):
        """What is durable, as tally-spool reads it."""
        result = subprocess.run(
            [scenario.PROGRAMS / "tally-spool", "--block", str(self.block_bytes), "--granularity",
             str(self.granularity), "--at", str(self.spool_at // self.block_bytes), "--blocks",
             str(self.blocks), "-v", path], check=False, capture_output=True, text=True)
        if result.returncode != 0:
            raise Damaged("; ".join(line.strip() for line in result.stdout.splitlines()
                                    if "damaged" in line) or result.stderr)
        with open(path, "rb") as file:
            return parse(result.stdout, self._payloads(file))

    def _payloads(self, file):
        def read(block, offset, size):
            file.seek(self.spool_at + block * self.block_bytes + offset + HEADER_BYTES)
            return file.read(size)
        return read


def parse(text, read):
    """A Look from the words of tally-spool -v; read(block, offset, bytes) is an entry's payload."""
    records, waiting, begun, block, is_urgent = [], [], set(), None, False
    for line in text.splitlines():
        if match := BLOCK.match(line):
            block, is_urgent = int(match[1]), match[2] == "urgent"
        elif match := RECORD.match(line):
            offset, ring, kind, boot, seq, size, waits = match.groups()
            record = Record(int(boot, 16), int(seq), kind, ring == "urgent",
                            read(block, int(offset), int(size)))
            records.append(record)
            if waits:
                waiting.append(record.key)
        elif is_urgent and (match := CHECKPOINT.match(line)):
            begun.add(int(match[1], 16))
    return Look(tuple(records), tuple(waiting), frozenset(begun))


MACHINES = {machine.board: machine for machine in (
    Machine("vexpress-a9", 64 << 20, b"\xff", 2 * SECTOR, 16, SECTOR, 4, "vexpress.flash1"),
    Machine("mps2-an385", 16 << 20, b"\0", 0, 256, 4096, 1, None),
)}
