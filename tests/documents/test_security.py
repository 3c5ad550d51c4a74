# SPDX-License-Identifier: Apache-2.0
"""SECURITY.md: each promise names the tests that hold it, and there are such tests."""
import functools
import re
import unittest

import held
import reading
from reading import ROOT

PAGE = "SECURITY.md"
# A function of a suite: in C a name in a list of cmocka's, in Python a method.
IN_C = re.compile(r"cmocka_unit_test(?:_setup|_teardown|_setup_teardown)?\(\s*(\w+)")
IN_PYTHON = re.compile(r"^    def (test_\w+)\(self", re.MULTILINE)


def promises(text):
    """(promise, names of tests) of each row of the tables that say what holds a promise."""
    for table in re.findall(r"^\| promise \| held by \|\n\| --- \| --- \|\n((?:\|.*\n)+)", text,
                            re.MULTILINE):
        for row in table.splitlines():
            promise, tests = row.strip("| ").split(" | ")
            yield promise, re.findall(r"`([^`]+)`", tests)


def functions():
    """Names of the functions that some suite runs."""
    found = set()
    for path in (ROOT / "tests").rglob("*.[cp]*"):
        if path.suffix == ".c":
            found.update(IN_C.findall(path.read_text()))
        elif path.suffix == ".py":
            found.update(IN_PYTHON.findall(path.read_text()))
    return found


@functools.cache
def tests():
    return functions() | set(held.suites(held.build_folder()))


class Security(unittest.TestCase):
    def test_each_promise_is_held_by_tests_that_exist(self):
        rows = list(promises((ROOT / PAGE).read_text()))
        self.assertGreater(len(rows), 30)
        for promise, names in rows:
            with self.subTest(promise=promise):
                self.assertTrue(names)
                self.assertEqual(set(names) - tests(), set())

    def test_every_other_test_that_the_page_names_exists(self):
        page = reading.prose((ROOT / PAGE).read_text())
        named = {name for name in re.findall(r"`(\w+)`", page) if "_" in name and name.islower()}
        self.assertGreater(len(named), 60)
        self.assertEqual(named - tests(), set())

    def test_nobody_is_listened_to(self):
        port = (ROOT / "agent/include/tally/port.h").read_text()
        self.assertRegex(port, r"\(\*open\)\(")
        self.assertNotRegex(port, r"\(\*\w*(listen|accept|bind)\w*\)\(")
        unit = (ROOT / "boards/linux/tallyd.service.in").read_text()
        self.assertIn("\nSocketBindDeny=any\n", unit)
        self.assertNotRegex(unit, r"\nSocketBindAllow=")

    def test_a_promise_that_nothing_holds_is_found(self):
        page = ("| promise | held by |\n| --- | --- |\n"
                "| all | `test_all_is_well` |\n| none | hope |\n")
        self.assertEqual(list(promises(page)), [("all", ["test_all_is_well"]), ("none", [])])
        self.assertNotIn("test_all_is_well", tests())


if __name__ == "__main__":
    unittest.main()
