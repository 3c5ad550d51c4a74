# SPDX-License-Identifier: Apache-2.0
"""Records in words."""

import unittest

import wire
from harness import record
from names import Names

REGISTRY = {
    "version": 1,
    "kinds": {"h": "heartbeat", "b": "boot"},
    "groups": {"p": "playback"},
    "metrics": {
        "pt": {"name": "play_time", "group": "p", "kind": "duration", "unit": "ms", "meaning": ""},
        "sc": {"name": "stall_count", "group": "p", "kind": "counter", "unit": "count"},
        "ps": {"name": "state", "group": "p", "kind": "enum", "unit": "state", "meaning": "",
               "values": {"0": "idle", "2": "playing"}},
        "fw": {"name": "firmware", "group": "b", "kind": "text", "unit": "text"},
    },
}


def line(fields, boot=0x12AB34, registry=REGISTRY):
    return Names(registry).line(boot, wire.Record(b"", fields))


class Lines(unittest.TestCase):
    def test_a_record_is_told_by_the_names_of_the_registry(self):
        self.assertEqual(
            line(record(3, "h", s=1, p={"pt": 1200, "sc": 0, "ps": 2})),
            "boot 12ab.. seq 3 session 1 heartbeat play_time=1200ms stall_count=0 state=playing")

    def test_a_record_of_a_stream_is_told_with_its_number(self):
        self.assertEqual(line(record(3, "r", s=1, sn=2, p={"sc": 4})),
                         "boot 12ab.. seq 3 session 1 stream 2 r stall_count=4")

    def test_only_quantities_are_told_with_a_unit(self):
        told = line(record(0, "b", b={"fw": "1.2"}, p={"pt": 0, "sc": 3, "ps": 9}), boot=7)
        self.assertEqual(told, "boot 7 seq 0 boot firmware=1.2 play_time=0ms stall_count=3 state=9")

    def test_what_the_registry_does_not_know_is_told_as_it_is(self):
        self.assertEqual(line(record(0, "z", y={"zz": 5, "ps": 9})),
                         "boot 12ab.. seq 0 z zz=5 state=9")

    def test_no_registry_is_needed(self):
        self.assertEqual(line(record(0, "h", s=0, p={"pt": 7}), registry=None),
                         "boot 12ab.. seq 0 session 0 h pt=7")

    def test_values_cannot_be_mistaken_for_words_or_lines(self):
        told = line(record(0, "b", d={"aa": "1.2-3", "bb": "two words", "cc": "\n", "dd": "",
                                      "ee": True, "ff": [1, {"a": 2}]}), boot=7)
        self.assertEqual(told, 'boot 7 seq 0 boot aa=1.2-3 bb="two words" cc="\\n" dd="" ee=true '
                               'ff=[1,{"a":2}]')


if __name__ == "__main__":
    unittest.main()
