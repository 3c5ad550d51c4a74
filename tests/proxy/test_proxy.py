# SPDX-License-Identifier: Apache-2.0
"""A device behind a relay that cuts, stalls, reorders and corrupts: in the end the collector has
every record once.

TALLY_PROXY_PLAN says what goes wrong, as proxy_faults.c has it; TALLY_SEED replays what was drawn.
"""
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import time
import unittest

sys.path.append(str(pathlib.Path(__file__).resolve().parents[1] / "e2e"))
import scenario  # noqa: E402

PROGRAM = scenario.PROGRAMS / "tests" / "proxy" / "proxy_faults"
PLAN = os.environ.get("TALLY_PROXY_PLAN", "some 12").split()
KINDS_TOLD = "bse"  # the others say how long things took
EXCHANGES_AROUND = 6  # without a fault, three before the plan and three behind


class Run:
    """One boot of the device: what it counted, and what a collector of its own stored."""

    def __init__(self, test, *plan):
        folder = pathlib.Path(tempfile.mkdtemp(dir=test.shared))
        collector = scenario.Collector(folder, test.certs)
        test.addCleanup(collector.stop)
        began = time.monotonic()
        done = subprocess.run([PROGRAM, str(collector.port), test.certs, *plan], text=True,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
        print(" ".join(plan), f"in {time.monotonic() - began:.0f} s:", done.stdout, flush=True)
        test.assertEqual(done.returncode, 0, done.stdout)
        self.counts = json.loads(done.stdout.splitlines()[-1])
        self.rows = collector.rows("SELECT * FROM records ORDER BY seq")
        self.uploads = collector.rows("SELECT status, reason FROM uploads")

    def told(self):
        """What does not depend on how long things took."""
        records = [json.loads(row["json"]) for row in self.rows]
        return [(record["k"], record.get("s"), record.get("e"))
                for record in records if record["k"] in KINDS_TOLD]


class Proxy(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        scenario.share(cls)

    def assert_stored_once(self, run):
        keys = [(row["device"], row["boot"], row["seq"]) for row in run.rows]
        device, boot = keys[0][:2]
        self.assertEqual(keys, [(device, boot, seq) for seq in range(run.counts["made"])])
        self.assertEqual((run.counts["pending"], run.counts["dropped"], run.counts["lost"],
                          run.counts["refused"]), (0, 0, 0, 0))

    def assert_accounted(self, run):
        """Each upload that the device knows to be accepted was stored; those beyond were stored,
        and the device had to count them as failed."""
        counts = run.counts
        self.assertEqual({row["status"] for row in run.uploads}, {204})
        failed = (counts["rejected"] + counts["failed_net"] + counts["failed_tls"]
                  + counts["failed_http"])
        self.assertEqual(counts["attempts"], counts["accepted"] + failed)
        self.assertLessEqual(counts["accepted"], len(run.uploads))
        self.assertLessEqual(len(run.uploads), counts["connections"] + counts["attempts"])

    def test_every_record_is_stored_once_whatever_happens_on_the_way(self):
        disturbed = Run(self, *PLAN)
        self.assertGreater(disturbed.counts["applied"], 30)  # on a busy machine
        self.assert_stored_once(disturbed)
        self.assert_accounted(disturbed)
        self.assertGreater(sum(row["resends"] for row in disturbed.rows), 0)

        clear = Run(self, "none", str(disturbed.counts["told"] - EXCHANGES_AROUND))
        self.assert_stored_once(clear)
        self.assertEqual(sum(row["resends"] for row in clear.rows), 0)
        self.assertEqual(disturbed.told(), clear.told())


if __name__ == "__main__":
    unittest.main()
