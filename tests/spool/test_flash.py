#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Spools and settings in the image of a whole flash, and the images that flash_image.py makes."""
import dataclasses
import os
import tempfile
import unittest

import flash_image
from reading import DAMAGED, GOOD, RING_NAMES, USAGE, lines, run
from image import CHECKPOINT_BYTES, Image, SettingsLog, record, rings

FIRST = 0xB001
LAYOUT = flash_image.Layout(sector_bytes=4096, sectors=64)


class Part(unittest.TestCase):
    """Of an image: --at and --blocks."""

    def setUp(self):
        self.whole = Image(10, 256, granularity=4)
        self.spool = Image(6, 256, granularity=4)
        self.urgent, self.routine = rings(self.spool, 3, largest=40)
        for ring, kind in ((self.urgent, "b"), (self.routine, "h")):
            ring.boot(FIRST)
            ring.put(kind, record(kind, ring.first, 5, 1))
        log = Image(2, 256, granularity=4)
        settings = SettingsLog(log)
        settings.begin([(5, b"\x01\0\0\0")])
        self.whole.data[256:3 * 256] = log.data
        self.whole.data[3 * 256:9 * 256] = self.spool.data

    def test_is_told_as_if_it_were_all(self):
        for options in ((), ("-v",), ("--waiting",), ("--all",), ("--records",)):
            self.assertEqual(lines(self.whole, "--at", "3", "--blocks", "6", *options),
                             lines(self.spool, *options))

    def test_settings(self):
        self.assertEqual(lines(self.whole, "--at", "1", "--blocks", "2", "--settings"),
                         (GOOD, ["block 0: erased",
                                 "block 1: number 1, sealed, in use, 1 entries, 38 bytes",
                                 "value 5, day 0, 4 bytes"]))

    def test_goes_to_the_end_of_the_image(self):
        self.assertEqual(lines(self.whole, "--at", "9"), (GOOD, ["block 0: no ring, erased"]))
        self.assertEqual(lines(self.whole, "--at", "7")[1],
                         [f"block {block}: no ring, erased" for block in range(3)])

    def test_of_blocks_that_are_not_there(self):
        with tempfile.NamedTemporaryFile() as file:
            file.write(self.whole.data)
            file.flush()
            for options in (("--at", "10"), ("--at", "9", "--blocks", "2"), ("--blocks", "11"),
                            ("--at", "1000000")):
                result = run("--block", "256", *options, file.name)
                self.assertEqual((result.returncode, result.stdout, result.stderr.decode()),
                                 (DAMAGED, b"",
                                  f"tally-spool: {file.name}: has 10 blocks only\n"))

    def test_wrong_numbers_are_usage(self):
        for options in (("--at",), ("--at", "-1", "a"), ("--blocks", "x", "a")):
            result = run(*options)
            self.assertEqual((result.returncode, result.stdout), (USAGE, b""))


def told_of_all(image, *options):
    return lines(image, "--all", *options)


def all_line(kept, q, waits):
    return (f"{RING_NAMES[kept.of_class]} {kept.block} {kept.offset} {kept.boot:014x} {kept.kind} "
            f"{len(kept.payload)} {q} {'waits' if waits else 'gone'}")


class All(unittest.TestCase):

    def test_tells_what_is_gone_before_what_waits(self):
        image = Image(6, 256, granularity=4)
        urgent, routine = rings(image, 3, largest=40)
        for ring in (urgent, routine):
            ring.boot(FIRST)
        kept = [urgent.put(kind, record(kind, q, 5, 1)) for q, kind in enumerate("bsx")]
        kept.append(routine.put("h", record("h", 3, 5, 1)))
        urgent.accept(2)
        self.assertEqual(told_of_all(image), (GOOD, [
            all_line(kept[0], 0, False), all_line(kept[1], 1, False), all_line(kept[2], 2, True),
            all_line(kept[3], 3, True)]))

    def test_records_of_erased_blocks_are_not_there(self):
        image = Image(6, 256, granularity=4)
        urgent, _ = rings(image, 3, largest=40)
        urgent.boot(FIRST)
        for q in range(60):
            urgent.put("e", record("e", q, q, 1))
        urgent.accept(len(urgent.waiting) - 1)
        there = [kept for kept in urgent.written if kept.number > urgent.number - urgent.blocks]
        self.assertLess(len(there), 60)
        self.assertEqual(told_of_all(image), (GOOD, [
            all_line(kept, kept.index, kept.index == 59) for kept in there]))

    def test_of_a_store_that_was_never_written(self):
        self.assertEqual(told_of_all(Image(6)), (GOOD, []))


