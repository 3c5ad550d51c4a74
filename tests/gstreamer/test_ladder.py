# SPDX-License-Identifier: Apache-2.0
"""Unmodified players, ladders of renditions, a network that is planned: what tally's hooks are told
against what sinks and server say."""
import unittest

import scenes
import scratch
import told
import truth
from player import programs


def by_hooks(scene, holder):
    return scenes.play(scene, holder, programs() / "gstreamer_log",
                       lambda folder: {"TALLY_HOOK_LOG": folder / "hooks.jsonl"})


class Ladders(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        holder = scratch.folder(cls.addClassCleanup)
        cls.runs = scenes.side_by_side({
            scene.name: lambda scene=scene: by_hooks(scene, holder) for scene in scenes.LADDERS})

    def test_stalls_are_where_the_server_gave_nothing(self):
        for name, run in self.runs.items():
            with self.subTest(name):
                truth.assert_server_agrees(self, run)
                truth.assert_renditions_were_served(self, run)

    def test_hooks_agree_with_the_screen(self):
        for name, run in self.runs.items():
            with self.subTest(name):
                self.assertEqual(run.status, 0, run.player.said())
                log = told.Log(run.folder / "hooks.jsonl")
                session, = log.sessions()
                truth.assert_agree(self, truth.ladder_rows(run, log.view(session)))
                truth.assert_stalls_told(self, run, log.stalls(session))
                self.assertEqual(log.view(session).stop, "completed")


if __name__ == "__main__":
    unittest.main()
