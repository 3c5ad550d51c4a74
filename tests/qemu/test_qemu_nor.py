# SPDX-License-Identifier: Apache-2.0
"""The NOR driver on QEMU's flash chips; what it wrote is read from the image, by nobody of ours."""

import os
import tempfile
import unittest

import images
from qemu import Guest

FLASH_BYTES = 64 << 20
SECTOR_BYTES = 256 << 10
FIRST_SECTOR = 32  # of firmware/nor.c, as are the sizes
RECORDS_AT, RECORDS_END = 4, 4 + 4 + 8 + 300 + 4096 + 5000 + 60
SLOW_BYTES = 32768
KILLS_AFTER_WORDS = (1, 300, 2000)


def pattern(begin, end):
    return bytes((offset * 7 + offset // 256 + 1) & 0xFF for offset in range(begin, end))


class Nor(unittest.TestCase):
    def setUp(self):
        with tempfile.NamedTemporaryFile(suffix=".nor", delete=False) as flash:
            flash.truncate(FLASH_BYTES)  # all zeros: there is something to erase
        self.flash = flash.name
        self.addCleanup(os.unlink, self.flash)

    def guest(self, *more):
        return Guest("vexpress-a9", images.path("vexpress-a9", "nor.elf"), network=False, more=(
            "-drive", f"if=pflash,index=1,format=raw,file={self.flash}", *more))

    def sector(self, index):
        with open(self.flash, "rb") as flash:
            flash.seek((FIRST_SECTOR + index) * SECTOR_BYTES)
            return flash.read(SECTOR_BYTES)

    def run_to_the_end(self):
        with self.guest() as guest:
            code = guest.exit_code(timeout_s=60)
        self.assertEqual((code, "nor: done" in guest.text), (0, True), guest.text)
        return guest.text

    def assert_records(self):
        sector = self.sector(0)
        self.assertEqual(sector[:12], b"\xff" * 4 + bytes(8))
        self.assertEqual(sector[12:RECORDS_END], pattern(12, RECORDS_END))
        self.assertEqual(set(sector[RECORDS_END:]), {0xFF})
        self.assertEqual(set(self.sector(1)), {0xFF})

    def test_what_was_written_lies_in_the_image(self):
        text = self.run_to_the_end()
        self.assertIn("nor: sector 262144 sectors 256 buffer 4096 us 2048 2048 16777216", text)
        self.assert_records()
        slow = self.sector(2)
        self.assertEqual(slow[:SLOW_BYTES], pattern(0, SLOW_BYTES))
        self.assertEqual(set(slow[SLOW_BYTES:]), {0xFF})
        with open(self.flash, "rb") as flash:
            self.assertEqual(set(flash.read(FIRST_SECTOR * SECTOR_BYTES)), {0})

    def test_what_was_programmed_survives_a_kill_between_words(self):
        for words in KILLS_AFTER_WORDS:
            with self.subTest(words=words):
                at = (FIRST_SECTOR + 2) * SECTOR_BYTES + 4 * words
                with self.guest("-trace", "pflash_data_write") as guest:
                    guest.wait_for(f"data offset:0x{at:x} ", timeout_s=30)
                self.assert_records()
                slow = self.sector(2)
                written = max(len(slow.rstrip(b"\xff")), 4 * words)
                self.assertEqual(slow[:written], pattern(0, written))
        self.run_to_the_end()
        self.assert_records()


if __name__ == "__main__":
    unittest.main()
