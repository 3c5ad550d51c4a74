# SPDX-License-Identifier: Apache-2.0
"""Raw images of a spool's store and of a settings log, made from agent/SPEC.md ("Flash") alone.

    image = Image(blocks=8, block_bytes=4096, granularity=1)
    urgent, routine = rings(image, urgent_blocks=3)
    urgent.boot(0xB001)
    urgent.put("b", record("b", q=0))
    urgent.accept(1)
    urgent.found()          # [Kept(...)] oldest first: what a reader has to find
    bytes(image.data)

A ring goes on as SPEC.md says under "Writing"; what a good writer does not do (damage, other
formats, blocks that are passed over) has methods of its own. Nothing here looks at the agent."""
import dataclasses
import zlib

HEADER_BYTES = 8
CHECKPOINT_TAG = 0x80
CHECKPOINT_BYTES = 41
HEADER_TAG, SEAL_TAG = 0x80, 0x81  # of settings
FORMAT = 1
URGENT, ROUTINE = 0, 1


def little(value, size):
    return value.to_bytes(size, "little")


def frame(number, offset, tag, payload, owner=0):
    """An entry without its padding."""
    head = little(len(payload), 2) + bytes([tag])
    bound = little(number, 4) + little(offset, 3) + head
    if tag >= 0x80:
        owner = 0
    return (head + bytes([zlib.crc32(bound) & 0xFF]) +
            little(zlib.crc32(bound + little(owner, 8) + payload), 4) + payload)


def cbor_head(major, value):
    if value < 24:
        return bytes([major << 5 | value])
    size = 1 if value < 1 << 8 else 2 if value < 1 << 16 else 4 if value < 1 << 32 else 8
    return bytes([major << 5 | {1: 24, 2: 25, 4: 26, 8: 27}[size]]) + value.to_bytes(size, "big")


def cbor_text(text):
    return cbor_head(3, len(text.encode())) + text.encode()


def record(kind, q, uptime_ms=0, session=None):
    """A record with nothing but its own keys."""
    keys = [("k", cbor_text(kind)), ("q", cbor_head(0, q))]
    keys += [("s", cbor_head(0, session))] if session is not None else []
    keys += [("u", cbor_head(0, uptime_ms))]
    return cbor_head(5, len(keys)) + b"".join(cbor_text(key) + value for key, value in keys)


def record_tag(kind, of_class):
    return of_class * 32 + ord(kind) - 0x60


@dataclasses.dataclass
class Checkpoint:
    """The payload of a checkpoint, in its order."""
    quiet_boots: int
    urgent_blocks: int
    number: int
    boot: int
    unix_s: int
    records: int
    largest: int
    tail_back: int
    tail_offset: int
    tail_records: int
    tail_boot: int
    format: int = FORMAT

    def payload(self):
        return (little(self.format, 1) + little(self.quiet_boots, 1) +
                little(self.urgent_blocks, 2) + little(self.number, 4) + little(self.boot, 7) +
                little(self.unix_s, 4) + little(self.records, 4) + little(self.largest, 2) +
                little(self.tail_back, 2) + little(self.tail_offset, 3) +
                little(self.tail_records, 4) + little(self.tail_boot, 7))


@dataclasses.dataclass(frozen=True)
class Kept:
    """A record where it lies."""
    index: int   # records put into its ring before it
    number: int  # of its block
    block: int   # of the image
    offset: int
    boot: int
    of_class: int
    kind: str
    payload: bytes