class FlashImages(unittest.TestCase):

    def told(self, image, layout, *options):
        with tempfile.NamedTemporaryFile() as file:
            flash_image.write(file.name, image, layout)
            self.assertEqual(os.path.getsize(file.name), layout.sectors * layout.sector_bytes)
            self.written_bytes = os.stat(file.name).st_blocks * 512
            result = run("--block", str(layout.sector_bytes), "--granularity",
                         str(layout.granularity), *options, file.name)
        self.assertEqual(result.stderr, b"")
        return result.returncode, result.stdout.decode().splitlines()

    def spool(self, image, *options, layout=LAYOUT):
        return self.told(image, layout, "--at", str(layout.spool_at), "--blocks",
                         str(layout.spool), *options)

    def test_a_whole_flash_is_a_sparse_file(self):
        layout = flash_image.Layout()
        image, _ = flash_image.flash(layout)
        code, told = self.spool(image, layout=layout)
        self.assertEqual(code, GOOD)
        self.assertRegex(told[0], "^block 0: urgent 4, boot 000ea211e4b007, head and tail, ")
        self.assertRegex(told[4], "^block 4: routine 12, boot 000ea211e4b007, head and tail, ")
        self.assertEqual({line.split(", ", 1)[1] for line in told[1:4] + told[5:16]}, {"erased"})
        self.assertRegex(told[16], r"^urgent: (\d+) put, \1 gone, 0 waiting$")
        self.assertRegex(told[17], r"^routine: (\d+) put, \1 gone, 0 waiting$")
        self.assertLess(self.written_bytes, 6 << 20)

    def test_settings_were_never_written(self):
        image, _ = flash_image.flash(LAYOUT)
        self.assertEqual(self.told(image, LAYOUT, "--blocks", "2", "--settings"),
                         (GOOD, ["block 0: erased", "block 1: erased"]))

    def test_what_waits_are_the_last_records_of_each_ring(self):
        image, both = flash_image.flash(LAYOUT, waiting=3)
        code, told = self.spool(image, "--waiting")
        self.assertEqual(code, GOOD)
        self.assertEqual([line.split()[:5] for line in told],
                         [[name, str(kept.block), str(kept.offset), f"{kept.boot:014x}", kept.kind]
                          for name, ring in zip(RING_NAMES, both) for kept in ring.written[-3:]])

    def test_rings_that_have_gone_round_have_room_for_little_more(self):
        for laps, room in ((0, 0), (1, 500), (2, 2000)):
            _, both = flash_image.flash(LAYOUT, room_bytes=room, laps=laps)
            for ring in both:
                left = ring.image.block_bytes - ring.offset
                self.assertTrue(room <= left < room + ring.image.stored(flash_image.FILLER_BYTES) +
                                ring.image.stored(CHECKPOINT_BYTES))
                self.assertEqual(ring.number, ring.blocks * (laps + 1) - 1 if laps else ring.blocks)

    def test_laps_fill_every_block(self):
        image, _ = flash_image.flash(dataclasses.replace(LAYOUT, spool=8, urgent=3), laps=1)
        layout = dataclasses.replace(LAYOUT, spool=8, urgent=3)
        code, told = self.spool(image, layout=layout)
        self.assertEqual(code, GOOD)
        self.assertEqual([line.split(", ")[2] for line in told[:8]],
                         ["gone"] * 2 + ["head and tail"] + ["gone"] * 4 + ["head and tail"])


if __name__ == "__main__":
    unittest.main()
