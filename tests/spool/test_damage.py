#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Damaged spools: what is lost is told."""
import unittest

from reading import DAMAGED, GOOD, lines
from image import Checkpoint, Image, URGENT, record, rings

FIRST, SECOND = 0xB001, 0xB002


def four_blocks(last=SECOND):
    """A ring of 6 blocks of which 4 are written: numbers 6 to 9, from the second block on of the
    second boot, and of another in the last."""
    image = Image(6, 256)
    ring, = rings(image, 6, largest=40)
    ring.boot(FIRST)
    for q in range(7):
        ring.put("e", record("e", q, q, 1), URGENT)
    ring.boot(SECOND)
    for q in range(16):
        ring.put("e", record("e", q, q, 1), URGENT)
    ring.boot(last)
    for q in range(3):
        ring.put("x", record("x", q, q, 1), URGENT)
    return image, ring


def told(image):
    """Exit code, block lines, and the ring's line."""
    code, text = lines(image)
    return code, text[:image.blocks], text[image.blocks]


class Damage(unittest.TestCase):

    def test_without_damage(self):
        self.assertEqual(told(four_blocks()[0]), (GOOD, [
            "block 0: single 6, boot 0000000000b001, tail, 9 entries, 252 bytes",
            "block 1: single 7, boot 0000000000b002, waiting, 9 entries, 252 bytes",
            "block 2: single 8, boot 0000000000b002, waiting, 10 entries, 247 bytes",
            "block 3: single 9, boot 0000000000b002, head, 5 entries, 164 bytes",
            "block 4: single, erased",
            "block 5: single, erased"], "single: 26 put, 0 gone, 26 waiting"))

    def test_a_block_whose_header_is_damaged_is_read_with_the_owner_carried_on(self):
        image, _ = four_blocks()
        image.flip(2, 30)
        code, blocks, ring = told(image)
        self.assertEqual((code, blocks[2], ring), (
            DAMAGED, "block 2: single 8, boot 0000000000b002, waiting, damaged header, 9 entries, "
            "247 bytes", "single: 26 put, 0 gone, 26 waiting, 1 damaged"))

    def test_the_block_after_the_newest_sound_header_is_the_head_if_it_holds_entries(self):
        image, _ = four_blocks()
        image.flip(3, 30)
        code, blocks, ring = told(image)
        self.assertEqual((code, blocks[3], ring), (
            DAMAGED, "block 3: single 9, boot 0000000000b002, head, damaged header, 4 entries, "
            "164 bytes", "single: 26 put, 0 gone, 26 waiting, 1 damaged"))

    def test_the_second_checkpoint_of_a_boot_says_whose_its_records_are(self):
        image, _ = four_blocks(last=0xB003)
        image.flip(3, 0)
        self.assertEqual(lines(image)[1][-2], "    boots 0000000000b001 7 0000000000b002 16 "
                                              "0000000000b003 3")

    def test_records_of_a_boot_that_nothing_names_are_not_taken_for_anothers(self):
        image, _ = four_blocks(last=0xB003)
        image.flip(3, 0)
        image.flip(3, 60)
        code, blocks, ring = told(image)
        self.assertEqual((code, blocks[3], ring), (
            GOOD, "block 3: single, unfinished, 164 bytes",  # as after a cut: nothing names it
            "single: 23 put, 0 gone, 23 waiting"))

    def test_a_damaged_record_is_missing_by_the_next_checkpoint(self):
        image, _ = four_blocks()
        image.flip(1, 130)
        code, blocks, ring = told(image)
        self.assertEqual((code, blocks[1], ring), (
            DAMAGED, "block 1: single 7, boot 0000000000b002, waiting, 8 entries, 252 bytes",
            "single: 26 put, 0 gone, 25 waiting, 1 missing, 1 damaged"))
        self.assertIn("    120: damaged, 22 bytes", lines(image, "-v")[1])

    def test_a_damaged_last_record_of_a_block_is_missing_too(self):
        image, _ = four_blocks()
        image.flip(1, 251)
        code, _, ring = told(image)
        self.assertEqual((code, ring), (
            DAMAGED, "single: 26 put, 0 gone, 25 waiting, 1 missing, 1 torn"))

    def test_a_torn_record_where_writing_ended_is_no_damage(self):
        image, ring = four_blocks()
        ring.tear(21)
        code, _, ring = told(image)
        self.assertEqual((code, ring), (GOOD, "single: 26 put, 0 gone, 26 waiting, 1 torn"))

    def test_a_cut_while_the_next_block_is_begun_is_no_damage(self):
        image, ring = four_blocks()
        while ring.number < 11:
            ring.put("e", record("e", 0, 0, 1), URGENT)
        image.program(ring.block(12), 0, b"\x29\x00\x80")
        image.program(ring.block(12), 3, b"\xff" * 253)
        code, blocks, ring = told(image)
        self.assertEqual((code, blocks[0], ring), (
            GOOD, "block 0: single, unfinished, 3 bytes",
            "single: 40 put, 0 gone, 33 waiting, 7 given up"))

    def test_a_block_in_between_that_lost_all(self):
        image, _ = four_blocks()
        image.program(2, 0, b"\xa5" * 256)
        code, blocks, ring = told(image)
        self.assertEqual((code, blocks[2], ring), (
            DAMAGED, "block 2: single, damaged header, 256 bytes",
            "single: 26 put, 0 gone, 17 waiting, 9 missing, 1 damaged"))

    def test_a_ring_that_lost_all_headers(self):
        image, _ = four_blocks()
        for block in range(4):
            image.flip(block, 3)
        code, blocks = lines(image)
        self.assertEqual((code, blocks[0]), (DAMAGED,
                                             "block 0: no ring, damaged header, 252 bytes"))

    def test_an_oldest_record_outside_the_ring(self):
        image, ring = four_blocks()
        for changed in ({"tail_back": 6}, {"tail_offset": 257}):
            state = vars(ring.state())
            image.entry(3, ring.offset, ring.number, 0x80,
                        Checkpoint(**{**state, **changed}).payload())
            code, _, line = told(image)
            self.assertEqual((code, line.split(", ")[-1]), (DAMAGED, "1 damaged"))

    def test_what_waits_and_is_no_record(self):
        image, ring = four_blocks()
        ring.put("e", record("x", 9), URGENT)
        ring.put("e", record("e", 9) + b"\x00", URGENT)
        code, text = lines(image)
        self.assertEqual((code, text[-1]), (DAMAGED, "waiting, but no records: 2"))
        self.assertTrue(lines(image, "--waiting")[1][-1].endswith(" e 12 -"))

    def test_an_entry_that_the_format_does_not_have(self):
        image, ring = four_blocks()
        ring.offset = image.entry(3, ring.offset, ring.number, 0xC8, b"later")
        ring.put("x", record("x", 3, 3, 1), URGENT)
        self.assertIn("    164: unknown tag 200, 5 bytes", lines(image, "-v")[1])
        self.assertEqual(told(image)[2], "single: 27 put, 0 gone, 27 waiting")


if __name__ == "__main__":
    unittest.main()
