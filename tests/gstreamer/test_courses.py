# SPDX-License-Identifier: Apache-2.0
"""What a viewer does, and what goes wrong: gst-play-1.0 at the keys, hooks against the screen."""
import pathlib
import time
import unittest

import scenes
import harness
import told
import truth
from player import gst_play, programs
from scenes import Scene

PAUSE_S = 1.5


def await_stall(running, least_ms=300):
    """Waits until the application has paused and the screen stands still."""
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        screen = running.screen()
        if screen.frames and screen.states[-1][1] == "PAUSED" and \
                screen.states[-1][0] > screen.frames[0] and \
                time.clock_gettime(time.CLOCK_BOOTTIME) * 1000 - screen.frames[-1] > least_ms:
            return
        time.sleep(0.2)
    raise AssertionError(f"no stall; log: {running.folder}")


def pauses_and_quits(running, _):
    scenes.await_frames(running, at_least=30)
    running.press("pause")
    time.sleep(PAUSE_S)
    frames = len(running.screen().frames)
    running.press("pause")
    scenes.await_frames(running, at_least=frames + 30)
    running.press("quit")


def seeks_twice_and_quits(running, _):
    scenes.await_frames(running, at_least=30)
    for _ in range(2):
        frames = len(running.screen().frames)
        running.press("forward")
        scenes.await_frames(running, at_least=frames + 30)
    running.press("quit")


def pauses_in_a_stall_and_quits(running, _):
    await_stall(running)
    running.press("pause")
    time.sleep(PAUSE_S)
    running.press("pause")
    frames = len(running.screen().frames)
    scenes.await_frames(running, at_least=frames + 30)
    running.press("quit")


def quits_before_the_first_picture(running, served):
    served.await_log(lambda: served.answers(".m3u8"))
    running.press("quit")


def dies(running, _):
    scenes.await_frames(running, at_least=30)
    running.process.kill()


SLOW = {"rates": [[0, 2000]]}
GONE = {**SLOW, "gone_s": 4}
SHORT = "hls/master-5.m3u8"
STALLS = {"rates": [[0, 0], [0.5, 1200], [3.9, 0], [12, 4000]]}

COURSES = [scene for playbin3 in (False, True) for scene in (
    Scene(f"pause-{playbin3}", SHORT, gst_play, playbin3, script=pauses_and_quits),
    Scene(f"file-{playbin3}", "files/film.mp4", gst_play, playbin3, script=pauses_and_quits),
    Scene(f"seek-{playbin3}", "hls/master.m3u8", gst_play, playbin3, script=seeks_twice_and_quits),
    Scene(f"end-{playbin3}", "hls/master-3.m3u8", gst_play, playbin3),
    Scene(f"early-{playbin3}", SHORT, gst_play, playbin3, {"rates": [[0, 20]]},
          script=quits_before_the_first_picture),
    Scene(f"missing-{playbin3}", "hls/none.m3u8", gst_play, playbin3),
    Scene(f"noise-{playbin3}", "files/noise.mp4", gst_play, playbin3),
    Scene(f"undecodable-{playbin3}", "files/undecodable.mp4", gst_play, playbin3),
    Scene(f"gone-{playbin3}", "hls/master-8.m3u8", gst_play, playbin3, GONE),
    Scene(f"cut-{playbin3}", "files/film.mp4", gst_play, playbin3, {"rates": [[0, 600]], "gone_s": 4}),
)] + [
    Scene("stall", "hls/master-8.m3u8", gst_play, plan=STALLS, script=pauses_in_a_stall_and_quits),
    Scene("hole", SHORT, gst_play, plan={"missing": ["003.ts"]}),
]


class Courses(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        holder = pathlib.Path(harness.scratch(cls.addClassCleanup))
        plugin = programs() / "gstreamer_log"
        cls.runs = scenes.side_by_side({scene.name: lambda scene=scene: scenes.play(
            scene, holder, plugin, lambda folder: {"TALLY_HOOK_LOG": folder / "hooks.jsonl"})
            for scene in COURSES})

    def both(self, name):
        """A scene's run under playbin and under playbin3, each with the View of its session."""
        for playbin3 in (False, True):
            with self.subTest(name, playbin3=playbin3):
                yield self.one(f"{name}-{playbin3}")

    def one(self, name):
        run = self.runs[name]
        log = told.Log(run.folder / "hooks.jsonl")
        session, = log.sessions()
        view = log.view(session)
        self.assertEqual(view.elapsed_ms, view.states_ms)
        return run, view

    def test_a_pause_is_no_stall(self):
        for name in ("pause", "file"):
            for run, view in self.both(name):
                (begin, _), (end, _), _ = run.player.told
                truth.assert_agree(self, [
                    truth.startup_row(run, view), *truth.stall_rows(run, view),
                    truth.Row("pauses", 1, view.pauses),
                    truth.Row("paused ms", round(end - begin), view.paused_ms, truth.WITHIN_MS)])
                self.assertEqual(view.stop, "user")

    def test_a_seek_is_no_stall(self):
        for run, view in self.both("seek"):
            asked = [at for at, key in run.player.told if key == "forward"]
            flushed = [min(f for f in run.screen.flushes if f > at) for at in asked]
            landed = [min(frame for frame in run.screen.frames if frame > at) for at in flushed]
            truth.assert_agree(self, [
                *truth.stall_rows(run, view),
                truth.Row("seeks", len(asked), view.seeks),
                truth.Row("seeking ms", round(sum(landed) - sum(asked)), view.seeking_ms,
                          2 * truth.WITHIN_MS)])

    def test_media_comes_to_its_natural_end(self):
        for run, view in self.both("end"):
            truth.assert_agree(self, truth.ladder_rows(run, view))
            self.assertEqual(view.stop, "completed")

    def test_who_leaves_before_the_first_picture_saw_no_failure(self):
        for _, view in self.both("early"):
            self.assertIsNone(view.startup_ms)
            self.assertEqual((view.stop, view.errors, view.start_failures), ("user", 0, 0))

    def test_what_cannot_be_played_is_a_failed_start(self):
        for name in ("missing", "noise", "undecodable"):
            for _, view in self.both(name):
                self.assertIsNone(view.startup_ms)
                self.assertEqual((view.stop, view.start_failures, view.playback_failures),
                                 ("error", 1, 0))

    def assert_broke_off(self, run, view):
        self.assertEqual((view.stop, view.start_failures, view.playback_failures), ("error", 0, 1))
        shown_ms = run.screen.frames[-1] - run.screen.frames[0]
        truth.assert_agree(self, [
            truth.startup_row(run, view),
            truth.Row("play time ms", round(shown_ms - run.doubt_ms()), view.play_ms,
                      2 * truth.WITHIN_MS, round(run.doubt_ms()))])

    def test_a_server_that_is_gone_breaks_playback_off(self):
        for name in ("gone", "cut"):
            for run, view in self.both(name):
                self.assert_broke_off(run, view)

    def test_a_fragment_that_is_missing_breaks_playback_off(self):
        self.assert_broke_off(*self.one("hole"))

    def test_a_pause_in_a_stall_is_one_stall_and_no_stalled_time(self):
        run, view = self.one("stall")
        (begin, _), (end, _), _ = run.player.told
        self.assertEqual((view.stalls, view.pauses, view.stop), (1, 1, "user"))
        stall, = run.screen.gaps(scenes.FRAME_MS, 1000)
        truth.assert_agree(self, [
            truth.Row("stalled ms", round(stall.length_ms - (end - begin)), view.stalled_ms,
                      truth.WITHIN_MS)])


if __name__ == "__main__":
    unittest.main()
