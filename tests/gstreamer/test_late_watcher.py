# SPDX-License-Identifier: Apache-2.0
"""Pipelines that are gone before the plugin's watcher looked at them: each session is told with its
first frame, at the time at which the sink itself showed it, or with its error. See late_watcher.c."""
import os
import unittest

from hooks import DISTURBED_MS, Run, each_undisturbed

PROGRAM = os.environ.get("TALLY_LATE_WATCHER")
NEAR_MS = DISTURBED_MS  # a sink shows a frame soon after it is due
FIRST = "videotestsrc num-buffers=1 ! fakesink"  # no playback: the watcher's thread begins with it
FILM = "videotestsrc ! video/x-raw,width=64,height=48,framerate=100/1 ! fakevideosink"
LIVE = FILM.replace("videotestsrc", "videotestsrc is-live=true")
SLOW = FILM.replace("100/1", "5/1")
FREE = f"{FILM} sync=false"
PICTURE = FILM.replace("videotestsrc", "videotestsrc num-buffers=1")
SOUND = "audiotestsrc ! fakeaudiosink"
BROKEN = FILM.replace(" ! video", " ! identity error-after=1 ! video", 1)
ERROR = 2  # see tally/hook.h


@unittest.skipUnless(PROGRAM, "TALLY_LATE_WATCHER names the application")
@each_undisturbed
class LateWatcher(unittest.TestCase):
    def first_frames(self, *plays):
        """Of each pipeline (when the watcher looks, frames, text): its first frame as it was shown,
        and as it was told."""
        with Run() as run:
            run.play(PROGRAM, f"never:1:{FIRST}", *(f"{when}:{frames}:{text}"
                                                    for when, frames, text in plays))
            self.assertEqual(run.code, 0, run.output)
            shown = [int(line) for line in run.output.splitlines()][1:]
            sessions = [line["session"] for line in run.sessions()]
            self.assertEqual(len(sessions), len(plays))
            return [(at_ms, *self.told(run, session)) for at_ms, session in
                    zip(shown, sessions, strict=True)]

    @staticmethod
    def told(run, session):
        return [line["at"] for line in run.told(session) if line["hook"] == "FIRST_FRAME"]

    def assert_told(self, *plays):
        for play, found in zip(plays, self.first_frames(*plays), strict=True):
            self.assertEqual(len(found), 2, play)
            self.assertAlmostEqual(*found, delta=NEAR_MS, msg=play)

    def test_the_first_of_several_frames(self):
        self.assert_told(*(("never", 3, text) for text in (LIVE, FILM, FREE, SOUND)))

    def test_a_frame_that_no_other_followed(self):
        self.assert_told(*(("never", 1, text) for text in (LIVE, SLOW, FREE, PICTURE, SOUND)))

    def test_it_looked_while_the_pipeline_was_paused_before(self):
        self.assert_told(*(("paused", frames, text) for frames in (1, 3)
                           for text in (LIVE, FILM, SOUND)))

    def test_an_application_that_keeps_its_messages_for_itself(self):
        self.assert_told(*(("hidden", 3, text) for text in (LIVE, FILM, FREE, SOUND)))

    def test_an_application_that_left_for_an_error_before_the_plugin_heard_of_it(self):
        with Run() as run:
            run.play(PROGRAM, f"never:1:{FIRST}", f"failing:1:{BROKEN}")
            self.assertEqual(run.code, 0, run.output)
            self.assertEqual(run.hooks(), ["SOURCE", "PLAY", "FATAL", "CLOSE"])
            self.assertEqual(run.one("CLOSE")["code"], ERROR)
            self.assertLessEqual(run.at("FATAL"), run.at("CLOSE"))


if __name__ == "__main__":
    unittest.main()
