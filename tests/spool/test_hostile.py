#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Spools changed in every place: no crash, and nothing is told that was not written."""
import unittest

from reading import DAMAGED, GOOD, dice, read
from image import Image, URGENT, record, rings

FIRST, SECOND = 0xB001, 0xB002
MUTATIONS = 100


class Hostile(unittest.TestCase):
    """Small images of both granularities, changed in every place."""

    def setUp(self):
        self.chance = dice()

    @staticmethod
    def images():
        for granularity in (1, 16):
            image = Image(3, 256, granularity)
            ring, = rings(image, 3, largest=32)
            for boot in (FIRST, SECOND):
                ring.boot(boot)
                for q in range(8):
                    ring.put("e", record("e", q, q, boot & 3), URGENT)
            ring.accept(2)
            yield image, ring

    def check(self, changed, ring):
        """Told is a part of what was ever written, each record once."""
        code, out, errors = read(changed, "--waiting")
        self.assertIn(code, (GOOD, DAMAGED), errors)
        self.assertEqual(errors, b"")
        told_records = []
        for line in out.decode().splitlines():
            _, block, offset, boot, kind, size, q = line.split()
            self.assertNotEqual(q, "-")
            told_records.append((int(block), int(offset), int(boot, 16), kind, int(size)))
        self.assertEqual(len(set(told_records)), len(told_records))
        written = {(kept.block, kept.offset, kept.boot, kept.kind, len(kept.payload))
                   for kept in ring.written}
        self.assertLessEqual(set(told_records), written)

    @staticmethod
    def changed(image):
        copy = Image(image.blocks, image.block_bytes, image.granularity)
        copy.data[:] = image.data
        return copy

    def test_a_bit_of_every_byte(self):
        for image, ring in self.images():
            for at in range(0, len(image.data), 1 if image.granularity == 1 else 3):
                bad = self.changed(image)
                bad.data[at] ^= 1 << self.chance.randrange(8)
                self.check(bad, ring)

    def test_cut_at_every_byte_and_erased_or_zero_from_there(self):
        for image, ring in self.images():
            for at in range(0, len(image.data), 7):
                bad = self.changed(image)
                bad.data[at:] = self.chance.choice((b"\xff", b"\x00")) * (len(image.data) - at)
                self.check(bad, ring)

    def test_blocks_and_pieces_in_other_places(self):
        for image, ring in self.images():
            for _ in range(MUTATIONS):
                bad = self.changed(image)
                for _ in range(self.chance.randrange(1, 6)):
                    size = self.chance.choice((1, 8, 49, 64, 256))
                    source, target = (self.chance.randrange(0, len(image.data), size)
                                      for _ in range(2))
                    piece = image.data[source:source + size]
                    bad.data[target:target + len(piece)] = piece
                del bad.data[len(image.data):]
                bad.data.extend(b"\xff" * (len(image.data) - len(bad.data)))
                self.check(bad, ring)

    def test_noise_in_front_of_every_reader(self):
        for image, _ in self.images():
            for options in ((), ("-v",), ("--records",), ("--raw",), ("--all",),
                            ("--settings", "-v")):
                for _ in range(7):
                    bad = self.changed(image)
                    for _ in range(self.chance.randrange(40)):
                        bad.data[self.chance.randrange(len(bad.data))] = self.chance.randrange(256)
                    self.assertIn(read(bad, *options)[0], (GOOD, DAMAGED))
            image.data[:] = self.chance.randbytes(len(image.data))
            self.assertEqual(read(image, "--raw"), (DAMAGED, b"", b""))


if __name__ == "__main__":
    unittest.main()
