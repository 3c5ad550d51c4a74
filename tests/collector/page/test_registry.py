# SPDX-License-Identifier: Apache-2.0
"""Absent means one thing: how each figure is known, by SPEC.md's words."""

import unittest

from by_hand import REGISTRY, heartbeat

ALL = {"p": 0b1111, "l": 0b1}
STARTUP_ONLY = {"p": 0b1000}


class Readings(unittest.TestCase):
    def reading(self, name, declared=ALL, **groups):
        return REGISTRY.reading(heartbeat(0, **groups).fields, *name.split("."), declared)

    def test_what_a_record_holds_is_told_as_it_is(self):
        self.assertEqual(self.reading("p.su", p={"su": 915}), ["told", 915])
        self.assertEqual(self.reading("p.se", p={"se": 0}), ["told", 0])
        level = [3, 1, 9, 4, 70]
        self.assertEqual(self.reading("l.lb", l={"lb": level}), ["told", level])

    def test_a_counter_and_a_duration_that_are_declared_and_absent_are_0(self):
        self.assertEqual(self.reading("p.sc", p={"su": 915}), ["zero", 0])
        self.assertEqual(self.reading("p.pt"), ["zero", 0])

    def test_a_gauge_a_list_and_a_level_that_are_declared_and_absent_never_had_a_value(self):
        for name in ("p.su", "p.se", "l.lb"):
            self.assertEqual(self.reading(name), ["never"], name)

    def test_what_is_not_declared_was_not_measured(self):
        self.assertEqual(self.reading("p.sc", STARTUP_ONLY), ["unmeasured"])
        self.assertEqual(self.reading("l.lb", STARTUP_ONLY), ["unmeasured"])
        self.assertEqual(self.reading("p.su", STARTUP_ONLY), ["never"])

    def test_nothing_is_known_of_what_is_absent_before_a_set_was_told(self):
        self.assertEqual(self.reading("p.sc", None), ["unknown"])
        self.assertEqual(self.reading("p.sc", None, p={"sc": 2}), ["told", 2])

    def test_bits_count_in_the_order_of_the_registry_within_a_group(self):
        for place, key in enumerate(("pt", "sc", "se", "su")):
            self.assertTrue(REGISTRY.is_declared("p", key, {"p": 1 << place}), key)
            self.assertFalse(REGISTRY.is_declared("p", key, {"p": 0b1111 & ~(1 << place)}), key)

    def test_a_key_of_a_later_registry_is_told_and_else_unknown(self):
        self.assertEqual(self.reading("p.qq", p={"qq": 1}), ["told", 1])
        self.assertEqual(self.reading("p.qq"), ["unknown"])

    def test_a_group_that_is_no_map_holds_nothing(self):
        self.assertEqual(self.reading("p.su", p="su"), ["never"])

    def test_all_figures_of_a_record_are_those_of_its_kind_and_those_it_holds(self):
        found = REGISTRY.readings(heartbeat(0, p={"su": 1}, z={"zz": 2}), ALL)
        self.assertEqual(found, {
            "l.lb": ["never"], "p.pt": ["zero", 0], "p.sc": ["zero", 0], "p.se": ["never"],
            "p.su": ["told", 1], "z.zz": ["told", 2]})


if __name__ == "__main__":
    unittest.main()
