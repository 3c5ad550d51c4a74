#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Settings logs as tally-spool tells them, sound and damaged."""
import tempfile
import unittest

from reading import DAMAGED, GOOD, lines, run
from image import Image, SettingsLog


def log(granularity=1, **how):
    """Two blocks: an old one, and the one that came after it."""
    image = Image(2, 256, granularity)
    settings = SettingsLog(image)
    settings.begin()
    settings.set(5, b"\x01\0\0\0")
    settings.set(2, b"config")
    settings.begin([(5, b"\x02\0\0\0"), (2, b"config")], **how)
    return image, settings


def told(image, *options):
    return lines(image, "--settings", *options)


OLD = "block 1: number 1, sealed, 2 entries, 51 bytes"
NEW = "block 0: number 2, sealed, in use, 2 entries, 51 bytes"
VALUES = ["value 2, day 0, 6 bytes", "value 5, day 0, 4 bytes"]


class Settings(unittest.TestCase):

    def test_nothing_was_ever_written(self):
        self.assertEqual(told(Image(3, 256)), (GOOD, ["block 0: erased", "block 1: erased"]))

    def test_the_newer_sealed_block_counts(self):
        self.assertEqual(told(log()[0]), (GOOD, [NEW, OLD, *VALUES]))

    def test_of_a_value_the_last_entry_counts(self):
        image, settings = log(granularity=16)
        settings.set(5, b"\x03", day=20000)
        settings.clear(2)
        self.assertEqual(told(image, "-v"), (GOOD, [
            "block 0: number 2, sealed, in use, 4 entries, 88 bytes",
            "    32: value 5, day 0, 4 bytes",
            "    48: value 2, day 0, 6 bytes",
            "    64: value 5, day 20000, 1 bytes",
            "    80: value 2, cleared",
            "block 1: number 1, sealed, 2 entries, 64 bytes",
            "    32: value 5, day 0, 4 bytes",
            "    48: value 2, day 0, 6 bytes",
            "value 5, day 20000, 1 bytes"]))

    def test_a_cut_before_the_header_or_the_seal_leaves_the_old_block(self):
        image, _ = log(is_headed=False)
        self.assertEqual(told(image), (GOOD, ["block 0: unfinished, 51 bytes",
                                              OLD.replace("sealed", "sealed, in use"), *VALUES]))
        image, _ = log(is_sealed=False)
        self.assertEqual(told(image), (GOOD, ["block 0: number 2, unsealed, 2 entries, 51 bytes",
                                              OLD.replace("sealed", "sealed, in use"), *VALUES]))

    def test_without_a_sealed_block_the_newer_counts(self):
        image, _ = log(is_sealed=False)
        image.program(1, 13, b"\xff" * 8)
        self.assertEqual(told(image), (GOOD, [
            "block 0: number 2, unsealed, in use, 2 entries, 51 bytes",
            "block 1: number 1, unsealed, 2 entries, 51 bytes", *VALUES]))

    def test_a_torn_value_at_the_end_is_no_damage(self):
        image, settings = log()
        image.program(0, settings.offset, b"\x06\x00\x01")
        self.assertEqual(told(image), (GOOD, [NEW.replace("51", "54"), OLD, *VALUES]))

    def test_a_damaged_value_before_another(self):
        image, _ = log()
        image.flip(0, 30)
        self.assertEqual(told(image), (DAMAGED, [
            "block 0: number 2, sealed, in use, 1 entries, 51 bytes, 1 damaged", OLD, VALUES[0]]))

    def test_a_sealed_block_whose_header_is_damaged(self):
        image, _ = log()
        image.flip(0, 10)
        self.assertEqual(told(image), (DAMAGED, ["block 0: damaged header, 51 bytes",
                                                 OLD.replace("sealed", "sealed, in use"),
                                                 *VALUES]))

    def test_both_headers_damaged(self):
        image, _ = log()
        image.flip(0, 10)
        image.flip(1, 10)
        self.assertEqual(told(image), (DAMAGED, ["block 0: unfinished, 51 bytes",
                                                 "block 1: unfinished, 51 bytes"]))

    def test_another_format_and_a_destroyed_log(self):
        image = Image(2, 256)
        image.entry(0, 0, 7, 0x80, b"\x02\x07\0\0\0")
        image.program(1, 0, bytes(256))
        self.assertEqual(told(image), (GOOD, ["block 0: foreign format 2, 13 bytes",
                                              "block 1: zeros, 256 bytes"]))

    def test_one_block_is_no_log(self):
        with tempfile.NamedTemporaryFile() as file:
            file.write(bytes(4096))
            file.flush()
            result = run("--settings", file.name)
        self.assertEqual((result.returncode, result.stderr.decode()),
                         (DAMAGED, f"tally-spool: {file.name}: a settings log has two blocks\n"))

    def test_a_bit_of_every_byte_never_makes_a_value(self):
        image, _ = log()
        for block in range(2):
            for at in range(image.written_end(block) + 4):
                bits = 1 << at % 8
                image.flip(block, at, bits)
                code, text = told(image)
                image.flip(block, at, bits)
                self.assertIn(code, (GOOD, DAMAGED))
                self.assertLessEqual(set(text[2:]), set(VALUES))


if __name__ == "__main__":
    unittest.main()
