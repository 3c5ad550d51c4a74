#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Sound spools as tally-spool tells them."""
import json
import os
import subprocess
import tempfile
import unittest

from reading import DAMAGED, GOOD, USAGE, dice, lines, read, run, waiting_line
from image import Image, ROUTINE, URGENT, delivery, record, rings

FIRST, SECOND = 0xB001, 0xDEADBEEF000002
HISTORIES = 40


class Blocks(unittest.TestCase):

    def test_a_store_that_was_never_written_has_no_rings(self):
        self.assertEqual(lines(Image(2)), (GOOD, ["block 0: no ring, erased",
                                                  "block 1: no ring, erased"]))

    def test_two_rings(self):
        image = Image(6, 256)
        urgent, routine = rings(image, 3, largest=40)
        for ring in (urgent, routine):
            ring.boot(FIRST)
        urgent.put("b", record("b", 0, 5))
        urgent.put("s", record("s", 1, 1000, 1))
        routine.put("h", record("h", 2, 61000, 1))
        urgent.accept(1)
        self.assertEqual(lines(image), (GOOD, [
            "block 0: urgent 3, boot 0000000000b001, head and tail, 5 entries, 190 bytes",
            "block 1: urgent, erased",
            "block 2: urgent, erased",
            "block 3: routine 3, boot 0000000000b001, head and tail, 3 entries, 122 bytes",
            "block 4: routine, erased",
            "block 5: routine, erased",
            "urgent: 2 put, 1 gone, 1 waiting",
            "    boots 0000000000b001 1",
            "    kinds s 1",
            "routine: 1 put, 0 gone, 1 waiting",
            "    boots 0000000000b001 1",
            "    kinds h 1"]))

    def test_one_ring_of_sixteen_byte_granules_with_all_that_lies_in_it(self):
        image = Image(3, 512, granularity=16)
        ring, = rings(image, 3, largest=48)
        ring.boot(FIRST, unix_s=1700000000)
        ring.put("b", record("b", 0, 5), URGENT)
        ring.tear(10)
        ring.boot(SECOND)
        ring.quiet_boots = 1
        ring.put("a", record("a", 0, 7), ROUTINE)
        boots = "boot 0000000000b001, ", "boot deadbeef000002, "
        self.assertEqual(lines(image, "-v"), (GOOD, [
            "block 0: single 3, boot 0000000000b001, head and tail, 6 entries, 403 bytes",
            f"    0: checkpoint, {boots[0]}0 put, oldest at 3:0 is 0 of {boots[0]}"
            "unix 1700000000, largest 48, quiet 0",
            f"    64: checkpoint, {boots[0]}0 put, oldest at 3:64 is 0 of {boots[0]}"
            "unix 1700000000, largest 48, quiet 0",
            f"    128: urgent b, {boots[0]}q 0, 11 bytes, waits",
            "    160: torn, 32 bytes",  # 10, and the mark behind them
            "    240: zeros",
            f"    256: checkpoint, {boots[1]}1 put, oldest at 3:128 is 0 of {boots[0]}"
            "unix 0, largest 48, quiet 1",
            f"    320: checkpoint, {boots[1]}1 put, oldest at 3:128 is 0 of {boots[0]}"
            "unix 0, largest 48, quiet 1",
            f"    384: routine a, {boots[1]}q 0, 11 bytes, waits",
            "block 1: single, erased",
            "block 2: single, erased",
            "single: 2 put, 0 gone, 2 waiting, 1 torn",
            "    boots 0000000000b001 1 deadbeef000002 1",
            "    kinds a 1 b 1"]))

    def test_blocks_that_are_gone_passed_over_and_given_up(self):
        image = Image(4, 256)
        ring, = rings(image, 4, largest=40)
        ring.boot(FIRST)
        for q in range(9):  # 7 in block 4 of the ring's history, 2 in block 5
            ring.put("e", record("e", q, q, 1), URGENT)
        ring.accept(8)
        ring.pass_over()  # 6
        ring.put("e", record("e", 9, 9, 1), URGENT)  # 7
        ring.pass_over()  # 8 is not to be had: what was in 4 stays
        ring.put("x", record("x", 10, 10, 1), URGENT)
        self.assertEqual(lines(image), (GOOD, [
            "block 0: single 4, boot 0000000000b001, stale, 9 entries, 252 bytes",
            "block 1: single 9, boot 0000000000b001, head, 2 entries, 71 bytes",
            "block 2: single, erased",
            "block 3: single 7, boot 0000000000b001, tail, 2 entries, 71 bytes",
            "single: 11 put, 9 gone, 2 waiting",
            "    boots 0000000000b001 2",
            "    kinds e 1 x 1"]))

    def test_records_of_a_block_erased_for_the_next_are_given_up_and_not_missed(self):
        image = Image(3, 256)
        ring, = rings(image, 3, largest=40)
        ring.boot(FIRST)
        for q in range(24):
            ring.put("e", record("e", q, q, 1), URGENT)
        self.assertEqual(ring.number, 5)
        image.erase(ring.block(3))
        self.assertEqual(lines(image), (GOOD, [
            "block 0: single, erased",
            "block 1: single 4, boot 0000000000b001, waiting, 10 entries, 247 bytes",
            "block 2: single 5, boot 0000000000b001, head, 9 entries, 225 bytes",
            "single: 24 put, 0 gone, 17 waiting, 7 given up",
            "    boots 0000000000b001 17",
            "    kinds e 17"]))

    def test_foreign_formats_and_what_does_not_fit_are_no_damage(self):
        image = Image(5, 256)
        ring, = rings(image, 5, largest=40)
        ring.boot(FIRST)
        ring.put("b", record("b", 0), URGENT)
        strange = ring.state()
        for block, changed in ((1, {"format": 2, "number": 6}), (2, {"urgent_blocks": 3}),
                               (3, {"number": 9}), (4, {"number": 4})):
            checkpoint = type(strange)(**{**vars(strange), "number": 5 + block, **changed})
            image.entry(block, 0, checkpoint.number, 0x80, checkpoint.payload())
        code, told = lines(image)
        self.assertEqual((code, told[1:5]), (GOOD, [
            "block 1: single, foreign format 2, 49 bytes",
            "block 2: single, does not fit, 49 bytes",
            "block 3: single, does not fit, 49 bytes",
            "block 4: single, does not fit, 49 bytes"]))

    def test_a_destroyed_block(self):
        image = Image(3, 256)
        ring, = rings(image, 3, largest=40)
        ring.boot(FIRST)
        ring.put("b", record("b", 0), URGENT)
        image.program(1, 0, bytes(256))
        self.assertEqual(lines(image)[1][1], "block 1: single, zeros, 256 bytes")

    def test_a_record_written_again_in_the_next_block_is_there_twice(self):
        image = Image(3, 256)
        ring, = rings(image, 3, largest=40)
        ring.boot(FIRST)
        again = record("b", 0)
        lost = ring.put("b", again, URGENT)  # read back wrong, though it is sound
        ring.put_ever -= 1
        ring.waiting.pop()
        ring.next_block()
        ring.put("b", again, URGENT)
        ring.waiting.insert(0, lost)  # the note of where the oldest is came before
        image.entry(ring.block(), 0, ring.number, 0x80,
                    type(ring.state())(**{**vars(ring.state()), "records": 0}).payload())
        code, told = lines(image)
        self.assertEqual((code, told[3]), (GOOD, "single: 1 put, 0 gone, 2 waiting, 1 twice"))


