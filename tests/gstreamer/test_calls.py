# SPDX-License-Identifier: Apache-2.0
"""A call of two unmodified applications by the whole line: libgsttally.so -> tallyd -> HTTPS ->
collector. What is stored of each track, against a capture."""
import collections
import os
import pathlib
import sys
import unittest

HERE = pathlib.Path(__file__).resolve().parent
sys.path += [str(HERE), str(HERE.parent / "streams")]
import box  # noqa: E402
import network  # noqa: E402
from lateness import replayed  # noqa: E402
import test_webrtc as calls  # noqa: E402

PLUGIN = pathlib.Path(os.environ.get("TALLY_LINUX", "")) / "gstreamer"
DELIVERY_WEBRTC = 5
PLAYBACK, PUBLISH = 0, 2


class StoredCall(calls.Call):
    """A call that tallyd is told of."""

    def __init__(self, folder, add_cleanup, socket, collector):
        self.socket = socket
        self.collector = collector
        super().__init__(folder, add_cleanup, "again")

    def _environment(self, folder, place):
        return network.environment(folder, PLUGIN, TALLY_SOCKET=self.socket)

    def _are_settled(self):
        """Whether two more records of each track had no more packets in them."""
        told = collections.defaultdict(list)
        for letter, key in (("j", "jp"), ("o", "op")):
            for record in self.collector.records(letter):
                told[letter, record["s"], record["sn"]].append(record[letter][key])
        return len(told) == 4 and all(each[-3:] == [each[-1]] * 3 for each in told.values())


@replayed
class Line(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        folder, cls.collector, daemon = box.start_line(cls)
        network.look_up_plugins(folder, PLUGIN)
        cls.call = StoredCall(folder, cls.addClassCleanup, daemon.socket, cls.collector)
        cls.truth = calls.captured(cls.call.capture)
        box.await_ends(cls.collector, 2, seconds=60)
        daemon.stop()

    def last(self, letter):
        """The last record of each track by the clock rate of its medium, which is one track's."""
        tracks = self.collector.streams(letter)
        by_rate = {calls.RATES[record[letter]["j6" if letter == "j" else "oj"]]: record
                   for record in tracks}
        self.assertEqual(len(tracks), len(by_rate))
        return by_rate

    def test_what_is_stored_of_received_tracks_is_what_came(self):
        tracks = self.last("j")
        self.assertEqual(set(tracks), set(self.truth))
        for rate, record in tracks.items():
            truth, values = self.truth[rate], record["j"]
            again = values.get("jr", 0)
            self.assertAlmostEqual(values["jp"], truth.packets + again, delta=calls.UNREADABLE)
            self.assertAlmostEqual(values["jl"], truth.lost - again, delta=calls.UNREADABLE)
            self.assertEqual(record["x"]["xc"], calls.HOST)

    def test_what_is_stored_of_sent_tracks_is_what_left(self):
        tracks = self.last("o")
        self.assertEqual(set(tracks), set(self.truth))
        for rate, record in tracks.items():
            truth = self.truth[rate]
            self.assertAlmostEqual(record["o"]["op"], truth.packets + truth.lost,
                                   delta=calls.UNSEEN)

    def test_one_session_plays_and_one_publishes(self):
        ends = self.collector.records("x")
        self.assertEqual(sorted(end["d"]["ki"] for end in ends), [PLAYBACK, PUBLISH])
        self.assertEqual([end["d"]["dy"] for end in ends], [DELIVERY_WEBRTC] * 2)


if __name__ == "__main__":
    unittest.main()
