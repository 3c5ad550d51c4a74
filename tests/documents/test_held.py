# SPDX-License-Identifier: Apache-2.0
"""Every command that a document asks its reader to type is typed by a test, as held.tsv says."""
import collections
import pathlib
import re
import subprocess
import tempfile
import unittest

import held
import reading

PAGE = """# A page

Run `make size`, or:

    make demo

```sh
make demo       # plays
cmake -S . \\
    -B build
```

1. Within a list:

   ```sh
   ctest -N
   ```
"""


class Held(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.table = held.entries(held.TABLE.read_text())
        cls.judge = held.Judge(held.build_folder())

    def complaint(self, *entry):
        return self.judge.complaint(held.Entry(*entry, *[""] * (4 - len(entry))))

    def test_each_command_has_an_entry_and_each_entry_a_command(self):
        self.assertEqual(held.unaccounted(reading.commands(), self.table), ([], []))

    def test_each_entry_is_true(self):
        for entry in self.table:
            with self.subTest(command=entry.command, holder=entry.holder):
                self.assertIsNone(self.judge.complaint(entry))

    def test_no_command_has_two_entries(self):
        times = collections.Counter(entry.command for entry in self.table)
        self.assertEqual([command for command, count in times.items() if count > 1], [])

    def test_no_command_is_hidden_in_a_block_without_a_language(self):
        for name in reading.documents():
            with self.subTest(document=name):
                self.assertEqual(reading.hidden((reading.ROOT / name).read_text()), [])

    def test_every_target_of_make_that_a_document_names_exists(self):
        typed = {command.text for command in reading.commands() if command.text.startswith("make ")
                 and not command.document.startswith("boards/README")}
        for command in sorted(typed):
            with self.subTest(command=command):
                held.recipe(command)

    def test_make_help_lists_each_target(self):
        said = subprocess.run(["make", "help"], cwd=reading.ROOT, check=True, capture_output=True,
                              text=True, env=reading.own_environment()).stdout
        phony = re.search(r"^\.PHONY: (.*?[^\\])$", (reading.ROOT / "Makefile").read_text(),
                          re.MULTILINE | re.DOTALL)[1]
        inner = {"programs", "known-board", "build-test"}  # steps of the others
        self.assertEqual({line.split()[0] for line in said.splitlines()},
                         set(phony.replace("\\", "").split()) - inner)

    def test_a_new_command_and_one_that_is_gone_are_found(self):
        with tempfile.TemporaryDirectory() as folder:
            root = pathlib.Path(folder)
            (root / "page.md").write_text(PAGE)
            found = reading.commands_of("page.md", PAGE)
            table = [held.Entry("make size", "", "", ""), held.Entry("make coffee", "", "", "")]
            missing, idle = held.unaccounted(found, table, root)
            self.assertEqual([command.text for command in missing],
                             ["make demo", "cmake -S . -B build", "ctest -N"])
            self.assertEqual(idle, ["make coffee"])
            whole = held.unaccounted(found, [held.Entry("page.md: A page", "", "", "")], root)
            self.assertEqual(whole, ([], []))
        self.assertEqual(reading.hidden(PAGE), ["make demo"])

    def test_wrong_entries_are_found(self):
        here = "tests/documents/reading.py"
        for entry, complaint in (
                (("make size", "ctest nobody", here), "no test 'nobody'"),
                (("make size", "ctest lanes", here), f"'lanes' has nothing to do with {here}"),
                (("make coffee", "ctest documents", here), f"{here} has no 'make coffee'"),
                (("./lanes", "ctest fault_cuts_1"), "'fault_cuts_1' runs ./fault_cuts quick 1"),
                (("make size", "make size", "", "size.sh"), "it does not run 'size.sh'"),
                (("psql", "make size", "tests/fault/log.c"), "it does not run 'tests/fault'"),
                (("make test", "ci", ".ci/walk"), "no file .ci/walk"),
                (("make size", "hearsay", here), "nobody knows a 'hearsay'")):
            with self.subTest(complaint=complaint):
                self.assertEqual(self.complaint(*entry), complaint)
        self.assertIn("No rule", self.complaint("make coffee", "make coffee", "", "cup"))


if __name__ == "__main__":
    unittest.main()
