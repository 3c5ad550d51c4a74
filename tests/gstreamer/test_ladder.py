# SPDX-License-Identifier: Apache-2.0
"""All of gst-play and gst-launch, playbin and playbin3, HLS and DASH: hooks alone, against what sinks
and server say. Beside each plays one without the plugin, to which the same happens."""
import unittest

import scenes
import scratch
import told
import truth
from player import gst_launch, gst_play, programs

PROGRAMS = {"play": gst_play, "launch": gst_launch}
APART_MS = 250  # of two players that know nothing of each other
MATRIX = [scene.within(name=f"{scene.name}-{name}", program=program)
          for scene in scenes.LADDERS for name, program in PROGRAMS.items()]


class Ladders(unittest.TestCase):
    def play(self, scene):
        """The run with the plugin, and the one without."""
        holder = scratch.folder(self.addCleanup)
        runs = scenes.side_by_side({
            "measured": lambda: scenes.play(
                scene, holder, programs() / "gstreamer_log",
                lambda folder: {"TALLY_HOOK_LOG": folder / "hooks.jsonl"}),
            "plain": lambda: scenes.play(scene, holder)}, lanes=2)
        return runs["measured"], runs["plain"]

    def assert_true(self, run):
        self.assertEqual(run.status, 0, run.player.said())
        log = told.Log(run.folder / "hooks.jsonl")
        session, = log.sessions()
        truth.assert_server_agrees(self, run)
        truth.assert_renditions_were_served(self, run)
        truth.assert_agree(self, truth.ladder_rows(run, log.view(session)))
        truth.assert_stalls_told(self, run, *log.stalls(session))
        self.assertEqual(log.view(session).stop, "completed")

    def assert_alike(self, measured, plain):
        self.assertEqual(plain.status, 0)
        self.assertAlmostEqual(measured.startup_ms(), plain.startup_ms(),
                               delta=APART_MS + measured.doubt_ms() + plain.doubt_ms())
        self.assertEqual(len(measured.stalls()), len(plain.stalls()))

    def test_ladders(self):
        for scene in MATRIX:
            with self.subTest(scene.name):
                measured, plain = self.play(scene)
                self.assert_true(measured)
                self.assert_alike(measured, plain)


if __name__ == "__main__":
    unittest.main()
