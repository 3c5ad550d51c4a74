# SPDX-License-Identifier: Apache-2.0
"""What a body may say, and how; everything else is refused by name and place."""

import random
import unittest

import cbor2

import wire
from harness import BOOT, DEVICE, body, encode, record
from refusal import Refusal

GOOD = record(0)
RECORD_HEAD = bytes.fromhex("a4 616b 6165 6171 00 6175 1903e8")  # k "e", q 0, u 1000 and one more


def record_with(key, value):
    """A record with a fourth entry, whose key and value are given as encoded bytes."""
    return RECORD_HEAD + key + value


class GoodBodies(unittest.TestCase):
    def test_a_body_is_read_with_the_exact_bytes_of_its_records(self):
        records = [record(0, "b", d={"fw": "1.2", "ok": True}),
                   record(1, "h", s=3, p={"pt": 1 << 53, "st": -(1 << 53),
                                          "br": [1, [2], {"a": 3}]})]
        read = wire.parse(body(*records, uptime_ms=70, unix_ms=90))
        self.assertEqual((read.registry, read.device, read.operator, read.boot),
                         (1, DEVICE, "operator-1", BOOT))
        self.assertEqual((read.uptime_ms, read.unix_ms), (70, 90))
        self.assertEqual([each.fields for each in read.records], [
            cbor2.loads(encode(each)) for each in records])
        self.assertEqual([each.raw for each in read.records], [encode(each) for each in records])

    def test_uptime_and_wall_time_may_be_absent(self):
        read = wire.parse(body(GOOD))
        self.assertEqual((read.uptime_ms, read.unix_ms), (None, None))

    def test_a_body_without_records_is_a_good_one(self):
        self.assertEqual(wire.parse(body()).records, [])

    def test_integers_of_every_length_are_read(self):
        numbers = [sign * (1 << bit) + near for bit in range(53) for sign in (1, -1)
                   for near in (-1, 0, 1)]
        read = wire.parse(body(record(0, e={"nn": numbers})))
        self.assertEqual(read.records[0].fields["e"]["nn"], numbers)


