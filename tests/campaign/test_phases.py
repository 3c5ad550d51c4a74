# SPDX-License-Identifier: Apache-2.0
"""Where flash and wire stand, from lines and records that were written by hand."""
import random
import unittest

import aims
from flash_phase import Area, FlashPhase
from wire_phase import Phase, WirePhase

AREA = Area("vexpress.flash1", 0x80000, 0x480000, 4)
PAYLOAD = 9  # of an entry of 5 words


def word(offset, value, buffered=True, flash=AREA.flash):
    kind = "pflash_data_write_block" if buffered else "pflash_data_write"
    return f"{kind} {flash}: data offset:0x{offset:05x} size:4 value:0x{value:x} counter:0x0"


def header(tag, size=PAYLOAD):
    return 0x5A << 24 | tag << 16 | size


FLUSH = f"pflash_write_block_flush {AREA.flash}: block write flush"
ERASE = f"pflash_write_block_erase {AREA.flash}: block erase offset:0xc0000 bytes:0x40000"


class Flash(unittest.TestCase):
    def setUp(self):
        self.flash = FlashPhase(AREA)

    def take(self, *lines):
        return [self.flash.take(line) for line in lines]

    def entry(self, begin, tag, words=5, **how):
        return self.take(word(begin, header(tag), **how),
                         *(word(begin + 4 * at, 0, **how) for at in range(1, words)))

    def test_an_entry_is_in_the_chips_with_the_flush_behind_its_last_word(self):
        self.assertEqual(self.entry(0x80000, 0x02), 5 * ["word"])
        self.assertTrue(self.flash.is_within)
        self.assertEqual(self.take(FLUSH), ["end"])
        self.assertFalse(self.flash.is_within)
        self.assertEqual((self.flash.records, self.flash.notes), (1, 0))

    def test_a_word_that_is_programmed_by_itself_needs_no_flush(self):
        self.assertEqual(self.entry(0x80000, 0x80, buffered=False), 4 * ["word"] + ["end"])
        self.assertEqual((self.flash.records, self.flash.notes), (0, 1))

    def test_a_flush_within_an_entry_leaves_a_part_of_it(self):
        self.entry(0x80000, 0x22, words=3)
        self.assertEqual(self.take(FLUSH), ["part"])
        self.assertEqual((self.flash.words, self.flash.records), (3, 0))
        self.assertTrue(self.flash.is_within)

    def test_the_next_entry_begins_behind_the_one_before(self):
        self.entry(0x80000, 0x80)
        self.take(FLUSH)
        self.entry(0x80014, 0x02, words=2)
        self.assertEqual((self.flash.entry.begin, self.flash.entry.end), (0x80014, 0x80028))
        self.assertTrue(self.flash.entry.is_record)

    def test_zeros_are_neither_record_nor_checkpoint(self):
        self.take(word(0x80000, 0, buffered=False), word(0x80004, 0, buffered=False))
        self.assertEqual((self.flash.records, self.flash.notes, self.flash.is_within),
                         (0, 0, False))

    def test_an_erase_lasts_until_the_next_word(self):
        self.assertEqual(self.take(ERASE), ["erase"])
        self.assertTrue(self.flash.is_erasing)
        self.entry(0xC0000, 0x80, words=1)
        self.assertFalse(self.flash.is_erasing)

    def test_what_is_not_of_the_spool_is_passed_over(self):
        settings = ERASE.replace("0xc0000", "0x40000")
        self.assertEqual(self.take(word(0x40000, header(2)), settings,
                                   word(0x80000, header(2), flash="vexpress.flash0"), FLUSH,
                                   "qemu-system-arm: warning"), 5 * [None])


def tls(kind, payload):
    return bytes([kind, 3, 3]) + len(payload).to_bytes(2, "big") + payload


CLIENT_HELLO = tls(22, b"\x01" + bytes(200))
SERVER_HELLO = tls(22, b"\x02" + bytes(70) + bytes.fromhex("002b00020304"))
OLD_SERVER_HELLO = tls(22, b"\x02" + bytes(70))
CHANGE_CIPHER = tls(20, b"\x01")
CERTIFICATE, VERIFY, FINISHED = (tls(23, bytes(size)) for size in (450, 96, 64))
ENCRYPTED = tls(23, bytes(300))


class Wire(unittest.TestCase):
    def setUp(self):
        self.replied = False
        self.wire = WirePhase(lambda: self.replied)

    def assert_phases(self, *expected):
        """Of (said, by the device, the phase then)."""
        for said, by_device, phase in expected:
            self.assertIs(self.wire.saw(said, by_device), phase, said[:6].hex())

    def shake_hands(self):
        self.assert_phases(
            (CLIENT_HELLO, True, Phase.HANDSHAKE), (SERVER_HELLO, False, Phase.HANDSHAKE),
            (CHANGE_CIPHER + ENCRYPTED, False, Phase.HANDSHAKE),
            (CHANGE_CIPHER + CERTIFICATE, True, Phase.HANDSHAKE), (VERIFY, True, Phase.HANDSHAKE),
            (FINISHED, True, Phase.OPEN))

    def test_a_connection_from_its_hello_to_the_answer(self):
        self.shake_hands()
        self.assert_phases((ENCRYPTED, True, Phase.UPLOAD), (ENCRYPTED, True, Phase.UPLOAD),
                           (ENCRYPTED, False, Phase.UPLOAD))  # a ticket
        self.replied = True
        self.assert_phases((ENCRYPTED, False, Phase.REPLY), (ENCRYPTED, True, Phase.UPLOAD))

    def test_a_finished_record_and_a_request_in_one_piece(self):
        self.wire.saw(CLIENT_HELLO, True)
        self.wire.saw(SERVER_HELLO, False)
        self.assert_phases((CERTIFICATE + VERIFY + FINISHED + ENCRYPTED, True, Phase.UPLOAD))

    def test_records_in_pieces(self):
        self.assert_phases((CLIENT_HELLO[:3], True, Phase.IDLE),
                           (CLIENT_HELLO[3:100], True, Phase.IDLE),
                           (CLIENT_HELLO[100:], True, Phase.HANDSHAKE))

    def test_a_request_begins_with_its_first_byte(self):
        self.shake_hands()
        self.assert_phases((ENCRYPTED[:7], True, Phase.UPLOAD))

    def test_tls_1_2_has_nothing_encrypted_before_the_request_but_its_finished(self):
        self.assert_phases(
            (CLIENT_HELLO, True, Phase.HANDSHAKE), (OLD_SERVER_HELLO, False, Phase.HANDSHAKE),
            (CHANGE_CIPHER + tls(22, bytes(40)), True, Phase.HANDSHAKE),
            (ENCRYPTED, True, Phase.UPLOAD))

    def test_the_next_connection_begins_anew(self):
        self.shake_hands()
        self.wire.open()
        self.assertIs(self.wire.phase, Phase.IDLE)
        self.shake_hands()


class Aims(unittest.TestCase):
    def test_a_seed_draws_the_same_aims_again(self):
        for phase, kind in aims.KINDS.items():
            with self.subTest(phase=phase):
                first, again = (repr(kind(random.Random(7))) for _ in range(2))
                self.assertEqual(first, again)


if __name__ == "__main__":
    unittest.main()
