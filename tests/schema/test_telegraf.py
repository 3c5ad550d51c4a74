#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""What tally-schema makes of the registry for Telegraf, against the registry itself.

    test_telegraf.py TALLY-SCHEMA TALLY-SCHEMA-OF-A-VENDOR TALLY-DECODE
"""
import json
import pathlib
import re
import subprocess
import sys
import tomllib
import unittest

TOOL, VENDOR, DECODE = (str(pathlib.Path(argument).resolve()) for argument in sys.argv[1:4])
del sys.argv[1:4]
CLASSES = ("none", "device", "content", "viewer")
SECTIONS = ("tags", "fields", "fields_int")
ARRAY = re.compile(r"string-join\((./..), ','\)")
KEY = {"tags": {"operator": "/o"}, "fields": {"device": "/d", "kind": "k"},
       "fields_int": {"registry": "/v", "boot": "/b", "seq": "q", "uptime_ms": "u", "wall_ms": "w",
                      "sent_uptime_ms": "/m", "sent_wall_ms": "/t"}}


def output(*command):
    return subprocess.run(command, check=True, capture_output=True, timeout=60).stdout.decode()


def configuration(*arguments, tool=TOOL):
    return tomllib.loads(output(tool, "telegraf", *arguments))


def records(made):
    """{letter of a kind: its sections}"""
    return {record["metric_selection"][len("/r[k='")]: record
            for record in made["inputs"]["http_listener_v2"][0]["xpath"]}


def section_of(about):
    if about["role"] == "tag":
        return "tags"
    return "fields" if about["kind"] in ("text", "level", "histogram") else "fields_int"


class Configuration(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.registry = json.loads(output(DECODE, "--registry"))
        cls.made = configuration()

    def metrics_of(self, kind):
        return {key: about for key, about in self.registry["metrics"].items()
                if about["group"] in self.registry["groups_of"][kind]}

    def told(self, record):
        """[(section, group, key, name)] of what a record's queries take of its groups."""
        found = []
        for section in SECTIONS:
            for name, query in record[section].items():
                path = ARRAY.fullmatch(query)
                path = path[1] if path else query
                if re.fullmatch(r"[a-z]/..", path):
                    found.append((section, *path.split("/"), name))
        return found

    def test_every_metric_of_a_record_goes_where_its_role_and_kind_say(self):
        self.assertEqual(set(records(self.made)), set(self.registry["kinds"]))
        for kind, record in records(self.made).items():
            expected = sorted((section_of(about), about["group"], key)
                              for key, about in self.metrics_of(kind).items())
            self.assertEqual(sorted(row[:3] for row in self.told(record)), expected, kind)

    def test_names_are_the_registrys_and_arrays_are_marked(self):
        for record in records(self.made).values():
            for _, _, key, name in self.told(record):
                about = self.registry["metrics"][key]
                self.assertTrue(name.startswith(about["name"]), (key, name))
                self.assertEqual(name.endswith("[]"), about["kind"] in ("level", "histogram"))

    def test_a_name_means_one_thing(self):
        """Records of all kinds may end in one table, tags beside fields."""
        meant = {}
        for record in records(self.made).values():
            for section in SECTIONS:
                for name, query in record[section].items():
                    self.assertEqual(meant.setdefault(name, (section, query)), (section, query))
        self.assertNotIn("time_source", meant)  # the gate's own

    def test_the_key_of_a_record_is_in_all_kinds_and_no_tag(self):
        for kind, record in records(self.made).items():
            for section, queries in KEY.items():
                for name, query in queries.items():
                    self.assertEqual(record[section].get(name), query, kind)
            self.assertEqual("session" in record["fields_int"], kind not in "abcdv")

    def test_no_identity_is_a_tag(self):
        identities = {key for key, about in self.registry["metrics"].items()
                      if about["role"] == "id"}
        self.assertGreater(len(identities), 10)
        for record in records(self.made).values():
            self.assertFalse({key for section, _, key, _ in self.told(record)
                              if section == "tags"} & identities)

    def test_personal_data_above_a_class_stay_out(self):
        for rank, most in enumerate(CLASSES):
            for kind, record in records(configuration(most)).items():
                expected = {key for key, about in self.metrics_of(kind).items()
                            if CLASSES.index(about["privacy"]) <= rank}
                self.assertEqual({row[2] for row in self.told(record)}, expected, (most, kind))
        self.assertEqual(configuration("viewer"), self.made)

    def test_values_of_lists_have_their_names(self):
        mappings = {mapping["tags"][0]: mapping["value_mappings"]
                    for mapping in self.made["processors"]["enum"][0]["mapping"]}
        lists = {about["name"]: about["values"] for about in self.registry["metrics"].values()
                 if about["kind"] == "enum" and about["role"] == "tag"}
        self.assertEqual(mappings, lists)

    def test_a_vendors_group_stays_out(self):
        """Its keys mean something with the vendor's number only."""
        for record in records(configuration(tool=VENDOR)).values():
            self.assertFalse([row for row in self.told(record) if row[1] == "z"])

    def test_a_class_that_is_none_is_usage(self):
        for word in ("", "all", "view"):
            done = subprocess.run([TOOL, "telegraf", word], capture_output=True, timeout=60,
                                  check=False)
            self.assertEqual((done.returncode, done.stdout), (2, b""))


if __name__ == "__main__":
    unittest.main()
