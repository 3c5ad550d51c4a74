#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""tally-decode from outside: files, exit codes, and output that any JSON reader takes."""

import json
import os
import subprocess
import sys
import tempfile
import unittest

TALLY_DECODE = os.path.abspath(sys.argv.pop(1))
CLOCK = b"\xa3\x61k\x61c\x61q\x04\x61u\x05"
CLOCK_LINE = b'{"seq":4,"kind":"clock","uptime_ms":5}\n'


def decode(*arguments, given=b"", **how):
    how.setdefault("stdout", subprocess.PIPE)
    return subprocess.run([TALLY_DECODE, *arguments], input=given, stderr=subprocess.PIPE,
                          timeout=60, check=False, **how)


class CommandLine(unittest.TestCase):

    def test_standard_input(self):
        result = decode(given=CLOCK)
        self.assertEqual((result.returncode, result.stdout, result.stderr), (0, CLOCK_LINE, b""))

    def test_a_file(self):
        with tempfile.NamedTemporaryFile() as records:
            records.write(CLOCK * 20000)  # larger than any chunk of the reader
            records.flush()
            result = decode(records.name)
        self.assertEqual((result.returncode, result.stdout), (0, CLOCK_LINE * 20000))

    def test_damage_is_told_with_its_place_behind_what_was_good(self):
        result = decode(given=CLOCK + b"\xa3\x61k\xf6")
        self.assertEqual((result.returncode, result.stdout), (1, CLOCK_LINE))
        self.assertEqual(result.stderr, b"tally-decode: standard input: byte 11: cut short\n")

    def test_a_file_that_is_not_there(self):
        result = decode("no/such")
        self.assertEqual((result.returncode, result.stderr),
                         (1, b"tally-decode: no/such: No such file or directory\n"))

    def test_anything_else_is_usage(self):
        for arguments in (("--help",), ("a", "b"), ("-x",)):
            result = decode(*arguments)
            self.assertEqual((result.returncode, result.stdout), (2, b""))
            self.assertIn(b"usage: tally-decode", result.stderr)

    def test_output_that_did_not_arrive_is_no_success(self):
        with open("/dev/full", "wb") as full:
            result = decode(given=CLOCK, stdout=full)
        self.assertEqual(result.returncode, 1)
        self.assertEqual(result.stderr, b"tally-decode: output: No space left on device\n")


class Registry(unittest.TestCase):

    @classmethod
    def setUpClass(cls):
        cls.registry = json.loads(decode("--registry").stdout)

    def test_every_metric_has_every_word(self):
        for key, metric in self.registry["metrics"].items():
            self.assertEqual(len(key), 2)
            words = {"name", "group", "kind", "unit", "role", "privacy", "meaning"}
            if metric["kind"] == "enum":
                words.add("values")
            if metric["unit"] in ("bool", "percent"):
                words.add("most")
            self.assertEqual(set(metric), words)
            self.assertIn(metric["group"], self.registry["groups"])
            self.assertTrue(all(metric.values()))

    def test_kinds_and_groups_are_letters(self):
        self.assertEqual(set(self.registry["groups_of"]), set(self.registry["kinds"]))
        for letters in (self.registry["kinds"], self.registry["groups"]):
            self.assertTrue(all(len(letter) == 1 and name for letter, name in letters.items()))

    def test_values_are_by_their_number(self):
        values = self.registry["metrics"]["le"]["values"]
        self.assertEqual((values["0"], values["-16"]), ("ok", "TLS failed"))


if __name__ == "__main__":
    unittest.main()
