# SPDX-License-Identifier: Apache-2.0
"""The whole line: a player with libtally-client, the real tallyd, the collector."""
import json
import os
import pathlib
import random
import signal
import sys
import time
import unittest

import case
import daemon

sys.path.append(str(pathlib.Path(__file__).resolve().parents[1] / "linux"))
import box  # noqa: E402

FINISHED = 0  # enum tally_stop


class Line(box.Box):

    def setUp(self):
        super().setUp()
        self.start_collector()
        self.tallyd_now = self.tallyd()
        self.talker = daemon.Talker(os.environ["TALLY_TALKER"])
        self.addCleanup(self.talker.clear)
        self.talker("begin", self.tallyd_now.socket)

    def play(self):
        film = self.talker("open")["session"]
        self.talker("title", film, "Alps")
        self.talker("event", film, "play", 0)
        self.talker("event", film, "first_frame", 0)
        return film

    def stored(self):
        """All records, with the boot of each, in the order of their making."""
        rows = self.store.rows("SELECT boot, seq, json FROM records ORDER BY boot, seq")
        return [(row["boot"], json.loads(row["json"])) for row in rows]

    def settle(self):
        daemon.until(lambda: self.talker("stats")["waiting"] == 0, "tallyd to have it all")

    def test_what_the_player_says_is_what_is_stored(self):
        film = self.play()
        self.talker("frames", film)
        for code in range(5):
            self.talker("event", film, "custom", code)
        self.talker("render", 100)
        time.sleep(1.5)
        self.talker("detach")
        played_ms = self.talker("play_time", film)["value"]
        self.talker("event", film, "close", FINISHED)
        self.settle()
        daemon.until(lambda: self.complete(5), "all events")
        found = self.await_records(s=1, e=5, x=1, f=1)
        (end,) = found["x"]
        self.assertEqual((end["d"]["ct"], end["p"]["sr"]), ("Alps", FINISHED))
        self.assertIn(end["p"]["pt"] - played_ms, range(2000))
        self.assertEqual(case.codes([e] for e in found["e"]), [0, 1, 2, 3, 4])
        self.assertEqual(found["f"][-1]["f"]["fr"], 100)
        self.assertEqual(self.talker("stats")["refused"], 0)

    def test_a_session_outlives_the_tallyds_that_are_killed(self):
        seed = int(os.environ.get("TALLY_SEED", random.randrange(1 << 32)))
        print(f"TALLY_SEED={seed}", flush=True)
        dice = random.Random(seed)
        began = time.monotonic()
        film = self.play()
        told = 0
        for _ in range(4):
            for _ in range(4):  # fewer in all than the limit for events
                self.talker("event", film, "custom", told)
                told += 1
                time.sleep(dice.uniform(0, 0.1))
            self.tallyd_now.stop(signal.SIGKILL)
            time.sleep(dice.uniform(0, 0.5))
            self.tallyd_now = self.tallyd()
        self.settle()
        played_ms = self.talker("play_time", film)["value"]
        # Both ends of it are cut to milliseconds.
        self.assertGreaterEqual((time.monotonic() - began) * 1000 + 1, played_ms)
        self.talker("event", film, "close", FINISHED)
        self.settle()
        (end,) = self.await_records(x=1)["x"]
        self.assertGreaterEqual(end["p"]["pt"], played_ms)
        self.await_records(a=1)
        records = daemon.until(lambda: self.complete(told), "all events")
        starts = [r for _, r in records if r["k"] == "s"]
        self.assertGreaterEqual(len(starts), 2)  # told anew to tallyds that did not know it
        self.assertEqual({r["d"]["sx"] for r in (*starts, end)}, {end["d"]["sx"]})
        stats = self.talker("stats")
        self.assertEqual((stats["dropped"], stats["refused"]), (0, 0))
        self.assertGreaterEqual(stats["connections"], 2)

    def complete(self, told):
        """The stored records, once each event is among them, in no boot twice."""
        records = self.stored()
        codes = [(boot, code) for boot, r in records for code in case.codes([[r]])]
        self.assertEqual(len(codes), len(set(codes)))
        return records if {code for _, code in codes} == set(range(told)) else None


if __name__ == "__main__":
    unittest.main()