class RefusedBodies(unittest.TestCase):
    def assert_refused(self, data, status, *words):
        with self.assertRaises(Refusal) as caught:
            wire.parse(data)
        self.assertEqual(caught.exception.status, status, caught.exception.reason)
        for word in words:
            self.assertIn(word, caught.exception.reason)

    def assert_value_refused(self, encoded, what):
        """As the metric `zz` of a second record, so that the place is seen to be named."""
        self.assert_refused(body(GOOD, record_with(b"\x62zz", encoded)), 422, "record 1 zz", what)

    def test_bytes_that_are_no_cbor_are_malformed(self):
        whole = body(GOOD)
        cases = {"nothing": b"", "text": b"hello, collector", "a byte too many": whole + b"\x00",
                 "break": b"\xff", "reserved": b"\xa1\x61v\x1c",
                 "bad utf-8": whole.replace(b"stb", b"st\xff")}
        for name, data in cases.items():
            with self.subTest(name):
                self.assert_refused(data, 400, "CBOR")

    def test_a_body_cut_anywhere_is_malformed(self):
        whole = body(GOOD, record(1, "h", s=0, p={"pt": 70_000}), uptime_ms=5000, unix_ms=1 << 40)
        for end in range(len(whole)):
            with self.subTest(end=end):
                self.assert_refused(whole[:end], 400)

    def test_a_body_that_is_no_map_is_refused(self):
        self.assert_refused(b"\x80", 422, "body", "map")

    def test_a_body_of_indefinite_length_is_refused(self):
        self.assert_refused(b"\xbf" + body(GOOD)[1:] + b"\xff", 422, "body", "indefinite")

    def test_floats_are_refused(self):
        for encoded in (b"\xf9\x3c\x00", b"\xfa\x3f\x80\x00\x00", b"\xfb\x3f\xf0" + bytes(6)):
            self.assert_value_refused(encoded, "float")

    def test_tags_byte_strings_and_nulls_are_refused(self):
        self.assert_value_refused(b"\xc1\x01", "tag")
        self.assert_value_refused(b"\x41x", "byte string")
        self.assert_value_refused(b"\xf6", "null")

    def test_integers_beyond_53_bits_are_refused(self):
        self.assert_value_refused(cbor2.dumps((1 << 53) + 1), "2^53")
        self.assert_value_refused(cbor2.dumps(-(1 << 53) - 1), "2^53")

    def test_anything_but_the_shortest_form_is_refused(self):
        for encoded in (b"\x18\x17", b"\x19\x00\xff", b"\x1a\x00\x00\xff\xff", b"\x1b" + bytes(8),
                        b"\x38\x00", b"\x78\x01x", b"\x98\x00", b"\xb8\x00"):
            with self.subTest(encoded=encoded.hex()):
                self.assert_value_refused(encoded, "shortest")

    def test_indefinite_length_within_a_record_is_refused(self):
        for encoded in (b"\x9f\xff", b"\xbf\xff", b"\x7f\xff"):
            self.assert_value_refused(encoded, "indefinite")

    def test_keys_out_of_order_or_twice_are_refused(self):
        self.assert_value_refused(bytes.fromhex("a2 616201 616101"), "out of order")
        self.assert_value_refused(bytes.fromhex("a2 62616101 617a01"), "out of order")
        self.assert_value_refused(bytes.fromhex("a2 616101 616101"), "twice")

    def test_keys_that_are_no_short_text_are_refused(self):
        self.assert_value_refused(bytes.fromhex("a1 01 01"), "text")
        self.assert_value_refused(bytes.fromhex("a1 60 01"), "one or two")
        self.assert_value_refused(bytes.fromhex("a1 63616161 01"), "one or two")

    def test_records_need_kind_sequence_and_uptime(self):
        for key in ("k", "q", "u"):
            lacking = {name: value for name, value in GOOD.items() if name != key}
            self.assert_refused(body(lacking), 422, "record 0", key, "missing")

    def test_records_of_a_session_name_it(self):
        for kind in "shx":
            self.assert_refused(body(record(0, kind)), 422, "record 0", "s missing")

    def test_records_of_a_stream_have_its_number(self):
        for kind in "rtfjo":
            for number in (1, 65_535):
                read = wire.parse(body(record(0, kind, s=1, sn=number)))
                self.assertEqual(read.records[0].stream, number)
            self.assert_refused(body(GOOD, record(1, kind, s=1)), 422, "record 1", "sn missing")
            for number, why in ((0, "from 1"), (-1, "from 1"), ("1", "from 1"), (True, "from 1"),
                                ({"hh": 1}, "from 1"), (65_536, "16 bits")):
                with self.subTest(kind=kind, number=number):
                    self.assert_refused(body(GOOD, record(1, kind, s=1, sn=number)), 422,
                                        "record 1 sn", why)

    def test_records_of_no_stream_have_none(self):
        for kind in "abcdehsvx":
            self.assertIsNone(wire.parse(body(record(0, kind, s=1))).records[0].stream)
            for number in (1, 0, "1", {}):
                with self.subTest(kind=kind, number=number):
                    self.assert_refused(body(GOOD, record(1, kind, s=1, sn=number)), 422,
                                        "record 1 sn", f"kind '{kind}' is of no stream")

    def test_a_kind_that_nobody_knows_may_be_of_streams(self):
        self.assertIsNone(wire.parse(body(record(0, "?", s=1, sn=1))).records[0].stream)

    def test_the_common_fields_of_a_record_have_their_type(self):
        for wrong in ({"k": "ab"}, {"k": 1}, {"q": -1}, {"u": "1"}, {"q": True}, {"w": -5},
                      {"s": "1"}):
            with self.subTest(wrong):
                self.assert_refused(body({**GOOD, **wrong}), 422, "record 0", *wrong)

    def test_a_record_that_is_no_map_is_refused(self):
        self.assert_refused(body(GOOD, b"\x01"), 422, "record 1", "map")

    def test_records_of_a_counted_array_are_refused(self):
        counted = body(GOOD).replace(b"\x9f", b"\x81")[:-1]
        self.assert_refused(counted, 422, "body r", "indefinite")

    def test_the_head_of_a_body_has_its_keys_in_their_order(self):
        head = b"\xa5\x61v\x01\x61d\x61x\x61o\x61y\x61b\x00\x61r\x9f\xff"
        wire.parse(head)
        swapped = head.replace(b"\x61v\x01\x61d\x61x", b"\x61d\x61x\x61v\x01")
        self.assert_refused(swapped, 422, "order")
        self.assert_refused(head.replace(b"\x61o\x61y", b"\x61d\x61y"), 422, "twice")
        self.assert_refused(head.replace(b"\x61o", b"\x61z"), 422, "unknown key 'z'")
        self.assert_refused(head.replace(b"\xa5\x61v\x01", b"\xa4"), 422, "v missing")

    def test_the_head_of_a_body_has_its_types(self):
        self.assert_refused(body(GOOD, device=7), 422, "body d")
        self.assert_refused(body(GOOD, device=""), 422, "body d")
        self.assert_refused(body(GOOD, boot="x"), 422, "body b")
        self.assert_refused(body(GOOD, boot=1 << 53), 422, "body b")
        self.assert_refused(body(GOOD, uptime_ms=-1), 422, "body m")

    def test_deep_nesting_is_refused_before_it_exhausts_anything(self):
        self.assert_refused(b"\x81" * 500_000 + b"\x00", 422, "nested deeper")

    def test_a_count_beyond_the_body_is_malformed(self):
        self.assert_refused(body(record_with(b"\x62zz", b"\x9b" + b"\xfe" * 8)), 400, "CBOR")

    def test_bytes_changed_at_random_are_read_or_refused_and_nothing_else(self):
        chance = random.Random(1)
        whole = body(GOOD, record(1, "h", s=0, p={"pt": 70_000, "st": [1, "x", True]}))
        for _ in range(3000):
            changed = bytearray(whole)
            for _ in range(chance.randint(1, 4)):
                changed[chance.randrange(len(changed))] = chance.randrange(256)
            try:
                wire.parse(bytes(changed))
            except Refusal as refusal:
                self.assertIn(refusal.status, (400, 422))


if __name__ == "__main__":
    unittest.main()