def live(chance, some_rings, steps):
    """A history with boots, cuts and accepted records."""
    q = 0
    for step in range(steps):
        ring = chance.choice(some_rings)
        event = chance.random()
        if step == 0 or event < 0.05:
            boot, q = chance.randrange(1, 1 << 53), 0
            for each in some_rings:
                if chance.random() < 0.5 and each.number >= each.blocks:
                    each.tear(min(chance.randrange(1, 40), each.image.block_bytes - each.offset))
                each.boot(boot, chance.choice((0, 1700000000 + step)))
        elif event < 0.15:
            ring.accept(chance.randrange(0, len(ring.waiting) + 1))
        else:
            if event < 0.17 and ring.begun:
                ring.pass_over()
            kind = chance.choice("bcshexrtfjovda")
            of_class = chance.choice((URGENT, ROUTINE)) if len(some_rings) == 1 else None
            ring.put(kind, record(kind, q, chance.randrange(1 << 40), chance.randrange(1 << 20)),
                     of_class)
            q += 1


def sequence_of(payload):
    """q of a record made by record()."""
    at = payload.index(b"\x61q") + 2
    first = payload[at] & 31
    size = {24: 1, 25: 2}.get(first, 0)
    return int.from_bytes(payload[at + 1:at + 1 + size], "big") if size else first


