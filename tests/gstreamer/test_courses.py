# SPDX-License-Identifier: Apache-2.0
"""What a viewer does, and what goes wrong: gst-play-1.0 at the keys, hooks against the screen."""
import pathlib
import unittest

import courses
import scenes
import scratch
import told
import truth
from lateness import replayed
from player import programs


STREAM, MEDIA, NETWORK = 2, 3, 4  # classes of errors, in agent/include/tally/enums.h
BLAMED = {"missing": STREAM, "noise": MEDIA, "undecodable": MEDIA, "gone": NETWORK, "cut": NETWORK}


@replayed
class Courses(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        holder = pathlib.Path(scratch.folder(cls.addClassCleanup))
        plugin = programs() / "gstreamer_log"
        cls.runs = scenes.side_by_side({scene.name: lambda scene=scene: scenes.play(
            scene, holder, plugin, lambda folder: {"TALLY_HOOK_LOG": folder / "hooks.jsonl"})
            for scene in courses.COURSES}, lanes=5)

    def check_both(self, name, check):
        """Of a scene under playbin and under playbin3, the run and the View of its session."""
        for playbin3 in (False, True):
            with self.subTest(name, playbin3=playbin3):
                check(*self.one(f"{name}-{playbin3}"))

    def one(self, name):
        run = self.runs[name]
        log = told.Log(run.folder / "hooks.jsonl")
        session, = log.sessions()
        view = log.view(session)
        self.assertEqual(view.elapsed_ms, view.states_ms)
        return run, view

    def assert_paused(self, run, view):
        (begin, _), (end, _), _ = run.player.told
        truth.assert_agree(self, [
            truth.startup_row(run, view), *truth.stall_rows(run, view),
            truth.Row("pauses", 1, view.pauses),
            truth.Row("paused ms", round(end - begin), view.paused_ms, truth.WITHIN_MS)])
        self.assertEqual(view.stop, "user")

    def test_a_pause_is_no_stall(self):
        self.check_both("pause", self.assert_paused)
        self.check_both("file", self.assert_paused)

    def assert_sought(self, run, view):
        asked = [at for at, key in run.player.told if key == "forward"]
        flushed = [min(flush for flush in run.screen.flushes if flush > at) for at in asked]
        landed = [min(frame for frame in run.screen.frames if frame > at) for at in flushed]
        truth.assert_agree(self, [
            *truth.stall_rows(run, view),
            truth.Row("seeks", len(asked), view.seeks),
            truth.Row("seeking ms", round(sum(landed) - sum(asked)), view.seeking_ms,
                      2 * truth.WITHIN_MS)])

    def test_a_seek_is_no_stall(self):
        self.check_both("seek", self.assert_sought)

    def assert_ended(self, run, view):
        truth.assert_agree(self, truth.ladder_rows(run, view))
        self.assertEqual(view.stop, "completed")

    def test_media_comes_to_its_natural_end(self):
        self.check_both("end", self.assert_ended)

    def assert_left(self, _, view):
        self.assertIsNone(view.startup_ms)
        self.assertEqual((view.stop, view.errors, view.start_failures), ("user", 0, 0))

    def test_who_leaves_before_the_first_picture_saw_no_failure(self):
        self.check_both("early", self.assert_left)

    def assert_blamed(self, run, view):
        self.assertEqual(view.error_class, BLAMED[run.scene.name.partition("-")[0]])

    def assert_not_started(self, run, view):
        self.assert_blamed(run, view)
        self.assertIsNone(view.startup_ms)
        self.assertEqual((view.stop, view.start_failures, view.playback_failures), ("error", 1, 0))

    def test_what_cannot_be_played_is_a_failed_start(self):
        for name in ("missing", "noise", "undecodable"):
            self.check_both(name, self.assert_not_started)

    def assert_gone(self, run, view):
        self.assert_blamed(run, view)
        self.assert_broke_off(run, view)

    def assert_broke_off(self, run, view):
        self.assertEqual((view.stop, view.start_failures, view.playback_failures), ("error", 0, 1))
        last_ms = max(run.screen.frames[-1], run.screen.sounds[-1])
        shown_ms = last_ms - run.screen.frames[0]
        truth.assert_agree(self, [
            truth.startup_row(run, view),
            truth.Row("play time ms", round(shown_ms - run.doubt_ms()), view.play_ms,
                      2 * truth.WITHIN_MS, round(run.doubt_ms()))])

    def test_a_server_that_is_gone_breaks_playback_off(self):
        for name in ("gone", "cut"):
            self.check_both(name, self.assert_gone)

    def test_a_fragment_that_is_missing_breaks_playback_off(self):
        self.assert_broke_off(*self.one("hole"))

    def test_a_pause_in_a_stall_is_one_stall_that_ends_with_the_data(self):
        run, view = self.one("stall")
        still, = run.screen.gaps(scenes.FRAME_MS, 1000)
        (_, again_ms), = run.holes()
        self.assertEqual((view.stalls, view.pauses, view.stop), (1, 1, "user"))
        truth.assert_agree(self, [
            truth.Row("stalled ms", round(again_ms - still.begin_ms), view.stalled_ms,
                      truth.WITHIN_MS, doubt=500),
            truth.Row("stalled and paused ms", round(still.length_ms),
                      view.stalled_ms + view.paused_ms, truth.WITHIN_MS)])


if __name__ == "__main__":
    unittest.main()
