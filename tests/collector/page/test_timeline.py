# SPDX-License-Identifier: Apache-2.0
"""States over time: sure where the records make them so, and only there."""

import unittest

from by_hand import REGISTRY, happened, heartbeat
from page import timeline


def playing(uptime_ms, elapsed_ms, kind="h", **durations):
    return heartbeat(uptime_ms, kind=kind, p={"xe": elapsed_ms, "se": 2, **durations})


def start(uptime_ms, **dimensions):
    return heartbeat(uptime_ms, kind="s", d=dimensions)


class Between(unittest.TestCase):
    def spans(self, records, events=(), begin=None):
        found = timeline.spans(REGISTRY, begin, records, events)
        return [(span.begin, span.end, span.states, span.sure) for span in found]

    def test_without_a_heartbeat_there_is_nothing_to_tell(self):
        self.assertEqual(self.spans([]), [])

    def test_a_session_begins_when_it_was_opened(self):
        self.assertEqual(self.spans([playing(10_400, 400, it=400)]),
                         [(10_000, 10_400, [("idle", 400)], True)])

    def test_one_state_that_took_all_the_time_is_sure(self):
        self.assertEqual(self.spans([playing(2000, 1000, pt=1000), playing(4000, 3000, pt=3000)]),
                         [(1000, 2000, [("playing", 1000)], True),
                          (2000, 4000, [("playing", 2000)], True)])

    def test_the_start_and_the_first_frame_put_joining_where_it_was(self):
        self.assertEqual(
            self.spans([playing(3000, 2000, it=300, jt=900, pt=800)],
                       [happened(2200, "first_frame")], start(1300)),
            [(1000, 3000, [("idle", 300), ("joining", 900), ("playing", 800)], True)])

    def test_a_change_of_channel_is_zapping_until_the_first_frame(self):
        self.assertEqual(
            self.spans([playing(3000, 2000, zt=700, pt=1300)], [happened(1700, "first_frame")],
                       start(1000, ki=1)),
            [(1000, 3000, [("zapping", 700), ("playing", 1300)], True)])

    def test_a_stall_that_events_tell_lies_where_they_say(self):
        before = playing(2000, 1000, pt=1000)
        after = playing(5000, 4000, pt=2600, sd=1400)
        events = [happened(2500, "stall_begin"), happened(3900, "stall_end")]
        self.assertEqual(self.spans([before, after], events)[1][2:],
                         ([("playing", 500), ("stalled", 1400), ("playing", 1100)], True))

    def test_a_pause_in_a_stall_is_no_stalled_time_and_the_stall_goes_on_behind_it(self):
        before = playing(2000, 1000, pt=1000)
        after = playing(6000, 5000, pt=1500, sd=1500, ps=2000)
        events = [happened(2500, "stall_begin"), happened(3000, "pause"), happened(5000, "resume")]
        self.assertEqual(self.spans([before, after], events)[1][2:],
                         ([("playing", 500), ("stalled", 500), ("paused_stalled", 2000),
                           ("stalled", 1000)], True))

    def test_without_the_events_the_durations_stand_and_their_order_does_not(self):
        before, after = playing(2000, 1000, pt=1000), playing(5000, 4000, pt=2600, sd=1400)
        self.assertEqual(self.spans([before, after])[1],
                         (2000, 5000, [("playing", 1600), ("stalled", 1400)], False))

    def test_events_that_contradict_the_heartbeats_put_nothing_anywhere(self):
        before, after = playing(2000, 1000, pt=1000), playing(5000, 4000, pt=2600, sd=1400)
        late = [happened(2500, "stall_begin"), happened(2600, "stall_end")]
        self.assertFalse(self.spans([before, after], late)[1][3])

    def test_time_in_ads_is_a_state_of_its_own(self):
        self.assertEqual(
            timeline.durations({"p": {"pt": 900, "sd": 200}, "i": {"ix": 600, "ig": 200}}),
            {**{state: 0 for state in timeline.durations({})}, "playing": 300, "ad_playing": 600,
             "ad_stalled": 200})

    def test_spans_that_go_on_are_drawn_as_one(self):
        found = timeline.spans(REGISTRY, None, [
            playing(2000, 1000, pt=1000), playing(3000, 2000, pt=2000),
            playing(4000, 3000, pt=2500, sd=500), playing(5000, 4000, pt=3500, sd=500)], [])
        self.assertEqual([(span.begin, span.end, span.sure) for span in timeline.merged(found)],
                         [(1000, 3000, True), (3000, 4000, False), (4000, 5000, True)])

    def test_what_is_drawn_has_all_the_time_there_was(self):
        records = [playing(2000, 1000, jt=600, pt=400),
                   playing(7000, 6000, jt=600, pt=3400, pd=2000)]
        events = [happened(1600, "first_frame"), happened(3000, "pause"), happened(5000, "resume")]
        drawn = timeline.merged(timeline.spans(REGISTRY, start(1000), records, events))
        self.assertEqual(sum(took for span in drawn for _, took in span.states), 6000)
        self.assertTrue(all(span.sure for span in drawn))


if __name__ == "__main__":
    unittest.main()
