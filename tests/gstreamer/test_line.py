# SPDX-License-Identifier: Apache-2.0
"""The whole line of a box: unmodified players with libgsttally.so -> tallyd -> HTTPS -> collector. What
is stored in the end, against what sinks and server say."""
import signal
import sys
import time
import unittest

import box
import courses
import scenario
import scenes
import told
import truth
from lateness import replayed
from player import programs

sys.path.append(str(scenario.TESTS / "schema"))
import validator  # noqa: E402  (needs the path above)

STALL_BEGIN, STALL_END = 2, 3  # of `et`
PLAYER_DIED = 18               # of `sr`


class Stored:
    """All that the collector has of one session."""

    def __init__(self, collector, end):
        self.end = end
        session = self.end["s"]
        self.start, = (record for record in collector.records("s") if record["s"] == session)
        frames = [record for record in collector.streams("f") if record["s"] == session]
        self.events = [record for record in collector.records("e") if record["s"] == session]
        self.view = told.of_record(self.end, frames)

    def stalls(self, asked_ms):
        """When they began and when they ended, each by its own record; the start record is of when
        play was asked for."""
        return [[asked_ms + record["u"] - self.start["u"] for record in self.events
                 if record["e"]["et"] == kind] for kind in (STALL_BEGIN, STALL_END)]


@replayed
class Line(unittest.TestCase):
    """One daemon serves all players."""

    @classmethod
    def setUpClass(cls):
        folder, cls.collector, daemon = box.start_line(cls)
        all_scenes = (*scenes.LADDERS, *courses.REPORTED)
        cls.runs = scenes.side_by_side({scene.name: lambda scene=scene: scenes.play(
            scene, folder, programs() / "gstreamer", TALLY_SOCKET=daemon.socket)
            for scene in all_scenes}, lanes=5)
        for run in cls.runs.values():
            cls.await_end(run)
        cls.status = daemon.stop()
        # On a busy machine all players stutter: more than there are records for.
        cls.untold = cls.collector.records("v")[-1]["g"].get("gy", 0)

    @classmethod
    def await_end(cls, run):
        deadline = time.monotonic() + 60
        while not cls.ends(run):
            if time.monotonic() > deadline:
                raise scenario.Failed("collector", f"the end of {run.scene.name}", "none",
                                      cls.collector.log)
            time.sleep(0.1)

    @classmethod
    def ends(cls, run):
        """End records of this run. One that was killed may have told no source yet."""
        source = run.served.url(run.scene.path)
        return [record for record in cls.collector.records("x")
                if record["d"].get("sq") == source
                or run.status == -signal.SIGKILL and record["p"]["sr"] == PLAYER_DIED]

    def session(self, name):
        run = self.runs[name]
        end, = self.ends(run)
        stored = Stored(self.collector, end)
        self.assertEqual(stored.view.elapsed_ms, stored.view.states_ms)
        return run, stored

    def test_all_that_was_uploaded_is_in_the_schema(self):
        self.assertEqual(self.status, 0)
        for body in self.collector.bodies():
            validator.schema().check_bytes(body)

    def test_ladders_are_reported_as_the_screen_showed_them(self):
        for scene in scenes.LADDERS:
            with self.subTest(scene.name):
                run, stored = self.session(scene.name)
                self.assertEqual(run.status, 0, run.player.said())
                truth.assert_agree(self, truth.ladder_rows(run, stored.view))
                asked_ms = run.screen.asked_ms("PLAYING")
                truth.assert_stalls_told(self, run, *stored.stalls(asked_ms), self.untold)
                self.assertEqual(stored.view.stop, "completed")

    def test_ladders_were_served_as_planned(self):
        for scene in scenes.LADDERS:
            with self.subTest(scene.name):
                truth.assert_server_agrees(self, self.runs[scene.name])
                truth.assert_renditions_were_served(self, self.runs[scene.name])

    def test_a_pause_is_reported_as_one(self):
        run, stored = self.session("file-True")
        (begin, _), (end, _), _ = run.player.told
        truth.assert_agree(self, [
            truth.startup_row(run, stored.view), *truth.stall_rows(run, stored.view),
            truth.Row("pauses", 1, stored.view.pauses),
            truth.Row("paused ms", round(end - begin), stored.view.paused_ms, truth.WITHIN_MS)])
        self.assertEqual(stored.view.stop, "user")

    def test_seeks_are_reported_as_such(self):
        run, stored = self.session("seek-False")
        truth.assert_agree(self, [truth.Row("seeks", 2, stored.view.seeks),
                                  *truth.stall_rows(run, stored.view)])

    def test_failures_are_reported_as_such(self):
        for name, start, playback in (("undecodable-True", 1, 0), ("missing-False", 1, 0),
                                      ("gone-True", 0, 1)):
            with self.subTest(name):
                _, stored = self.session(name)
                self.assertEqual((stored.view.stop, stored.view.start_failures,
                                  stored.view.playback_failures), ("error", start, playback))

    def test_who_leaves_early_is_no_failure(self):
        _, stored = self.session("early-True")
        self.assertEqual((stored.view.stop, stored.view.errors, stored.end["p"]["xs"]),
                         ("user", 0, 1))

    def test_a_player_that_dies_is_reported_as_dead(self):
        run, stored = self.session("killed")
        self.assertEqual((run.status, stored.view.stop), (-9, "player_died"))
        truth.assert_agree(self, [truth.startup_row(run, stored.view)])


if __name__ == "__main__":
    unittest.main()
