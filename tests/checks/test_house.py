# SPDX-License-Identifier: Apache-2.0
"""Rules of the house that a reader would otherwise have to watch over."""
import pathlib
import subprocess
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
TOP_LEVEL = {"agent", "port", "boards", "tests", "cmake", "toolchains", "README.md",
             "CMakeLists.txt", "CMakePresets.json", "Makefile", "LICENSE", "SECURITY.md",
             "CHANGELOG.md"}
CODE = {".c", ".h", ".def", ".py", ".sh", ".cmake", ".awk", ".ld", ".js", ".mjs", ".css", ".html"}
MOST_LINES = 600


def tracked():
    names = subprocess.run(["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
                           cwd=ROOT, check=True, capture_output=True, text=True).stdout
    return [ROOT / name for name in names.split("\0") if name and (ROOT / name).is_file()]


def is_text(path):
    return "corpus" not in path.parts  # input of a fuzzer: bytes without a meaning of their own


def is_code(path):
    return path.suffix in CODE or path.name in ("CMakeLists.txt", "Makefile", "run")


class House(unittest.TestCase):
    def test_the_top_level_has_its_rooms_and_nothing_else(self):
        tops = {p.relative_to(ROOT).parts[0] for p in tracked()}
        self.assertEqual({t for t in tops if not t.startswith(".")} - TOP_LEVEL, set())

    def test_every_file_names_its_licence(self):
        silent = {"LICENSE", "toolchain"}  # the licence itself, and a file of one word
        for path in (p for p in tracked() if is_text(p) and p.name not in silent):
            with self.subTest(file=str(path.relative_to(ROOT))):
                head = path.read_text()[:400]
                self.assertIn("SPDX-License-Identifier: Apache-2.0", head)

    def test_no_file_outgrows_a_readers_patience(self):
        for path in filter(is_code, tracked()):
            with self.subTest(file=str(path.relative_to(ROOT))):
                self.assertLessEqual(len(path.read_text().splitlines()), MOST_LINES)

    def test_nothing_is_left_open(self):
        words = ("TO" + "DO", "FIX" + "ME", "XX" + "X:")
        for path in filter(is_code, tracked()):
            text = path.read_text()
            with self.subTest(file=str(path.relative_to(ROOT))):
                self.assertFalse([w for w in words if w in text])


if __name__ == "__main__":
    unittest.main()
