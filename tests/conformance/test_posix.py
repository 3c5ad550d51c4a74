# SPDX-License-Identifier: Apache-2.0
"""The ports for Linux break no rule: test_posix.py PROGRAM, which runs twice on one store."""
import pathlib
import re
import subprocess
import sys
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "port/conformance"))

from peer import Peers  # noqa: E402

PROGRAM = sys.argv.pop(1)
SUMMARY = re.compile(r"^conformance: (\d+) passed, (\d+) failed, (\d+) not checked$", re.MULTILINE)
VERDICT = re.compile(r"^conformance: (\w+)(?: \(\w+\))? \.\.\. not checked: (?!needs \w+$|no \w+ given)",
                     re.MULTILINE)
# What a program on Linux cannot bring about.
NO_HELPER = {"clock_standby", "clock_wraps", "critical_restores", "random_fails"}
RULES = len(re.findall(r"^    X\(", (ROOT / "port/conformance/tally_conformance_rules.h").read_text(),
                       re.MULTILINE))


class Posix(unittest.TestCase):
    def run_kit(self, folder, peers, which, failed=0):
        """What it prints."""
        done = subprocess.run([PROGRAM, folder, which, *(str(peers.ports[name]) for name in
                                                         ("echo", "ending", "refusing"))],
                              capture_output=True, text=True, check=False)
        self.assertEqual(done.returncode, failed, done.stdout + done.stderr)
        return done.stdout

    def test_both_runs_pass_all_that_can_be_checked(self):
        with tempfile.TemporaryDirectory() as folder, Peers("127.0.0.1") as peers:
            for which, left_out in (("first", NO_HELPER | {"store_restart", "random_boots"}),
                                    ("again", NO_HELPER)):
                with self.subTest(run=which):
                    said = self.run_kit(folder, peers, which)
                    end = SUMMARY.search(said).end()
                    ports, ram = said[:end], said[end:]
                    self.assertEqual(set(VERDICT.findall(ports)), left_out)
                    self.assertEqual(SUMMARY.search(ports).groups(),
                                     (str(RULES - len(left_out)), "0", str(len(left_out))))
                    self.assertEqual(set(VERDICT.findall(ram)), {"store_restart", "store_fails"})
                    self.assertEqual([summary[1] for summary in SUMMARY.findall(ram)], ["0", "0"])
                    self.assertIn("store_erase_order (sealed) ... passed", ram)

    def test_two_threads_meet_in_a_section_that_is_none(self):
        with tempfile.TemporaryDirectory() as folder, Peers("127.0.0.1") as peers:
            said = self.run_kit(folder, peers, "unlocked", failed=1)
            self.assertRegex(said, r"critical_excludes \.\.\. FAILED: .*\n +port\.h: Keeps every other")


if __name__ == "__main__":
    unittest.main()