class Image:
    def __init__(self, blocks, block_bytes=4096, granularity=1):
        self.blocks = blocks
        self.block_bytes = block_bytes
        self.granularity = granularity
        self.data = bytearray(b"\xff" * (blocks * block_bytes))

    def padded(self, size):
        return -(-size // self.granularity) * self.granularity

    def stored(self, payload_bytes):
        return self.padded(HEADER_BYTES + payload_bytes)

    def erase(self, block):
        self.program(block, 0, b"\xff" * self.block_bytes)

    def program(self, block, offset, data):
        assert offset + len(data) <= self.block_bytes
        begin = block * self.block_bytes + offset
        self.data[begin:begin + len(data)] = data

    def entry(self, block, offset, number, tag, payload, owner=0):
        """Writes an entry; returns where it ends."""
        data = frame(number, offset, tag, payload, owner)
        self.program(block, offset, data + b"\xff" * (self.padded(len(data)) - len(data)))
        return offset + self.padded(len(data))

    def written_end(self, block):
        """The granule behind the last byte that is not 0xFF."""
        begin = block * self.block_bytes
        return self.padded(len(self.data[begin:begin + self.block_bytes].rstrip(b"\xff")))

    def flip(self, block, offset, bits=0x01):
        self.data[block * self.block_bytes + offset] ^= bits


class Ring:
    """One ring as its writer has it."""

    def __init__(self, image, first, blocks, urgent_blocks, largest=1032):
        self.image = image
        self.first = first
        self.blocks = blocks
        self.urgent_blocks = urgent_blocks
        self.largest = image.padded(largest)
        self.number = blocks - 1  # no block yet
        self.offset = image.block_bytes
        self.put_ever = 0
        self.owner = None
        self.begun = False
        self.unix_s = 0
        self.quiet_boots = 0
        self.noted = 0  # index of the oldest record that waits, by the last checkpoint
        self.waiting = []
        self.written = []  # every record that ever was

    def block(self, number=None):
        return self.first + (self.number if number is None else number) % self.blocks

    def tail(self):
        """Of the oldest record that waits, or of the place where the next entry goes."""
        if self.waiting:
            oldest = self.waiting[0]
            return oldest.number, oldest.offset, oldest.index, oldest.boot
        return self.number, self.offset, self.put_ever, self.owner

    def state(self):
        number, offset, index, owner = self.tail()
        return Checkpoint(self.quiet_boots, self.urgent_blocks, self.number, self.owner,
                          self.unix_s, self.put_ever, self.largest, self.number - number, offset,
                          index, owner)

    def room(self, *payloads):
        return self.offset + sum(map(self.image.stored, payloads)) <= self.image.block_bytes

    def checkpoint(self):
        self.offset = self.image.entry(self.block(), self.offset, self.number, CHECKPOINT_TAG,
                                       self.state().payload())
        self.noted = self.tail()[2]

    def next_block(self):
        """Goes on to the next block and gives up what still lies in it."""
        self.number += 1
        self.offset = 0
        self.waiting = [kept for kept in self.waiting if kept.number > self.number - self.blocks]
        self.image.erase(self.block())
        self.checkpoint()

    def pass_over(self):
        """A block that could not be erased: its number goes, and what is in it stays. A record
        has to follow: a boot would know nothing of it."""
        assert self.begun
        self.number += 1
        self.offset = self.image.block_bytes
        self.waiting = [kept for kept in self.waiting if kept.number > self.number - self.blocks]

    def boot(self, boot, unix_s=0):
        self.waiting = self.found()
        self.owner = boot
        self.unix_s = unix_s
        self.begun = False

    def found(self):
        """What waits for a reader of the image: what was accepted and not noted, as there was no
        room, waits again."""
        return [kept for kept in self.written
                if kept.index >= self.noted and kept.number > self.number - self.blocks]

    def begin(self):
        """What the first write of a boot has before it."""
        if self.begun:
            return
        self.begun = True
        if self.number >= self.blocks:
            # The last record may end with 0xFF, as what is erased reads.
            self.offset = max(self.offset, self.image.written_end(self.block()))
            if self.offset + self.largest + 160 <= self.image.block_bytes:
                self.zeros()
                self.offset += self.largest
                self.zeros()
                self.checkpoint()
                self.checkpoint()
                return
        self.next_block()
        self.checkpoint()

    def zeros(self):
        size = self.image.stored(0)
        self.image.program(self.block(), self.offset, bytes(size))
        self.offset += size

    def put(self, kind, payload, of_class=None):
        self.begin()
        if not self.room(len(payload)):
            self.next_block()
        of_class = self.own_class() if of_class is None else of_class
        kept = Kept(self.put_ever, self.number, self.block(), self.offset, self.owner, of_class,
                    kind, payload)
        self.offset = self.image.entry(self.block(), self.offset, self.number,
                                       record_tag(kind, of_class), payload, self.owner)
        self.put_ever += 1
        self.waiting.append(kept)
        self.written.append(kept)
        return kept

    def own_class(self):
        return URGENT if self.first == 0 else ROUTINE

    def accept(self, records):
        """The oldest records are with the server; noted here if there is room."""
        self.begin()
        del self.waiting[:records]
        if self.room(CHECKPOINT_BYTES):
            self.checkpoint()

    def tear(self, size, byte=0x5A):
        """A power cut left part of an entry."""
        self.image.program(self.block(), self.offset, bytes([byte]) * size)


def rings(image, urgent_blocks, largest=1032):
    """The rings of a store: two, or one if the urgent one has all blocks."""
    both = [Ring(image, 0, urgent_blocks, urgent_blocks, largest)]
    if urgent_blocks < image.blocks:
        both.append(Ring(image, urgent_blocks, image.blocks - urgent_blocks, urgent_blocks,
                         largest))
    return both


def delivery(some_rings):
    """What a reader finds, boot by boot: the boot of the first ring's oldest record, its records of
    that ring and then of the other."""
    left = [ring.found() for ring in some_rings]
    order = []
    while any(left):
        boot = next(kept[0].boot for kept in left if kept)
        for kept in left:
            while kept and kept[0].boot == boot:
                order.append(kept.pop(0))
    return order


class SettingsLog:
    """Blocks 0 and 1 of an image."""

    def __init__(self, image):
        self.image = image
        self.number = 0
        self.offset = 0

    def block(self):
        return self.number % 2

    def value(self, tag, payload):
        self.offset = self.image.entry(self.block(), self.offset, self.number, tag, payload)

    def set(self, tag, value, day=0):
        self.value(tag, little(day, 2) + value)

    def clear(self, tag):
        self.value(tag, b"")

    def begin(self, values=(), is_headed=True, is_sealed=True):
        """Writes a new block: values (tag, value), then header, then seal, as far as it comes."""
        self.number += 1
        seal_at = self.image.stored(5)
        self.image.erase(self.block())
        self.offset = seal_at + self.image.stored(0)
        for tag, value in values:
            self.set(tag, value)
        if is_headed:
            self.image.entry(self.block(), 0, self.number, HEADER_TAG,
                             little(FORMAT, 1) + little(self.number, 4))
        if is_headed and is_sealed:
            self.image.entry(self.block(), seal_at, self.number, SEAL_TAG, b"")
