# SPDX-License-Identifier: Apache-2.0
"""Fields of the wrong type are refused by name and place; what the registry does not know is not."""

import json
import pathlib
import sys
import unittest

import wire
from fields import Fields
from harness import CollectorTest, body, record, scratch
from refusal import Refusal

sys.path.append(str(pathlib.Path(__file__).resolve().parents[1] / "schema"))
from samples import bad_values, good_values  # noqa: E402

VERSION = 1  # of the bodies that the harness makes


def metric(name, kind, group="p", **more):
    return {"name": name, "kind": kind, "group": group, **more}


METRICS = {"ct": metric("count_of_it", "counter"), "du": metric("time_of_it", "duration"),
           "si": metric("signed_one", "signed"), "ga": metric("gauge_of_it", "gauge"),
           "pc": metric("part_of_it", "gauge", most=100),
           "li": metric("choice", "enum", values={"0": "none", "1": "some"}),
           "tx": metric("words", "text", "d"), "lv": metric("level_of_it", "level", "l"),
           "hi": metric("spread", "histogram", "h")}
REGISTRY = {"version": VERSION, "kinds": {"h": "heartbeat", "x": "end", "v": "viewing"},
            "groups": {"p": "playback", "d": "dimension", "l": "level", "h": "histogram"},
            "groups_of": {"h": "pl", "x": "dpl", "v": "h"}, "metrics": METRICS}
HOLDER = {"p": "x", "d": "x", "l": "x", "h": "v"}  # a kind that has the group


def holding(key, value):
    """An upload with this one field."""
    group = METRICS[key]["group"]
    return body(record(0, HOLDER[group], s=1, **{group: {key: value}}))


def newer(data):
    """The same from a device whose registry is newer."""
    return data.replace(b"\x61v" + bytes([VERSION]), b"\x61v" + bytes([VERSION + 1]), 1)


class FieldsTest(unittest.TestCase):
    def setUp(self):
        self.fields = Fields(REGISTRY)

    def check(self, data):
        self.fields.check(wire.parse(data))

    def assert_refused(self, data, *words):
        with self.assertRaises(Refusal) as caught:
            self.check(data)
        self.assertEqual(caught.exception.status, 422)
        for word in words:
            self.assertIn(word, caught.exception.reason)


class Values(FieldsTest):
    def test_every_good_value_of_each_kind_is_taken(self):
        for key, about in METRICS.items():
            for value in good_values(about):
                with self.subTest(kind=about["kind"], value=value):
                    self.check(holding(key, value))

    def test_every_wrong_value_of_each_kind_is_refused(self):
        """By the form of CBOR, which has no such numbers and types, or else by the registry."""
        for key, about in METRICS.items():
            for value in bad_values(about):
                with self.subTest(kind=about["kind"], value=value), self.assertRaises(Refusal):
                    self.check(holding(key, value))

    def test_numbers_of_an_array_that_contradict_each_other_are_refused(self):
        for value in ([4, 1, 3, 2, 1], [2, 1, 3, 4, 1], [0, 1, 3, 2, 1]):
            self.assert_refused(holding("lv", value), "record 0 l.lv", "level_of_it", "level")
        for value in ([1, 0, 0, 1, 0], [1, 0, 0, 0, 1], [1, 0, 4]):
            self.assert_refused(holding("hi", value), "record 0 h.hi", "histogram")

    def test_the_first_field_that_is_wrong_is_named(self):
        good = record(0, "x", s=1, p={"ct": 1})
        self.assert_refused(body(good, record(1, "x", s=1, p={"ct": "1"})),
                            "record 1 p.ct", "count_of_it", "an integer from 1")

    def test_a_group_is_a_map(self):
        self.assert_refused(body(record(0, "x", s=1, p=1)), "record 0 p", "map")

    def test_capability_sets_are_a_map_of_bits(self):
        self.check(body(record(0, "v", c={"p": 5, "?": 1})))
        self.assert_refused(body(record(0, "v", c=[1])), "record 0 c", "map")
        for bits in (-1, "5", 1 << 53):
            self.assert_refused(body(record(0, "v", c={"p": bits})), "record 0 c.p", "53 bits")


class Evolution(FieldsTest):
    def test_keys_groups_and_kinds_that_nobody_knows_are_passed_over(self):
        self.check(body(record(0, "x", s=1, p={"ct": 1, "zz": "new"}), record(1, "h", s=1, g=[1]),
                        record(2, "?", p={"ct": 1})))

    def test_a_known_key_is_of_its_type_in_a_kind_that_nobody_knows(self):
        self.assert_refused(body(record(0, "?", p={"ct": "1"})), "record 0 p.ct")

    def test_a_key_stands_in_its_own_group(self):
        self.assert_refused(body(record(0, "x", s=1, d={"ct": 1})), "count_of_it", "group 'p'")

    def test_a_value_beyond_a_list_is_wrong_unless_the_device_is_newer(self):
        self.assert_refused(holding("li", 2), "choice has no value 2")
        self.check(newer(holding("li", 2)))

    def test_a_group_beyond_a_kind_is_wrong_unless_the_device_is_newer(self):
        data = body(record(0, "h", s=1, d={"tx": "word"}))
        self.assert_refused(data, "kind 'h'", "group 'd'")
        self.check(newer(data))

    def test_a_newer_device_has_no_other_types(self):
        self.assert_refused(newer(holding("ct", "1")), "record 0 p.ct")

    def test_there_is_no_version_0(self):
        self.assert_refused(body().replace(b"\x61v\x01", b"\x61v\x00", 1), "body v")


class Uploading(CollectorTest):
    def test_a_collector_that_has_the_registry_holds_uploads_against_it(self):
        registry = pathlib.Path(scratch(self.addCleanup)) / "registry.json"
        registry.write_text(json.dumps(REGISTRY))
        started = self.collector("--registry", str(registry))
        wrong = body(record(0, "x", s=1, p={"ct": 1}), record(1, "x", s=1, p={"ct": "1"}))
        status, text = started.upload(wrong)
        self.assertEqual((status, started.rows("SELECT * FROM records")), (422, []))
        self.assertIn("record 1 p.ct", text)
        self.assertIn("refused 422 of stb-42: record 1 p.ct", started.logged())
        self.assertEqual(started.upload(holding("ct", 1))[0], 204)
        self.assertEqual(self.collector().upload(wrong)[0], 204)


if __name__ == "__main__":
    unittest.main()
