# SPDX-License-Identifier: Apache-2.0
"""CHANGELOG.md: its newest entry is of the version that is built, and of what is on the wire."""
import re
import unittest

import reading
from reading import ROOT


def only(pattern, path):
    """What one place of a file says."""
    found, = re.findall(pattern, (ROOT / path).read_text(), re.MULTILINE)
    return found


class Changelog(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.text = (ROOT / "CHANGELOG.md").read_text()
        cls.versions = re.findall(r"^## \[(\d+\.\d+\.\d+)\] - (not released|\d{4}-\d\d-\d\d)$",
                                  cls.text, re.MULTILINE)
        cls.newest = cls.text.split("\n## ")[1]

    def test_every_entry_has_a_version_and_a_date_or_is_not_released(self):
        self.assertEqual(len(self.versions), len(re.findall("^## ", self.text, re.MULTILINE)))
        numbers = [tuple(map(int, version.split("."))) for version, _ in self.versions]
        self.assertEqual(numbers, sorted(set(numbers), reverse=True))
        self.assertTrue(all(date != "not released" for _, date in self.versions[1:]))

    def test_the_newest_is_the_version_that_is_built(self):
        version = self.versions[0][0]
        self.assertEqual(only(r'^#define TALLY_VERSION "(.*)"$', "agent/include/tally/tally.h"),
                         version)
        self.assertEqual(only(r"^project\(tally VERSION (\S+) ", "CMakeLists.txt"), version)

    def test_it_has_the_versions_of_registry_protocol_and_flash(self):
        registry = only(r"^#define TALLY_REGISTRY_VERSION (\d+)$", "agent/include/tally/metrics.h")
        protocol = only(r"^#define TALLY_SPLIT_VERSION (\d+)$", "agent/src/player.h")
        flash = only(r"TALLY_SPOOL_FORMAT = (\d+)", "agent/src/spool.h")
        self.assertIn(f"Registry {registry}, protocol between player and daemon {protocol}, "
                      f"format of the flash {flash}.", self.newest)
        self.assertIn(f"\nRegistry version {registry}.", (ROOT / "agent/SPEC.md").read_text())

    def test_every_registry_has_its_row(self):
        registry = only(r"^#define TALLY_REGISTRY_VERSION (\d+)$", "agent/include/tally/metrics.h")
        self.assertEqual(re.findall(r"^\| (\d+) \|", self.text, re.MULTILINE),
                         [str(number) for number in range(1, int(registry) + 1)])

    def test_keys_of_the_last_registries_are_in_the_ledger(self):
        ledger = (ROOT / "agent/registry.ledger").read_text().splitlines()
        named = set(re.findall(r"`(\w\w)`", self.text))
        self.assertGreater(len(named), 10)
        self.assertEqual(named - {line.split()[0] for line in ledger}, set())

    def test_it_is_reached_from_the_first_page(self):
        links = {target for _, target in reading.links((ROOT / "README.md").read_text())}
        self.assertLessEqual({"CHANGELOG.md", "SECURITY.md"}, links)


if __name__ == "__main__":
    unittest.main()
