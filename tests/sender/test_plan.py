# SPDX-License-Identifier: Apache-2.0
"""The plan of a stream's mishaps and the truth that follows from it."""

import unittest

import synthetic
import truth
from plan import CALM_START_S, SPACING, Impossible, Mishaps, Pause, Plan

STREAM = synthetic.stream(4)
MISHAPS = Mishaps(drop=5, duplicate=4, reorder=3)


def plan(seed=7, mishaps=MISHAPS, **more):
    return Plan(STREAM, 4, seed, mishaps, **more)


class Planning(unittest.TestCase):
    def test_the_same_seed_makes_the_same_plan(self):
        self.assertEqual(plan().truth(), plan().truth())
        self.assertEqual(plan().schedule, plan().schedule)

    def test_another_seed_makes_another_plan(self):
        self.assertNotEqual(plan(seed=7).truth(), plan(seed=8).truth())

    def test_a_chosen_first_number_moves_no_mishap(self):
        drawn, chosen = plan(), plan(first_seq=65_500)
        self.assertEqual(drawn.schedule, chosen.schedule)
        self.assertEqual(chosen.sequence(36), 0)

    def test_as_many_packets_suffer_as_were_asked_for(self):
        made = plan()
        self.assertEqual((len(made.dropped), len(made.duplicated), len(made.delays)), (5, 4, 3))

    def test_mishaps_keep_their_distance_from_one_another_and_from_both_ends(self):
        for seed in range(50):
            made = plan(seed)
            places = sorted([*made.dropped, *made.duplicated, *made.delays])
            self.assertGreaterEqual(made.times[places[0]], CALM_START_S)
            self.assertLess(places[-1], len(made.times) - SPACING)
            gaps = [later - earlier for earlier, later in zip(places, places[1:])]
            self.assertGreaterEqual(min(gaps), SPACING)

    def test_more_mishaps_than_the_stream_has_room_for_are_refused(self):
        with self.assertRaises(Impossible):
            plan(mishaps=Mishaps(drop=100))

    def test_no_two_datagrams_are_due_at_once(self):
        due = [send.due_s for send in plan().schedule]
        self.assertTrue(all(earlier < later for earlier, later in zip(due, due[1:])))

    def test_a_reordered_packet_arrives_behind_its_successors(self):
        made = plan()
        order = [send.index for send in made.schedule]
        for index, delay in made.delays.items():
            at = order.index(index)
            self.assertEqual(order[at - delay:at + 2], [*range(index + 1, index + delay + 1), index,
                                                        index + delay + 1])

    def test_only_the_first_seconds_of_a_stream_are_planned(self):
        self.assertAlmostEqual(Plan(STREAM, 2, 1).times[-1], 2, delta=0.01)


class Pausing(unittest.TestCase):
    def test_everything_behind_a_pause_leaves_later_by_its_length(self):
        calm, paused = plan(), plan(pauses=[Pause(3, 2), Pause(1.5, 0.5)])
        for before, after in zip(calm.schedule, paused.schedule):
            late = 0 if before.due_s < 1.5 else 0.5 if before.due_s < 3 else 2.5
            self.assertEqual(before.index, after.index)
            self.assertAlmostEqual(after.due_s - before.due_s, late)

    def test_a_pause_leaves_the_media_time_of_packets_alone(self):
        self.assertEqual(plan().timestamp(400), plan(pauses=[Pause(1, 5)]).timestamp(400))

    def test_a_pause_behind_the_end_of_the_stream_is_refused(self):
        with self.assertRaises(Impossible):
            plan(pauses=[Pause(5, 1)])


class Truth(unittest.TestCase):
    """Small arrivals, counted by hand. Every packet but the nulls has a counter of its own."""

    def count(self, *arrivals):
        return truth.expected(STREAM, list(arrivals))

    def test_an_undisturbed_stream_counts_no_mishap(self):
        counted = self.count(*range(20))
        self.assertEqual(counted["rtp"], {
            "expected": 20, "received": 20, "lost": 0, "missing": 0,
            "duplicates": 0, "out_of_order": 0, "discarded": 0})
        self.assertEqual(counted["ts"], {"packets": 140, "continuity_errors": 0})
        self.assertEqual(counted["media_ms"], 120)

    def test_a_dropped_packet_is_lost_missing_and_one_gap(self):
        counted = self.count(0, 1, 3, 4)
        self.assertEqual(counted["rtp"]["lost"], 1)
        self.assertEqual(counted["rtp"]["missing"], 1)
        self.assertEqual(counted["ts"], {"packets": 28, "continuity_errors": 1})

    def test_a_duplicate_hides_a_loss_but_not_a_missing_packet(self):
        counted = self.count(0, 1, 1, 3, 4)
        self.assertEqual(counted["rtp"], {
            "expected": 5, "received": 5, "lost": 0, "missing": 1,
            "duplicates": 1, "out_of_order": 0, "discarded": 1})

    def test_a_late_packet_is_received_but_not_played(self):
        counted = self.count(0, 2, 1, 3)
        self.assertEqual(counted["rtp"], {
            "expected": 4, "received": 4, "lost": 0, "missing": 0,
            "duplicates": 0, "out_of_order": 1, "discarded": 1})
        self.assertEqual(counted["ts"], {"packets": 21, "continuity_errors": 1})


if __name__ == "__main__":
    unittest.main()
