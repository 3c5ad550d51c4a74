# SPDX-License-Identifier: Apache-2.0
"""Figures of several records, each value worked out by hand."""

import unittest

from by_hand import REGISTRY, happened, heartbeat, rtp
from page import figures


class Lateness(unittest.TestCase):
    def test_a_device_is_late_after_three_of_its_usual_pauses(self):
        self.assertEqual(figures.late_after_ms([0, 60_000, 120_000, 500_000]), 180_000)

    def test_a_device_that_uploads_all_the_time_has_some_seconds(self):
        self.assertEqual(figures.late_after_ms([1000, 2000, 3000]), 15_000)

    def test_of_one_upload_the_default_period_counts(self):
        self.assertEqual(figures.late_after_ms([5000]), 900_000)


class StateNow(unittest.TestCase):
    def state(self, last=None, events=(), start=None, is_over=False):
        return figures.state_now(REGISTRY, start, last, events, is_over)

    def test_is_the_last_heartbeats(self):
        self.assertEqual(self.state(heartbeat(5, p={"se": 2})), ("playing", "heartbeat"))

    def test_is_that_of_an_event_that_was_told_behind_it(self):
        last = heartbeat(5000, seq=7, p={"se": 2})
        for seq, state in ((8, ("stalled", "event")), (6, ("playing", "heartbeat"))):
            for at in (5100, 5000, 4900):
                self.assertEqual(self.state(last, [happened(at, "stall_begin", seq)]), state)

    def test_is_joining_when_only_its_start_has_come(self):
        for kind, state in ((0, "joining"), (1, "zapping")):
            start = heartbeat(5, kind="s", d={"ki": kind})
            self.assertEqual(self.state(start=start), (state, "start"))

    def test_is_that_of_its_end_whatever_came_behind(self):
        end = heartbeat(5, kind="x", p={"se": 12})
        self.assertEqual(self.state(end, [happened(6, "resume")], is_over=True), ("failed", "end"))

    def test_without_an_end_is_cut_when_its_boot_is_over(self):
        self.assertEqual(self.state(heartbeat(5, p={"se": 2}), is_over=True), ("cut", "boot"))

    def test_of_no_record_is_nothing(self):
        self.assertEqual(self.state(), (None, "nothing"))

    def test_that_the_registry_does_not_know_is_none(self):
        self.assertEqual(self.state(heartbeat(5, p={"se": 99})), (None, "heartbeat"))


class Streams(unittest.TestCase):
    def test_loss_is_that_of_all_streams_together(self):
        self.assertEqual(figures.loss_ppm([rtp(1, stream=1, rl=1, rx=100),
                                           rtp(9, stream=2, rl=3, rx=900)]), 4000)

    def test_nothing_expected_is_no_loss_of_0(self):
        self.assertIsNone(figures.loss_ppm([]))
        self.assertIsNone(figures.loss_ppm([rtp(1)]))

    def test_what_is_received_is_summed_over_streams(self):
        streams = [[rtp(3000, stream=1, ry=500_000), rtp(1000, stream=1, ry=250_000)],
                   [rtp(3000, stream=4, ry=125_000), rtp(1000, stream=4)]]
        self.assertEqual(figures.received_kbps(streams), 1000 + 500)

    def test_one_record_is_no_rate(self):
        self.assertIsNone(figures.received_kbps([[rtp(3000, ry=500_000)]]))
        self.assertIsNone(figures.received_kbps([[rtp(3000, stream=1, ry=500_000)],
                                                 [rtp(1000, stream=2, ry=250_000)]]))

    def test_what_is_no_rtp_has_no_rate(self):
        tracks = [heartbeat(at, kind="j", stream=2, j={"jp": at}) for at in (2000, 1000)]
        self.assertIsNone(figures.received_kbps([tracks]))

    def test_a_stream_without_a_record_behind_the_last_heartbeat_is_over(self):
        self.assertTrue(figures.is_over(rtp(3000, seq=6), heartbeat(3000, seq=7)))
        self.assertFalse(figures.is_over(rtp(3000, seq=8), heartbeat(3000, seq=7)))
        self.assertFalse(figures.is_over(rtp(3000, seq=8), None))


class Sets(unittest.TestCase):
    def test_a_record_goes_by_the_last_set_before_it(self):
        declarations = [heartbeat(0, seq=0, kind="b", c={"p": 1}),
                        heartbeat(9, seq=9, kind="a", c={"p": 3})]
        for seq, wanted in ((0, {"p": 1}), (8, {"p": 1}), (9, {"p": 3}), (50, {"p": 3})):
            self.assertEqual(figures.declared_at(declarations, heartbeat(1, seq=seq)), wanted)

    def test_before_any_set_came_there_is_none(self):
        self.assertIsNone(figures.declared_at([], heartbeat(1)))
        late = [heartbeat(9, seq=9, kind="a", c={"p": 3})]
        self.assertIsNone(figures.declared_at(late, heartbeat(1, seq=4)))


class Time(unittest.TestCase):
    def test_uptime_is_dated_by_the_last_record_whose_time_is_known(self):
        known = heartbeat(4000)._replace(wall_ms=1_700_000_004_000)
        self.assertEqual(figures.wall_offset([known, heartbeat(5000)]), 1_700_000_000_000)
        self.assertIsNone(figures.wall_offset([heartbeat(5000)]))


if __name__ == "__main__":
    unittest.main()
