#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""agent/schema.cddl in zcbor's hands: good records pass, everything else is refused.

    test_schema.py TALLY-DECODE [TEST...]
"""
import copy
import json
import os
import pathlib
import random
import subprocess
import sys
import time
import unittest

import cbor2

import validator
from samples import (LIMIT, VERSION, WRONG_TYPES, Registry, bad_values, body, good_values,
                     required, with_item, without)

TALLY_DECODE = os.path.abspath(sys.argv.pop(1))
sys.path.append(str(pathlib.Path(__file__).resolve().parents[1] / "collector"))
import wire  # noqa: E402, the collector's strict decoder
from refusal import Refusal  # noqa: E402

MUTANTS = 400
# Written by hand after SPEC.md; nothing of them comes from the registry.
BY_HAND = [
    {"a": {"ab": 1200, "ag": -3, "le": -16, "lh": 0, "wq": 2}, "k": "a", "n": {"bh": 0}, "q": 0,
     "u": 0},
    {"c": {"a": 3, "p": 1}, "k": "a", "q": 7, "u": 2},
    {"b": {"dm": "test-bench", "re": 1, "rv": 4294967295}, "c": {"p": 1}, "k": "b", "q": 0, "u": 0},
    {"c": {}, "d": {"ci": "film-1", "dy": 3, "ki": 0}, "k": "s", "q": 1, "s": 1, "u": 5},
    {"e": {"ec": -2, "ed": 4, "et": 1}, "k": "e", "q": 2, "s": 1, "u": 6, "y": {"ys": 0}},
    {"i": {"ip": 1}, "k": "h", "l": {"lr": [800, -1000, 2000, 1010, 10000]}, "m": {"mu": 0},
     "p": {"pt": 1200, "se": 2}, "q": 3, "s": 1, "u": 1400, "w": 1760936591360},
    {"f": {"fo": 40, "fr": 250}, "k": "f", "q": 9, "s": 1, "u": 9, "sn": 1},
    {"k": "r", "q": 4, "r": {"rl": -1, "rr": 7}, "s": 1, "u": 9, "sn": 65535},
    {"k": "t", "q": 5, "s": 1, "t": {"tp": 7}, "u": 9, "sn": 3},
    {"g": {"gd": 9}, "h": {"ha": [1, 2, 13, 1, 0, 3], "hb": [3, 5, 0]}, "k": "v", "q": 6, "u": 9},
    {"d": {}, "k": "x", "p": {"sr": 18}, "q": 7, "s": 1, "u": 9, "y": {}},
    {"k": "c", "q": 8, "u": 9, "w": 0},
    {"j": {"jb": 23460, "jj": 4000, "jl": -1, "jp": 94}, "k": "j", "q": 11, "s": 1, "u": 9,
     "x": {"xc": 2, "xr": 5000}, "sn": 4},
    {"k": "o", "o": {"ob": 9, "og": 1}, "q": 12, "s": 1, "u": 9, "sn": 5},
    {"k": "d", "q": 10, "u": 9, "v": {"va": 437, "vf": -5250, "vk": 2}},
]


def decode(*arguments, given=b""):
    return subprocess.run([TALLY_DECODE, *arguments], input=given, capture_output=True, timeout=60,
                          check=False)


def encoded(records):
    """A body as the wire has it: the array of records is of indefinite length."""
    head = without(body(), "r")
    pairs = b"".join(cbor2.dumps(key) + cbor2.dumps(value) for key, value in head.items())
    inside = b"".join(each if isinstance(each, bytes) else cbor2.dumps(each) for each in records)
    return bytes([0xA0 + len(head) + 1]) + pairs + b"\x61r\x9f" + inside + b"\xff"


class Case(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.registry = Registry(json.loads(decode("--registry").stdout))
        cls.schema = validator.schema()

    def accepted(self, fields):
        try:
            self.schema.check_record(fields)
        except validator.Refused as refused:
            self.fail(f"{fields}: {refused}")

    def refused(self, fields):
        self.assertFalse(self.schema.has_record(fields), f"accepted: {fields}")


class Good(Case):
    def test_records_written_by_hand(self):
        self.assertEqual({record["k"] for record in BY_HAND}, set(self.registry.kinds))
        for record in BY_HAND:
            self.accepted(record)
        self.schema.check_bytes(encoded(BY_HAND))
        self.schema.check_body(body())

    def test_every_metric_of_every_kind_with_every_value_at_its_ends(self):
        for kind in self.registry.kinds:
            for turn in range(self.registry.turns(kind)):
                self.accepted(self.registry.full(kind, turn))

    def test_every_metric_may_be_alone_and_absent(self):
        for kind in self.registry.kinds:
            self.accepted(without(self.registry.record(kind), "w"))
            for letter in self.registry.groups_of(kind):
                self.accepted(self.registry.record(kind, **{letter: {}}))
                for key, about in self.registry.metrics_of(letter).items():
                    self.accepted(self.registry.record(kind, **{letter: {
                        key: good_values(about)[0]}}))

    def test_the_strict_decoders_agree(self):
        records = [self.registry.full(kind) for kind in self.registry.kinds] + BY_HAND
        data = encoded(records)
        self.assertEqual([each.fields for each in wire.parse(data).records], records)
        done = decode(given=data)
        self.assertEqual((done.returncode, len(done.stdout.splitlines())), (0, len(records)))


class Bad(Case):
    """One thing wrong at a time, in a record that is good without it."""

    def test_a_record_that_lacks_one_of_its_own_keys(self):
        for kind in self.registry.kinds:
            good = self.registry.full(kind)
            for key in required(good):
                self.refused(without(good, key))

    def test_a_record_with_a_key_that_is_not_its_own(self):
        for kind in self.registry.kinds:
            good = self.registry.full(kind)
            for key, value in (("A", 1), ("kk", 1), ("", 1), (0, 1), ("zz", {}), ("s", 1), ("sn", 1),
                               ("c", {})):
                if key not in good:
                    self.refused({key: value, **good})
                    self.refused({**good, key: value})

    def test_a_group_of_another_kind(self):
        for kind in self.registry.kinds:
            for letter in set(self.registry.groups) - set(self.registry.groups_of(kind)):
                self.refused(with_item(self.registry.full(kind), letter, {}))

    def test_a_metric_of_another_group(self):
        for kind in self.registry.kinds:
            for letter in self.registry.groups_of(kind):
                good = self.registry.full(kind)
                for stranger in self.registry.groups:
                    key, about = next(iter(self.registry.metrics_of(stranger).items()))
                    if stranger != letter:
                        group = with_item(good[letter], key, good_values(about)[0])
                        self.refused({**good, letter: group})

    def test_every_metric_just_beyond_its_ends_and_of_other_types(self):
        for letter in self.registry.groups:
            kind = self.registry.kind_with(letter)
            for key, about in self.registry.metrics_of(letter).items():
                for value in bad_values(about):
                    self.refused(self.registry.record(kind, **{letter: {key: value}}))

    def test_own_keys_just_beyond_their_ends_and_of_other_types(self):
        bad = {"k": ["", "hh", "z", 1], "q": [-1, 1 << 32, "1"], "s": [0, -1, 1 << 32, "1"],
               "sn": [0, -1, 1 << 16, "1"],
               "u": [-1, LIMIT + 1, "1"], "w": [-1, LIMIT + 1, "1"],
               "c": [{"a": 0}, {"t": 1 << 27}, {"a": -1}, {"zz": 1}, {"a": {}}, 1]}
        types = {"c": [value for value in WRONG_TYPES if value != {}]}
        for kind in self.registry.kinds:
            good = self.registry.full(kind)
            for key in set(good) & set(bad):
                for value in bad[key] + list(types.get(key, WRONG_TYPES)):
                    self.refused({**good, key: value})

    def test_a_kind_with_the_groups_of_another(self):
        for kind in self.registry.kinds:
            for other in self.registry.kinds:
                if set(self.registry.groups_of(kind)) - set(self.registry.groups_of(other)):
                    self.refused({**self.registry.full(kind), "k": other})

    def test_what_is_no_record(self):
        for value in (*WRONG_TYPES, 1, "x", [BY_HAND[0]]):
            self.refused(value)

    def test_bodies(self):
        bad = {"v": [VERSION - 1, VERSION + 1, str(VERSION)],
               "d": ["", "x" * 64, "\u00e4" * 32, 1], "o": ["", "x" * 64, 1],
               "b": [-1, LIMIT, "1"], "m": [-1, LIMIT + 1], "t": [-1, LIMIT + 1],
               "r": [{}, 1, [1], [BY_HAND[0], without(BY_HAND[0], "k")]]}
        for key, values in bad.items():
            for value in values + [None, 1.5, b"x", True]:
                with self.assertRaises(validator.Refused, msg=f"{key}: {value}"):
                    self.schema.check_body(body(**{key: value}))
        for key in "vdobr":
            with self.assertRaises(validator.Refused, msg=f"without {key}"):
                self.schema.check_body(without(body(), key))
        with self.assertRaises(validator.Refused):
            self.schema.check_body(body(x=1))

    def test_the_record_to_blame_is_named(self):
        with self.assertRaisesRegex(validator.Refused, r"^record 2: .*Minimum value: 0.*'q': -1"):
            self.schema.check_body(body(*BY_HAND[:2], {**BY_HAND[2], "q": -1}, *BY_HAND[3:]))


class Mutants(Case):
    """Random records, each good until one random thing in it is changed."""

    def test_single_mutations(self):
        seed = int(os.environ["TALLY_SEED"], 0) \
            if "TALLY_SEED" in os.environ else time.time_ns() % (1 << 32)
        print(f"TALLY_SEED={seed}", flush=True)
        dice = random.Random(seed)
        for _ in range(MUTANTS):
            good = self.random_record(dice)
            self.accepted(good)
            self.refused(self.mutated(dice, good))

    def random_record(self, dice):
        kind = dice.choice(self.registry.kinds)
        groups = {}
        for letter in self.registry.groups_of(kind):
            metrics = self.registry.metrics_of(letter)
            keys = sorted(dice.sample(sorted(metrics), dice.randint(0, len(metrics))))
            groups[letter] = {key: dice.choice(good_values(metrics[key])) for key in keys}
        return self.registry.record(kind, **groups)

    def mutated(self, dice, good):
        fields = copy.deepcopy(good)
        held = [(letter, key) for letter in self.registry.groups_of(good["k"])
                for key in fields[letter]]
        deeds = [self.lose_key, self.gain_key, self.gain_group]
        if held:
            deeds += [self.spoil_metric] * 3 + [self.move_metric]
        return dice.choice(deeds)(dice, fields, held)

    @staticmethod
    def lose_key(dice, fields, _):
        return without(fields, dice.choice(sorted(required(fields))))

    @staticmethod
    def gain_key(dice, fields, _):
        return with_item(fields, dice.choice("ABCDEfjoz") + dice.choice("XYZ"), 1)

    def gain_group(self, dice, fields, _):
        foreign = set(self.registry.groups) - set(self.registry.groups_of(fields["k"]))
        return with_item(fields, dice.choice(sorted(foreign)), {})

    def spoil_metric(self, dice, fields, held):
        letter, key = dice.choice(held)
        fields[letter][key] = dice.choice(bad_values(self.registry.metrics[key]))
        return fields

    def move_metric(self, dice, fields, held):
        letter, key = dice.choice(held)
        strangers = [each for each, about in self.registry.metrics.items()
                     if about["group"] != letter]
        value = fields[letter].pop(key)
        fields[letter] = with_item(fields[letter], dice.choice(strangers), value)
        return fields


class Blind(Case):
    """What the schema lets through, because CDDL cannot say it or cbor2 has hidden it from zcbor;
    a strict decoder refuses each of these."""
    CLOCK = b"\xa3\x61k\x61c\x61q\x04\x61u\x05"

    def seen_by_the_collector_only(self, data):
        self.schema.check_bytes(data)
        with self.assertRaises(Refusal):
            wire.parse(data)
        self.assertEqual(decode(given=data).returncode, 1)

    def test_a_key_twice(self):
        self.seen_by_the_collector_only(encoded([b"\xa4" + self.CLOCK[1:8] + self.CLOCK[5:]]))

    def test_an_integer_that_is_not_in_its_shortest_form(self):
        self.seen_by_the_collector_only(encoded([self.CLOCK[:-1] + b"\x18\x05"]))

    def test_a_text_and_a_map_of_indefinite_length(self):
        self.seen_by_the_collector_only(encoded([b"\xbf" + self.CLOCK[1:] + b"\xff"]))
        self.seen_by_the_collector_only(encoded([self.CLOCK.replace(b"\x61c", b"\x7f\x61c\xff")]))

    def test_records_in_an_array_of_definite_length(self):
        self.seen_by_the_collector_only(cbor2.dumps(body(*BY_HAND)))

    def test_bytes_behind_the_end(self):
        self.seen_by_the_collector_only(encoded([self.CLOCK]) + b"\x00")

    def test_keys_out_of_order_are_refused_by_all(self):
        """More than CDDL asks for: zcbor takes the keys of a map one after another."""
        turned = dict(reversed(cbor2.loads(self.CLOCK).items()))
        self.refused(turned)
        with self.assertRaises(Refusal):
            wire.parse(encoded([cbor2.dumps(turned)]))

    def test_numbers_of_an_array_that_contradict_each_other(self):
        for group, value in (("l", {"lb": [4, 1, 3, 2, 1]}), ("l", {"lb": [2, 1, 3, 4, 1]}),
                             ("h", {"ha": [1, 0, 0, 1, 0]})):
            fields = self.registry.record("h" if group == "l" else "v", **{group: value})
            self.accepted(fields)
            done = decode(given=cbor2.dumps(fields))
            self.assertEqual(done.returncode, 1)
            self.assertRegex(done.stderr, b"its own least and most|bucket that is empty")


if __name__ == "__main__":
    unittest.main()
