# SPDX-License-Identifier: Apache-2.0
"""Lines of plots: counters are cumulative, what is drawn is what came in between."""

import unittest

from by_hand import REGISTRY, heartbeat, rtp
from page import series

LOST = series.Line("r.rl", "lost", series.CHANGE, 1)
BYTES = series.Line("r.ry", "received", series.RATE, 8)
BUFFER = series.Line("l.lb", "buffer", series.LAST, 1e-3)
STARTUP = series.Line("p.su", "startup", series.LAST, 1)
STALLS = series.Line("p.sc", "stalls", series.CHANGE, 1)


def plot(*lines):
    return series.Plot("p", "Title", "unit", "note", "", lines)


class Lines(unittest.TestCase):
    def test_a_counter_is_drawn_as_what_each_interval_added(self):
        records = [rtp(1000, rl=2), rtp(2000, rl=5), rtp(3000, rl=5)]
        self.assertEqual(series.drawn(records, LOST), ([1000, 2000, 3000], [2, 3, 0]))

    def test_a_counter_that_is_absent_was_0(self):
        records = [heartbeat(1000, p={}), heartbeat(2000, p={"sc": 2})]
        self.assertEqual(series.drawn(records, STALLS), ([1000, 2000], [0, 2]))

    def test_a_loss_may_become_less_for_late_packets_are_no_losses(self):
        self.assertEqual(series.drawn([rtp(1000, rl=4), rtp(2000, rl=1)], LOST)[1], [4, -3])

    def test_a_rate_is_by_the_time_that_passed(self):
        # 250,000 bytes in 2 s are 1000 kbit/s.
        self.assertEqual(series.drawn([rtp(1000, ry=0), rtp(3000, ry=250_000)], BYTES)[1], [1000])

    def test_two_records_of_one_moment_are_no_interval(self):
        self.assertEqual(series.drawn([rtp(1000, ry=0), rtp(1000, ry=5)], BYTES)[1], [None])

    def test_a_level_is_drawn_as_its_last_value_and_a_gap_before_it_had_one(self):
        records = [heartbeat(1, l={}), heartbeat(2, l={"lb": [1500, 0, 9000, 3000, 70]})]
        self.assertEqual(series.drawn(records, BUFFER), ([1, 2], [None, 1.5]))

    def test_two_streams_of_a_session_are_told_apart(self):
        """By their numbers, in whatever order they come and whenever they begin and end."""
        records = [rtp(1000, stream=9, rl=100), rtp(1000, stream=2, rl=0),
                   rtp(2000, stream=2, rl=1), rtp(2000, stream=9, rl=107), rtp(3000, stream=2, rl=4),
                   rtp(3000, stream=11, rl=6)]
        told = series.plotted(REGISTRY, plot(LOST), records, None)
        self.assertEqual([(line["label"], line["stream"], line["at"], line["values"])
                          for line in told["lines"]],
                         [("lost, stream 2", 2, [1000, 2000, 3000], [0, 1, 3]),
                          ("lost, stream 9", 9, [1000, 2000], [100, 7]),
                          ("lost, stream 11", 11, [3000], [6])])

    def test_one_stream_needs_no_number(self):
        told = series.plotted(REGISTRY, plot(LOST), [rtp(1000, stream=5, rl=1)], None)
        self.assertEqual([line["label"] for line in told["lines"]], ["lost"])

    def test_what_is_of_no_stream_is_one_series(self):
        told = series.plotted(REGISTRY, plot(STALLS), [heartbeat(1, p={"sc": 1}),
                                                       heartbeat(2, p={"sc": 3})], None)
        self.assertEqual([(line["label"], line["stream"]) for line in told["lines"]],
                         [("stalls", None)])

    def test_of_very_many_streams_the_highest_numbers_are_drawn(self):
        records = [rtp(number, stream=number, rl=1) for number in range(1, 100)]
        self.assertEqual([number for number, _ in series.streams(records, "r")],
                         list(range(100 - series.MOST_STREAMS, 100)))


class Measured(unittest.TestCase):
    def test_a_counter_that_is_declared_and_never_told_is_a_line_of_0(self):
        records = [heartbeat(1, p={"su": 9}), heartbeat(2, p={"su": 9})]
        told = series.plotted(REGISTRY, plot(STALLS), records, {"p": 0b1111})
        self.assertEqual(told["lines"][0]["values"], [0, 0])

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
        self.assertEqual(told["lines"][0]["values"], [1, 1])


if __name__ == "__main__":
    unittest.main()
