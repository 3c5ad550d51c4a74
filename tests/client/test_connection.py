# SPDX-License-Identifier: Apache-2.0
"""A player and its daemon: there, not there yet, gone and back, or speaking in tongues."""
import os
import time
import unittest

import case
import cbor2
import daemon
from case import USER, kinds

RUBBISH = [
    b"\x00",                                     # another item
    b"\xa0",                                     # nothing said
    b"\xa1\x61n",                                # cut
    b"\xa1\x61n\x18\x00",                        # not the shortest form
    b"\xa1\x61n\x01\x00",                        # and more
    b"\xa1\x61n\x1b\x00\x00\x00\x01\x00\x00\x00\x00",
    b"\xbf\x61n\x01\xff",                        # indefinite length
    cbor2.dumps({"n": 1000}),                    # more than was sent
    cbor2.dumps({"n": 0, "z": 1}),               # more refused than dealt with
    cbor2.dumps({"n": -1}),
    cbor2.dumps({"n": 1, "x": 1}),
    b"\xa1" * 16,
    os.urandom(200_000 // 2),
]


class Connected(case.Case):

    def test_a_connection_begins_with_one_greeting(self):
        host = self.host()
        talker = self.opened()
        connection = host.accept()
        (greeting,) = connection.receive()
        self.assertEqual((greeting["k"], greeting["v"]), ("p", 1))
        self.assertIn("p", greeting["c"])
        self.assertFalse(connection.has_more(0.3))
        daemon.until(lambda: talker("stats")["is_connected"])
        self.assertEqual(talker("stats")["connections"], 1)

    def test_a_story_is_told_in_order_and_in_time(self):
        host = self.host()
        before_ms = daemon.now_ms()
        talker = self.opened()
        connection = self.greeted(host)
        film = self.playing(talker)
        heard = connection.until("h", film)
        talker("event", film, "pause", 0)
        talker("event", film, "close", USER)
        heard += connection.until("x", film)
        self.assertEqual(kinds(heard)[0], "s")
        self.assertEqual(kinds(heard)[-1], "x")
        start = next(m[0] for m in heard if m[0]["k"] == "s")
        self.assertEqual(start["d"]["ct"], "Alps")
        times = [m[0]["u"] for m in heard]
        self.assertEqual(times, sorted(times))
        self.assertGreaterEqual(times[0], before_ms)
        self.assertLessEqual(times[-1], daemon.now_ms())
        connection.settle(talker)

    def test_snapshots_come_each_second_and_nothing_without_a_session(self):
        host = self.host()
        talker = self.opened()
        connection = self.greeted(host)
        film = self.playing(talker)
        connection.until("h", film)
        for _ in range(3):
            connection.until("h", film)
        times = [daemon.records(m)[0]["u"] for m in connection.messages
                 if daemon.records(m)[0]["k"] == "h"]
        for one, other in zip(times[1:], times[2:]):
            self.assertGreaterEqual(other - one, 990)
        talker("event", film, "close", USER)
        connection.until("x", film)
        while connection.has_more(1.5):  # the sums
            self.assertNotEqual(connection.receive()[0]["k"], "h")

    def test_the_abstract_name_space_will_do(self):
        self.socket = f"@tally-test-{os.getpid()}"
        host = self.host()
        self.opened()
        self.greeted(host)

    def test_the_environment_names_the_socket(self):
        host = self.host()
        talker = self.talker(TALLY_SOCKET=self.socket)
        self.assertEqual(talker("begin")["open"], 1)
        self.greeted(host)

    def test_a_name_that_no_socket_can_have_is_refused(self):
        talker = self.talker()
        self.assertEqual(talker("begin", "/" + "x" * 107)["open"], 0)
        self.assertEqual(talker("begin", "/" + "x" * 106)["open"], 1)


class Reconnected(case.Case):

    def test_a_daemon_that_comes_late_hears_all(self):
        talker = self.opened()
        film = self.playing(talker)
        for code in range(5):
            talker("event", film, "custom", code)
        time.sleep(0.3)
        self.assertEqual(talker("stats")["connections"], 0)
        connection = self.greeted(self.host())
        heard = connection.until("h", film)
        connection.hear(heard, lambda h: case.codes(h) == [0, 1, 2, 3, 4])
        self.assertEqual(kinds(heard)[0], "s")
        self.assertEqual(talker("stats")["dropped"], 0)

    def test_what_was_not_answered_is_sent_again_and_nothing_else(self):
        host = self.host()
        talker = self.opened()
        film = self.playing(talker)
        first = self.greeted(host)
        for code in range(4):
            talker("event", film, "custom", code)
        heard = first.until("e")
        first.hear(heard, lambda h: case.codes(h)[-1:] == [1])
        first.answer()
        first.hear(heard, lambda h: case.codes(h)[-1:] == [3])
        first.hang_up()
        second = self.greeted(host)
        heard = second.until("h", film)
        second.hear(heard, lambda h: case.codes(h)[-1:] == [3])
        self.assertEqual(case.codes(heard), [2, 3])
        self.assertEqual(kinds(heard)[0], "s")

    def test_a_session_that_ended_meanwhile_is_not_announced_but_ends(self):
        host = self.host()
        talker = self.opened()
        film = self.playing(talker)
        first = self.greeted(host)
        first.until("s", film)
        first.answer()
        host.go()
        talker("event", film, "close", USER)
        second = self.greeted(self.host())
        heard = second.until("x", film)
        self.assertNotIn("s", kinds(heard))

    def test_values_go_on_under_the_next_daemon(self):
        host = self.host()
        talker = self.opened()
        film = self.playing(talker)
        first = self.greeted(host)
        first.until("h", film)
        played = first.until("h", film)[-1][0]["p"]["pt"]
        first.hang_up()
        second = self.greeted(host)
        self.assertGreaterEqual(second.until("h", film)[-1][0]["p"]["pt"], played)

    def test_nobody_is_looked_for_again_without_anything_to_tell(self):
        host = self.host()
        self.opened()
        self.greeted(host).hang_up()
        self.assertFalse(host.has_caller(2))

    def test_a_player_with_a_session_tries_again_and_not_too_often(self):
        host = self.host()
        talker = self.opened()
        self.playing(talker)
        end = time.monotonic() + 3
        calls = 0
        while time.monotonic() < end:
            if host.has_caller(0.1):
                host.accept().hang_up()
                calls += 1
        # 50 ms to 3.2 s between them, twice as long each time
        self.assertIn(calls, range(3, 9))


class Babel(case.Case):

    def test_rubbish_ends_the_connection_and_harms_nothing(self):
        host = self.host()
        talker = self.opened()
        film = self.playing(talker)
        for rubbish in RUBBISH:
            with self.subTest(rubbish=rubbish[:20]):
                connection = self.greeted(host)
                connection.until("s", film)
                connection.answer()
                connection.say(rubbish)
                self.assertTrue(connection.is_hung_up())
        connection = self.greeted(host)
        connection.until("h", film)
        connection.settle(talker)
        self.assertEqual(talker("stats")["dropped"], 0)

    def test_an_answer_cannot_be_taken_back(self):
        host = self.host()
        talker = self.opened()
        film = self.playing(talker)
        connection = self.greeted(host)
        connection.until("h", film)
        connection.answer(2, 1)
        connection.answer(2, 0)
        self.assertTrue(connection.is_hung_up())
        connection = self.greeted(host)
        connection.until("h", film)
        connection.answer(2)
        connection.answer(1)
        self.assertTrue(connection.is_hung_up())
        self.assertEqual(talker("stats")["refused"], 1)

    def test_refusals_are_counted_over_all_connections(self):
        host = self.host()
        talker = self.opened()
        film = self.playing(talker)
        for so_far in (2, 4):
            connection = self.greeted(host)
            connection.until("h", film)
            connection.answer(2, 1)
            connection.answer(3, 2)
            connection.hang_up()
            daemon.until(lambda most=so_far: talker("stats")["refused"] == most)


if __name__ == "__main__":
    unittest.main()