class Histories(unittest.TestCase):

    def test_a_record_that_ends_like_erased_flash_outlives_the_boot_behind_it(self):
        image = Image(6, 512)
        ring, = rings(image, image.blocks, largest=64)
        ring.boot(1, 0)
        ring.put("h", record("h", 4, 0xDAD3C519FF), ROUTINE)
        ring.boot(2, 0)
        self.assertEqual(len(delivery([ring])), 1)
        code, told = lines(image, "--waiting")
        self.assertEqual((code, len(told)), (GOOD, 1))

    def test_what_waits_is_told_in_the_order_of_delivery(self):
        chance = dice()
        for _ in range(HISTORIES):
            granularity = chance.choice((1, 4, 8, 16))
            image = Image(chance.randrange(6, 12), chance.choice((512, 1024)), granularity)
            urgent_blocks = chance.choice((3, image.blocks))
            some_rings = rings(image, urgent_blocks, largest=64)
            live(chance, some_rings, chance.randrange(400))
            due = delivery(some_rings)
            expected = [waiting_line(kept, sequence_of(kept.payload), len(some_rings) == 1)
                        for kept in due]
            self.assertEqual(lines(image, "--waiting"), (GOOD, expected))
            self.assertEqual(read(image, "--raw"),
                             (GOOD, b"".join(kept.payload for kept in due), b""))

    def test_records_as_json_name_their_boot(self):
        image = Image(6, 256)
        urgent, routine = rings(image, 3, largest=40)
        for boot, q in ((FIRST, 3), (SECOND, 0)):
            for ring, kind in ((routine, "h"), (urgent, "b")):
                ring.boot(boot)
                ring.put(kind, record(kind, q, 50, 1))
        code, told = lines(image, "--records")
        self.assertEqual(code, GOOD)
        self.assertEqual([json.loads(line) for line in told], [
            {"boot": boot, "seq": q, "kind": kind, "session": 1, "uptime_ms": 50}
            for boot, q in (("0000000000b001", 3), ("deadbeef000002", 0))
            for kind in ("boot", "heartbeat")])


class CommandLine(unittest.TestCase):

    def test_a_size_that_is_no_number_of_blocks_is_told(self):
        for size in (0, 1000):
            with tempfile.NamedTemporaryFile() as file:
                file.write(bytes(size))
                file.flush()
                result = run("--block", "256", file.name)
            self.assertEqual((result.returncode, result.stdout), (DAMAGED, b""))
            self.assertEqual(result.stderr.decode(),
                             f"tally-spool: {file.name}: {size} bytes are not a number of blocks "
                             "of 256 bytes\n")

    def test_a_file_that_is_not_there_and_one_that_is_too_large(self):
        result = run("no/such")
        self.assertEqual((result.returncode, result.stderr),
                         (DAMAGED, b"tally-spool: no/such: No such file or directory\n"))
        with tempfile.NamedTemporaryFile() as file:
            os.truncate(file.name, 64 * 1024 * 1024 + 4096)
            result = run(file.name)
        self.assertEqual((result.returncode, result.stderr.decode()),
                         (DAMAGED, f"tally-spool: {file.name}: File too large\n"))

    def test_anything_else_is_usage(self):
        for arguments in ((), ("--help",), ("a", "b"), ("--block", "a"), ("--block",),
                          ("--block", "255", "a"), ("--block", "2097152", "a"),
                          ("--block", "", "a"), ("--block", "99999999999999999999", "a"),
                          ("--block", "4100", "--granularity", "8", "a"),
                          ("--granularity", "2", "a"), ("-v", "--waiting", "a"),
                          ("--settings", "--raw", "a"), ("--settings", "--settings", "a"),
                          ("a", "-v")):
            with self.subTest(arguments=arguments):
                result = run(*arguments)
                self.assertEqual((result.returncode, result.stdout), (USAGE, b""))
                self.assertIn(b"usage: tally-spool", result.stderr)

    def test_output_that_did_not_arrive_is_no_success(self):
        with tempfile.NamedTemporaryFile() as file, open("/dev/full", "wb") as full:
            file.write(b"\xff" * 4096)
            file.flush()
            result = run(file.name, stdout=full)
        self.assertEqual((result.returncode, result.stderr),
                         (DAMAGED, b"tally-spool: output: No space left on device\n"))


if __name__ == "__main__":
    unittest.main()
