# SPDX-License-Identifier: Apache-2.0
"""Every unit test runs on every processor, or tests/README.md says why not."""
import pathlib
import re
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
UNIT = ROOT / "tests" / "unit"
EVERYWHERE = re.compile(r"^tally_unit_test\((\w+) |^tally_unit_test_of\(\w+ (\w+)", re.MULTILINE)
WITH_THREADS = re.compile(r"^tally_thread_test\((\w+) ", re.MULTILINE)
EXCEPTION = re.compile(r"^\| test_(\w+) \| (Linux|this machine) \| (\S.+) \|$", re.MULTILINE)
PROCESSOR = re.compile(r"^tally_processor\((\S+?)[ )]", re.MULTILINE)


def everywhere():
    found = EVERYWHERE.findall((UNIT / "suites.cmake").read_text())
    return {one or other for one, other in found}


def exceptions():
    return {name: where for name, where, _ in EXCEPTION.findall((ROOT / "tests/README.md").read_text())}


class Processors(unittest.TestCase):
    def test_every_unit_test_runs_everywhere_or_is_named_with_a_reason(self):
        files = {path.stem.removeprefix("test_") for path in UNIT.glob("test_*.c")}
        self.assertGreater(len(everywhere()), 50)
        self.assertEqual(files - everywhere(), set(exceptions()))

    def test_no_exception_is_made_for_what_runs_everywhere(self):
        self.assertEqual(everywhere() & set(exceptions()), set())

    def test_what_needs_threads_runs_under_linux(self):
        threads = set(WITH_THREADS.findall((UNIT / "suites.cmake").read_text()))
        self.assertEqual(threads, {name for name, where in exceptions().items() if where == "Linux"})

    def test_every_toolchain_runs_them(self):
        toolchains = {path.stem for path in (ROOT / "toolchains").glob("*.cmake")}
        tested = PROCESSOR.findall((UNIT / "CMakeLists.txt").read_text())
        self.assertEqual(sorted(tested), sorted(toolchains))


if __name__ == "__main__":
    unittest.main()
