# SPDX-License-Identifier: Apache-2.0
import pathlib
import sys
import tempfile
import unittest

sys.path.append(str(pathlib.Path(__file__).resolve().parents[1] / "gstreamer"))
import oracle  # noqa: E402
import player_rows  # noqa: E402
import report  # noqa: E402
import scenario  # noqa: E402
from player_plots import player_plots  # noqa: E402
from test_report import BEGAN_MS, Collected, Reader  # noqa: E402

FRAME_MS = player_rows.FRAME_MS
ASKED_MS, FIRST_MS = 5_000, 7_100
STALL_MS = 1_500
SEGMENT = b"\x47\0\0\1\x09\0\0\0\1\x67\x64\0\x1f\xac"
SILENCES = [(FIRST_MS + 3_000, FIRST_MS + 100 * FRAME_MS + STALL_MS - 50)]


def frames(begin_ms, count):
    return [begin_ms + FRAME_MS * number for number in range(count)]


def shown():
    """Two hundred frames, a stall in their middle, and a rendition below the first behind it."""
    before = frames(FIRST_MS, 100)
    resumed_ms = before[-1] + FRAME_MS + STALL_MS
    return oracle.Screen(frames=before + frames(resumed_ms, 100),
                         states=[(ASKED_MS - 40, "READY"), (ASKED_MS, "PLAYING")],
                         sizes=[(FIRST_MS - 1, 1280, 720), (resumed_ms - 1, 426, 240)])


class Server:
    @staticmethod
    def answers(_part):
        return [{"bytes": 400_000}, {"bytes": 70_000}]


def reported(playback=None):
    """What an agent that is right reports of it."""
    collector = Collected()
    collector.upload(100, [("b", 0, None, {"b": {"dm": "box"}}), ("s", 50, 1, {"d": {"sx": "a"}})])
    told = {"xe": 12_000, "su": 2_100, "jt": 2_100, "pt": 8_000, "sd": 1_510, "sc": 1, "mx": 1_510,
            "rc": 1, "br": 250, "se": 11, **(playback or {})}
    collector.upload(13_000, [
        ("h", 8_000, 1, {"p": {**told, "xe": 5_000, "sd": 0, "sc": 0, "br": 2000, "se": 2},
                         "l": {"lb": 4_000}}),
        ("e", 11_000, 1, {"e": {"et": 13, "ec": 250, "ed": 2000}}),
        ("f", 12_000, 1, {"s": 1, "sn": 1, "f": {"fr": 200, "fk": player_rows.MEDIA_FRAMES - 200}}),
        ("x", 12_500, 1, {"d": {"cv": "avc1.64001f"}, "p": told, "m": {"mq": 2, "mb": 470_000}}),
        ("a", 12_600, None, {"a": {}})])
    return collector


class Answers(scenario.Collector):
    """A collector of which there is the database alone, in memory."""

    def __init__(self, collected):
        self.rows = collected.rows


def rows(**playback):
    return player_rows.rows(shown(), Server(), SILENCES, SEGMENT, Answers(reported(playback)))


class Rows(unittest.TestCase):
    def test_all_agree_with_a_report_that_is_right(self):
        self.assertEqual([row for row in rows() if not row.agrees], [])

    def test_the_truth_is_what_was_on_the_screen(self):
        plans = {row.name: row.plan for row in rows()}
        self.assertEqual(plans["startup ms"], FIRST_MS - ASKED_MS)
        self.assertEqual((plans["stalls"], plans["stalled ms"]), (1, STALL_MS))
        self.assertEqual(plans["renditions kbit/s"], "2000 250")
        self.assertEqual((plans["segments"], plans["segments' bytes"]), (2, 470_000))
        self.assertEqual(plans["frames shown"], 200)

    def test_each_thing_that_is_wrong_has_its_row(self):
        for name, wrong in (("startup ms", {"su": 2_201}), ("stalls", {"sc": 2}),
                            ("stalled ms", {"sd": 1_399}), ("longest stall ms", {"mx": 1_399}),
                            ("rendition changes", {"rc": 0})):
            with self.subTest(name):
                self.assertEqual([row.name for row in rows(**wrong) if not row.agrees], [name])


class Page(unittest.TestCase):
    def read(self, collector, compared):
        with tempfile.TemporaryDirectory() as folder:
            path = pathlib.Path(folder) / "report.html"
            report.write(path, title="a run", seed="none", device="a box", rows=compared,
                         plan={"send_started_unix_ms": BEGAN_MS, "send_lasted_ms": 9_000,
                               "pauses": [{"began_s": 2, "measured_s": 3}]},
                         collector=collector, marks=[], plots=player_plots)
            return Reader(path.read_text(encoding="utf-8"))

    def test_shows_what_a_player_did(self):
        texts = " ".join(self.read(reported(), rows()).texts)
        for text in ("Rendition on screen", "bitrate 250", "Buffer", "shown 200 of 200 planned",
                     "received 0.47 of 0.47 planned", "2000 250", "silent"):
            self.assertIn(text, texts)
        self.assertNotIn("Jitter", texts)

    def test_a_run_without_a_record_still_makes_a_page(self):
        self.assertIn("No record tells of it.", self.read(Collected(), []).texts)


if __name__ == "__main__":
    unittest.main()
