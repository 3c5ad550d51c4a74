# SPDX-License-Identifier: Apache-2.0
"""Lives are drawn once for each seed, and what is said to be true of them adds up."""
import unittest

from lives import KINDS, make

STATES = ("idle_time", "joining_time", "zapping_time", "play_time", "stalled_time", "paused_time",
          "paused_stalled_time", "seeking_time", "suspended_time", "terminal_time")


def life(number=1, seed=1, seconds=120):
    return make(seed, number, seconds, heartbeat_ms=2000, upload_ms=3000)


def sessions(devices=20, seconds=120):
    return [session for number in range(1, devices + 1)
            for session in life(number, seconds=seconds).plan["sessions"]]


class Lives(unittest.TestCase):
    def test_a_seed_is_a_life(self):
        self.assertEqual(life(), life())
        self.assertNotEqual(life().script, life(seed=2).script)
        self.assertNotEqual(life().script, life(number=2).script)

    def test_a_script_is_in_the_order_of_time(self):
        times = [int(line.split()[0]) for line in life().script.splitlines() if line[0].isdigit()]
        self.assertEqual(times, sorted(times))

    def test_two_uploads_fit_between_the_last_session_and_the_end(self):
        for number in range(1, 51):
            plan = life(number).plan
            self.assertLessEqual(plan["sessions"][-1]["closed_at_ms"], plan["end_ms"] - 3000)

    def test_the_times_of_all_states_add_up_to_the_session(self):
        for session in sessions():
            figures = session["figures"]
            self.assertEqual(sum(figures.get(state, 0) for state in STATES),
                             session["closed_at_ms"] - session["opened_at_ms"])

    def test_stalls_add_up_to_the_time_stalled(self):
        for session in sessions():
            self.assertEqual(sum(ms for _, ms in session["stalls"]),
                             session["figures"].get("stalled_time", 0))

    def test_a_session_ends_in_one_way(self):
        for session in sessions():
            figures = session["figures"]
            ways = [figures.get(name, 0) for name in
                    ("first_plays", "start_failures", "exits_before_start", "refusals")]
            self.assertEqual(sorted(ways), [0, 0, 0, 1])

    def test_as_many_devices_as_there_are_kinds_of_sessions_have_all_of_them(self):
        reasons = {session["stop_reason"] for session in sessions(len(KINDS), seconds=8)}
        self.assertLessEqual({"user", "error", "zap", "buffer", "refused"}, reasons)


if __name__ == "__main__":
    unittest.main()
