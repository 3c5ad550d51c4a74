#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""tally-decode --as: damaged input, and records that no agent makes."""
import json
import os
import random
import unittest

import scripts
from exporting import SYSTEMS, registry, run
from scripts import event, record, upload

SEED = int(os.environ.get("TALLY_SEED", random.randrange(1 << 32)))


class Hostile(unittest.TestCase):
    """Nothing makes it crash or say what is not JSON, and damage is told."""

    @classmethod
    def setUpClass(cls):
        cls.good = scripts.datazoom(registry()) + scripts.session(registry()) \
            + scripts.webcast(registry())

    def export_anything(self, given):
        for system in SYSTEMS:
            result = run("--as", system, given=given)
            self.assertIn(result.returncode, (0, 1), result.stderr.decode())
            self.assertNotIn(b"runtime error", result.stderr)
            self.assertNotIn(b"Sanitizer", result.stderr)
            if system == "datazoom":
                json.loads(result.stdout)
            for line in result.stdout.splitlines() if system != "datazoom" else []:
                json.loads(line)

    def test_cut_short(self):
        for size in range(0, len(self.good), 127):
            self.export_anything(self.good[:size])

    def test_what_came_before_the_damage_is_told(self):
        result = run("--as", "theoplayer", given=upload(event(0, 0, "first_frame")) + b"\xff")
        self.assertEqual((result.returncode, len(result.stdout.splitlines())), (1, 2))

    def test_bytes_changed(self):
        print(f"TALLY_SEED={SEED}")
        dice = random.Random(SEED)
        for _ in range(25):
            damaged = bytearray(self.good)
            for _ in range(dice.randrange(1, 6)):
                damaged[dice.randrange(len(damaged))] = dice.randrange(256)
            self.export_anything(bytes(damaged))

    def test_records_that_no_agent_makes(self):
        most = 1 << 53
        everything = {key: most for key in "mb n1 pt sd sk sl pd ps bd ut md".split()}
        for given in (
                upload(record("?", 0, 0, s=1, p={"pt": 1}), record("x", 1, 1, s=77)),
                upload(record("h", 0, 0)), upload(record("e", 0, 0, s=1)),
                upload(record("e", 0, 0, s=1, e={"et": 99}), record("e", 1, 0, s=1, e=3)),
                upload(record("h", 0, most, s=most, w=most, p=everything, m=everything)),
                upload(record("h", 0, 0, s=1, p=everything), record("x", 1, most, s=1),
                       sent_uptime=most, sent_wall=0),
                upload(record("j", 0, 0, sn=1, j={"j8": 5, "j6": "x", "jl": -most}),
                       record("j", 1, 0, sn=1, j={"j8": 5, "j6": 0, "jl": most}, x=[]),
                       record("o", 2, 0, s=1, sn=1 << 53, o={"oj": 1, "ov": 3})),
                upload(record("s", 0, 0, s=1, c={"p": -1}, d={"ci": 3, "pl": "x", "dy": 400})),
                upload(record("s", 0, 0, s=1, c=[1], d=[]), record("x", 1, 1, s=1, y={"yu": 9})),
                upload(*[record("s", n, n, s=n) for n in range(200)]),
                upload(*[record("j", n, n, sn=n, j={"j6": 1}) for n in range(100)]),
                upload(record("b", 0, 0, b={"bn": "", "os": " 1", "dm": "\u00e4" * 500})),
                upload(record("e", 0, 0, s=1, e={"et": 13, "ec": most, "ed": -most}))):
            self.export_anything(given)
            self.assertEqual(run("--as", "datazoom", given=given).returncode, 0)

    def test_a_system_that_there_is_not_is_usage(self):
        result = run("--as", "splunk")
        self.assertEqual((result.returncode, result.stdout), (2, b""))
        self.assertIn(b"usage: tally-decode", result.stderr)


if __name__ == "__main__":
    unittest.main()
