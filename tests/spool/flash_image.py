#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""The image of a box's whole NOR flash as an earlier life of the box may have left it: settings
that were never written, and a spool whose rings' newest blocks are nearly full. Made by image.py,
so from agent/SPEC.md alone.

    flash_image.py OUT [--room BYTES] [--waiting N] [--laps N]
"""
import argparse
import dataclasses

from image import CHECKPOINT_BYTES, Image, record, rings

BOOT = 0x0EA211E4B007  # the life it was
FILLER_BYTES = 300


@dataclasses.dataclass(frozen=True)
class Layout:
    """Of boards/vexpress-a9. All sizes in sectors but for the first."""
    sector_bytes: int = 256 * 1024
    sectors: int = 256
    settings_at: int = 0
    settings: int = 2
    spool_at: int = 2
    spool: int = 16
    urgent: int = 4
    granularity: int = 4


def filler(kind, q):
    """A record of FILLER_BYTES."""
    bare = record(kind, q)
    text = b"." * (FILLER_BYTES - len(bare) - 6)
    return bytes([bare[0] + 1]) + bare[1:] + b"\x62zz\x79" + len(text).to_bytes(2, "big") + text


def fill(ring, kind, q, room_bytes, laps):
    """Puts records until another one would leave less than `room_bytes` in the newest block, and a
    place to note what was accepted. Returns the next q."""
    last = ring.blocks + (laps * ring.blocks if laps > 0 else 1) - 1
    kept = room_bytes + ring.image.stored(CHECKPOINT_BYTES) + ring.image.stored(FILLER_BYTES)
    while ring.number < last or ring.image.block_bytes - ring.offset >= kept:
        ring.put(kind, filler(kind, q))
        q += 1
    return q


def flash(layout=Layout(), room_bytes=4096, waiting=0, laps=0):
    """The spool's image and its rings. In each ring the last `waiting` records wait, the others are
    with the server. `laps`: how often the rings have gone round; 0: they are in their first
    blocks."""
    image = Image(layout.spool, layout.sector_bytes, layout.granularity)
    both = rings(image, layout.urgent)
    q = 0
    for ring, kind in zip(both, "ed"):
        ring.boot(BOOT)
        if q == 0:
            ring.put("b", record("b", q))
            q += 1
        q = fill(ring, kind, q, room_bytes, laps)
        ring.accept(max(len(ring.waiting) - waiting, 0))
    return image, both


def write(path, image, layout=Layout()):
    """Writes the file. What is neither settings nor spool is a hole."""
    with open(path, "wb") as file:
        file.seek(layout.settings_at * layout.sector_bytes)
        file.write(b"\xff" * (layout.settings * layout.sector_bytes))
        file.seek(layout.spool_at * layout.sector_bytes)
        file.write(image.data)
        file.truncate(layout.sectors * layout.sector_bytes)


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("out")
    parser.add_argument("--room", type=int, default=4096,
                        help="left in each ring's newest block, and up to a record more; 4096 if "
                             "not given")
    parser.add_argument("--waiting", type=int, default=0,
                        help="records of each ring that wait, 0 if not given")
    parser.add_argument("--laps", type=int, default=0,
                        help="times the rings have gone round; 0: they are in their first blocks")
    options = parser.parse_args()
    write(options.out, flash(room_bytes=options.room, waiting=options.waiting,
                             laps=options.laps)[0])


if __name__ == "__main__":
    main()
