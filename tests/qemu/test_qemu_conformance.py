# SPDX-License-Identifier: Apache-2.0
"""The boards break no rule of port.h, in a run before their power is cut and in one after it."""

import pathlib
import re
import sys
import tempfile
import unittest

import images
from qemu import Guest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "port/conformance"))

from peer import Peers  # noqa: E402

RUN_S = 100
VERDICT = re.compile(r"^conformance: (\w+)(?: \((\w+)\))? \.\.\. (passed|FAILED|not checked)(.*)$")
# What the boards' programs cannot bring about, and what they have not: a verifier.
NOT_CHECKED = {"clock_standby", "clock_wraps", "random_fails", "store_sync", "store_erase_order",
               "store_fails", "verifier_complete"}
FIRST = {"store_restart", "random_boots", "transport_unresolved"}
AGAIN = {"transport_complete"}  # nothing that a power cut could change


class Conformance:
    """On a `board`."""

    def run_kit(self, peers, store, which):
        """The verdicts, by rule and store."""
        with Guest(self.board, images.path(self.board, "conformance.elf"), store=store) as guest:
            guest.wait_for("^conformance: which run")
            guest.type(" ".join([which, *(str(peers.ports[name]) for name in
                                          ("echo", "ending", "refusing"))]))
            summary = guest.wait_for(r"^conformance: (\d+) passed, (\d+) failed", RUN_S)
            self.assertEqual(summary[2], "0", guest.text)
            if which == "again":
                self.assertEqual(guest.exit_code(), 0)
            else:
                guest.wait_for("^conformance: restart")
            lines = [VERDICT.match(line) for line in guest.text.splitlines()]
        return [(line[1], line[2], line[3]) for line in lines if line]

    def test_no_rule_is_broken_before_and_after_a_power_cut(self):
        with tempfile.TemporaryDirectory() as folder, Peers("127.0.0.1") as peers:
            for which, more in (("first", FIRST), ("again", AGAIN)):
                verdicts = self.run_kit(peers, f"{folder}/store", which)
                with self.subTest(run=which):
                    self.assertEqual({rule for rule, _, verdict in verdicts
                                      if verdict == "not checked"}, NOT_CHECKED | more)
                    self.assertEqual({store for rule, store, verdict in verdicts
                                      if rule == "store_large_read" and verdict == "passed"},
                                     {"spool", "settings"})


class Mps2(Conformance, unittest.TestCase):
    board = "mps2-an385"


class Vexpress(Conformance, unittest.TestCase):
    board = "vexpress-a9"


if __name__ == "__main__":
    unittest.main()
