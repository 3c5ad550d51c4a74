# SPDX-License-Identifier: Apache-2.0
"""A share of `make campaign`: one box, each phase once; and a server that was broken on purpose."""
import os
import pathlib
import sys
import tempfile
import time
import unittest

HERE = pathlib.Path(__file__).resolve().parent
sys.path.append(str(HERE.parent / "e2e"))
import aims  # noqa: E402
import campaign  # noqa: E402


class Share(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        holder = tempfile.TemporaryDirectory(dir=os.environ.get("TALLY_TEST_DIR"))
        cls.addClassCleanup(holder.cleanup)
        cls.home, = campaign.prepare(pathlib.Path(holder.name), ["vexpress-a9"])
        cls.seed = int(os.environ.get("TALLY_SEED", time.time_ns() % 2**32))
        print(f"TALLY_SEED={cls.seed}", flush=True)

    def play(self, phases, least, *server, **settings):
        lane = self.home.lane(self.seed, lambda text: print(text, flush=True), *server, **settings)
        self.addCleanup(lane.close)
        lane.play(phases, least)
        return lane.account

    def test_a_box_that_is_killed_in_each_phase_loses_nothing_and_tells_nothing_twice(self):
        account = self.play(aims.PHASES, least=1)
        print(campaign.table(account, self.seed))
        self.assertEqual(campaign.verdict(account, 1), [])
        self.assertGreater(account.figures["records stored"], 20)

    def test_a_server_that_forgets_is_found_out(self):
        account = self.play([aims.ACK], 0, HERE / "broken/forgets.py")
        self.assertLessEqual({"lost", "forgotten"}, {found.rule for found in account.violations})


if __name__ == "__main__":
    unittest.main()
