# SPDX-License-Identifier: Apache-2.0
"""`make fresh` without its tree: which commands it types, and what it makes of them."""
import pathlib
import tempfile
import unittest

import fresh

PAGE = """
```sh
make demo       # two minutes
make campaign   # long
make firmware BOARD=b ENDPOINT=https://HOST:PORT/PATH CERTS=DIR
```
Say `make help`, or `make demo` again, or `make fresh`, which would never end.
"""


class Commands(unittest.TestCase):
    def test_are_the_readmes_each_once(self):
        self.assertEqual(fresh.commands(PAGE), [
            "make demo", "make campaign",
            "make firmware BOARD=b ENDPOINT=https://HOST:PORT/PATH CERTS=DIR", "make help"])

    def test_of_the_real_page_are_many(self):
        known = fresh.commands((fresh.ROOT / "README.md").read_text())
        self.assertLessEqual({"make demo", "make test", "make linux"}, set(known))
        self.assertFalse([command for command in known if not command.startswith("make ")])

    def test_have_a_readers_names_in_their_places(self):
        words = fresh.typed(fresh.commands(PAGE)[2])
        self.assertRegex(words, r"make_certs.sh certs && make firmware .*CERTS=certs$")
        self.assertNotRegex(words, "HOST|PORT|DIR")

    def test_that_are_long_are_left_out_and_named(self):
        known = fresh.commands(PAGE)
        self.assertEqual(fresh.choose(known, [], False)[1], ["make campaign"])
        self.assertEqual(fresh.choose(known, [], True)[1], [])
        self.assertEqual(fresh.choose(known, ["make help"], False)[0], ["make help"])

    def test_that_nobody_wrote_down_are_refused(self):
        with self.assertRaisesRegex(SystemExit, "the README has no make love"):
            fresh.choose(fresh.commands(PAGE), ["make love"], False)


class Typing(unittest.TestCase):
    """In this machine's own tree."""

    def rows(self, *commands):
        with tempfile.TemporaryDirectory() as folder:
            self.said = []
            return fresh.type_all(["env"], commands, pathlib.Path(folder),
                                  say=lambda text, **_: self.said.append(text))

    def test_tells_how_each_ended(self):
        rows = self.rows("true", "echo a last word; exit 3")
        self.assertEqual([status for _, status, _ in rows], [0, 3])
        self.assertEqual(self.said[-1], "a last word")
        self.assertRegex(fresh.table(rows), r"(?m)^true +0 +0$")
        self.assertRegex(fresh.table(rows), r"(?m)exit 3 +3 +0$")

    def test_what_does_not_end_is_ended_once_it_says_its_address(self):
        (row,) = self.rows("make live --version; echo http://localhost:1/; exec sleep 1000")
        self.assertEqual(row[1], 0)

    def test_what_should_not_end_and_does_has_failed(self):
        (row,) = self.rows("make live --version")
        self.assertEqual(row[1], 1)


if __name__ == "__main__":
    unittest.main()
