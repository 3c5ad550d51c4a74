# SPDX-License-Identifier: Apache-2.0
"""Lines of plots: counters are cumulative, what is drawn is what came in between."""

import unittest

from by_hand import REGISTRY, heartbeat
from page import series

LOST = series.Line("r.rl", "lost", series.CHANGE, 1)
BYTES = series.Line("r.ry", "received", series.RATE, 8)
BUFFER = series.Line("l.lb", "buffer", series.LAST, 1e-3)
STARTUP = series.Line("p.su", "startup", series.LAST, 1)
STALLS = series.Line("p.sc", "stalls", series.CHANGE, 1)


def rtp(uptime_ms, **fields):
    return heartbeat(uptime_ms, kind="r", r=fields)


def plot(*lines):
    return series.Plot("p", "Title", "unit", "note", "", lines)


class Lines(unittest.TestCase):
    def test_a_counter_is_drawn_as_what_each_interval_added(self):
        records = [rtp(1000, rl=0), rtp(2000, rl=3), rtp(3000, rl=3)]
        self.assertEqual(series.drawn(records, LOST), ([2000, 3000], [3, 0]))

    def test_a_counter_that_is_absent_was_0(self):
        records = [heartbeat(1000, p={}), heartbeat(2000, p={"sc": 2})]
        self.assertEqual(series.drawn(records, STALLS), ([2000], [2]))

    def test_a_loss_may_become_less_for_late_packets_are_no_losses(self):
        self.assertEqual(series.drawn([rtp(1000, rl=4), rtp(2000, rl=1)], LOST)[1], [-3])

    def test_a_counter_that_fell_is_another_stream_and_a_gap(self):
        self.assertEqual(series.drawn([rtp(1000, ry=900), rtp(2000, ry=10)], BYTES)[1], [None])

    def test_a_rate_is_by_the_time_that_passed(self):
        # 250,000 bytes in 2 s are 1000 kbit/s.
        self.assertEqual(series.drawn([rtp(1000, ry=0), rtp(3000, ry=250_000)], BYTES)[1], [1000])

    def test_two_records_of_one_moment_are_no_interval(self):
        self.assertEqual(series.drawn([rtp(1000, ry=0), rtp(1000, ry=5)], BYTES)[1], [None])

    def test_a_level_is_drawn_as_its_last_value_and_a_gap_before_it_had_one(self):
        records = [heartbeat(1, l={}), heartbeat(2, l={"lb": [1500, 0, 9000, 3000, 70]})]
        self.assertEqual(series.drawn(records, BUFFER), ([1, 2], [None, 1.5]))

    def test_two_streams_of_a_session_are_told_apart(self):
        records = [rtp(1000, rl=0), rtp(1000, rl=100), rtp(2000, rl=1), rtp(2000, rl=107)]
        told = series.plotted(REGISTRY, plot(LOST), records, None)
        self.assertEqual([(line["label"], line["values"]) for line in told["lines"]],
                         [("lost, 1", [1]), ("lost, 2", [7])])

    def test_a_track_with_a_name_is_known_by_it(self):
        records = [heartbeat(at, kind="j", j={"j9": name, "jl": lost})
                   for at, name, lost in ((1, "a", 0), (1, "b", 0), (2, "b", 9), (3, "a", 4))]
        found = series.streams(records, "j")
        self.assertEqual([[record.uptime_ms for record in found[name]] for name in "ab"],
                         [[1, 3], [1, 2]])


class Measured(unittest.TestCase):
    def test_a_counter_that_is_declared_and_never_told_is_a_line_of_0(self):
        records = [heartbeat(1, p={"su": 9}), heartbeat(2, p={"su": 9})]
        told = series.plotted(REGISTRY, plot(STALLS), records, {"p": 0b1111})
        self.assertEqual(told["lines"][0]["values"], [0])

    def test_what_is_not_declared_is_named_and_not_drawn(self):
        records = [heartbeat(1, p={"su": 9}), heartbeat(2, p={"su": 9})]
        told = series.plotted(REGISTRY, plot(STARTUP, STALLS), records, {"p": 0b1000})
        self.assertEqual([line["label"] for line in told["lines"]], ["startup"])
        self.assertEqual(told["unmeasured"], ["stalls"])

    def test_a_group_of_which_nothing_is_declared_is_no_matter_here(self):
        told = series.plotted(REGISTRY, plot(LOST), [heartbeat(1, p={})], {"p": 0b1111})
        self.assertEqual((told["lines"], told["unmeasured"]), ([], []))

    def test_before_a_set_was_told_what_came_is_drawn(self):
        told = series.plotted(REGISTRY, plot(LOST), [rtp(1, rl=1), rtp(2, rl=2)], None)
        self.assertEqual(told["lines"][0]["values"], [1])


if __name__ == "__main__":
    unittest.main()
