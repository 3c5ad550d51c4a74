# SPDX-License-Identifier: Apache-2.0
"""What the box does to its NOR flash, word by word, from QEMU's trace of the chips.

An entry says its own length in its first word (agent/SPEC.md, "Flash"): so it is known from outside
whether the power went within one, and within which.
"""
import dataclasses
import re
from typing import Optional

EVENTS = ("pflash_data_write", "pflash_data_write_block", "pflash_write_block_flush",
          "pflash_write_block_erase")
WORD = re.compile(r"pflash_data_write(_block|) ([^ :]+): data offset:0x([0-9a-f]+) size:(\d)"
                  r" value:0x([0-9a-f]+)")
FLUSH = re.compile(r"pflash_write_block_flush ([^ :]+):")
ERASE = re.compile(r"pflash_write_block_erase ([^ :]+): block erase offset:0x([0-9a-f]+)")
HEADER_BYTES = 8
CHECKPOINT = 0x80
FIRST_UNOWNED = 0x80


def switches():
    """For QEMU: a line on stderr for each word, each end of a buffer and each erase."""
    return [switch for event in EVENTS for switch in ("-trace", event)]


@dataclasses.dataclass(frozen=True)
class Area:
    """Where in the flash the spool lies, and how entries are padded there."""
    flash: str
    begin: int
    end: int
    granularity: int

    def holds(self, flash, offset):
        return flash == self.flash and self.begin <= offset < self.end


@dataclasses.dataclass(frozen=True)
class Entry:
    """Of the spool, from its first word to behind its last."""
    tag: int
    begin: int
    end: int

    @property
    def is_record(self):
        return 0 < self.tag < FIRST_UNOWNED

    @property
    def is_checkpoint(self):
        return self.tag == CHECKPOINT


class FlashPhase:
    """Follows the words that go to the spool."""

    def __init__(self, area):
        self._area = area
        self.entry: Optional[Entry] = None  # that the last word belongs to
        self.words = 0                      # of it so far
        self._is_whole = False
        self.is_within = False              # the last word's entry is not in the chips yet
        self.is_erasing = False             # the last thing was an erase
        self.records = 0                    # in the chips since the start
        self.notes = 0                      # and checkpoints
        self.erases = 0

    def take(self, line):
        """'word', 'part' of an entry that is in the chips, its 'end', 'erase', or None for what is
        not of the spool."""
        if match := WORD.search(line):
            is_buffered, flash, offset, size, value = match.groups()
            if self._area.holds(flash, int(offset, 16)):
                return self._word(int(offset, 16), int(size), int(value, 16), bool(is_buffered))
        elif match := FLUSH.search(line):
            if match[1] == self._area.flash and self.is_within:
                return self._end() if self._is_whole else "part"
        elif match := ERASE.search(line):
            if self._area.holds(match[1], int(match[2], 16)):
                self.is_erasing, self.is_within, self.entry = True, False, None
                self.erases += 1
                return "erase"
        return None

    def _word(self, offset, size, value, is_buffered):
        self.is_erasing = False
        entry = self.entry
        if entry is None or not self.is_within or not entry.begin <= offset < entry.end:
            entry = self.entry = self._begun(offset, value)
            self.words = 0
            self.is_within = True
        self.words += 1
        self._is_whole = offset + size >= entry.end
        return "word" if is_buffered or not self._is_whole else self._end()

    def _end(self):
        self.is_within = False
        self.records += self.entry.is_record
        self.notes += self.entry.is_checkpoint
        return "end"

    def _begun(self, offset, header):
        step = self._area.granularity
        size = -(-(HEADER_BYTES + (header & 0xFFFF)) // step) * step
        return Entry(header >> 16 & 0xFF, offset, offset + size)
