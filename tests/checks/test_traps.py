# SPDX-License-Identifier: Apache-2.0
"""The 25 traps of measuring: each has one test that carries its number, in a list that is run."""
import collections
import pathlib
import re
import unittest

TESTS = pathlib.Path(__file__).resolve().parents[1]
TRAPS = range(1, 26)
DEFINITION = re.compile(r"^(?:static\s+void\s+| {4}def )(test_trap_(\w+?)_\w+)\(\s*(?:void|self)",
                        re.MULTILINE)


class Traps(unittest.TestCase):
    def test_each_trap_has_one_test_and_there_are_no_others(self):
        numbers = collections.Counter()
        for path in sorted(p for p in TESTS.rglob("test_*") if p.suffix in (".c", ".py")):
            if path == pathlib.Path(__file__).resolve():
                continue
            text = path.read_text()
            for name, number in DEFINITION.findall(text):
                numbers[number] += 1
                with self.subTest(test=name):
                    # its definition, and for C its place in the list of main()
                    self.assertEqual(len(re.findall(rf"\b{name}\b", text)),
                                     2 if path.suffix == ".c" else 1)
        self.assertEqual(numbers, {f"{number:02}": 1 for number in TRAPS})


if __name__ == "__main__":
    unittest.main()
