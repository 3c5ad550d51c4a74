# SPDX-License-Identifier: Apache-2.0
"""Players at the socket of tallyd: what they tell arrives, and what they should not do is refused,
counted and named, at no cost to the others."""
import array
import os
import pathlib
import resource
import signal
import socket
import time
import unittest

import box
import player
from lateness import undisturbed
from player import Film, Player, encode, greeting, now_ms, record

PLAYER_DIED = 18
USER = 0


class Told(box.Box):
    """From a player to the collector."""

    def setUp(self):
        super().setUp()
        self.start_collector()

    def test_a_session_is_stored_as_its_player_told_it(self):
        daemon = self.tallyd()
        one = self.player(daemon)
        film = Film(one, 1)
        film.begin()
        for _ in range(3):
            film.snapshot()
        film.end(USER)
        self.assertEqual(one.settle(), 0)
        found = self.await_records(s=1, x=1)
        start, end = found["s"][0], found["x"][0]
        self.assertEqual(start["d"], film.dimensions())
        self.assertEqual(end["d"], film.dimensions())
        self.assertEqual((end["s"], end["p"]["pt"], end["p"]["sr"]), (start["s"], 300, USER))

    def test_numbers_of_sessions_are_each_players_own(self):
        daemon = self.tallyd()
        films = [Film(self.player(daemon), 1, f"film-{name}") for name in "abc"]
        for play_ms, film in enumerate(films):
            film.begin()
            film.snapshot(play_ms)
        for film in reversed(films):
            film.end()
            self.assertEqual(film.player.settle(), 0)
        ends = {end["d"]["ci"]: end for end in self.await_records(x=3)["x"]}
        self.assertEqual({ci: end["p"].get("pt", 0) for ci, end in ends.items()},
                         {"film-a": 0, "film-b": 1, "film-c": 2})
        self.assertEqual(len({end["s"] for end in ends.values()}), 3)

    def test_a_killed_player_ends_its_sessions_with_what_it_told_last(self):
        daemon = self.tallyd()
        other = Film(self.player(daemon), 1, "other")
        other.begin()

        def play():
            dying = Player(daemon.socket)
            for number, play_ms in ((1, 1234), (2, 5678)):
                film = Film(dying, number)
                film.begin()
                film.snapshot(play_ms)
            # Its last words, and it dies with answers that it never read.

        os.kill(self.child(play), signal.SIGKILL)
        ends = {end["d"]["ci"]: end["p"] for end in self.await_records(x=2)["x"]}
        self.assertEqual({ci: (end["pt"], end["sr"]) for ci, end in ends.items()},
                         {"film-1": (1234, PLAYER_DIED), "film-2": (5678, PLAYER_DIED)})
        other.end()
        self.assertEqual(other.player.settle(), 0)
        self.await_records(x=3)

    def test_refused_messages_and_connections_are_counted(self):
        daemon = self.tallyd(players_per_user=2)
        good = self.player(daemon)
        good.settle()
        bad = self.player(daemon)
        for junk in (b"\xff", b"\x00", b"junk", b"\xa1", bytes(player.MESSAGE_BYTES)):
            bad.send_bytes(junk)
        self.assertEqual(bad.settle(), 5)
        for _ in range(3):
            Player(daemon.socket, greets=False).await_end()
        self.await_figure("a", "a", "w1", 5)
        self.await_figure("a", "a", "w0", 3)
        good.send(record("s", s=1, d={"ci": "still here"}))
        self.assertEqual(good.settle(), 0)

    def test_thousands_of_sessions_of_one_process(self):
        daemon = self.tallyd(player_messages_per_s=10000)
        crowd = self.player(daemon)
        other = self.player(daemon)
        for number in range(1, 3001):
            Film(crowd, number).begin()
            if number % 50 == 0:
                crowd.settle()
        refused = crowd.settle()
        self.assertGreater(refused, 2900)
        film = Film(other, 1, "there is room for others")
        film.begin()
        film.end()
        self.assertEqual(other.settle(), 0)
        self.await_figure("a", "a", "us", refused)

    def test_thousands_of_sessions_one_after_the_other(self):
        daemon = self.tallyd(player_messages_per_s=10000)
        zapper = self.player(daemon)
        for number in range(1, 2001):
            film = Film(zapper, number)
            film.begin()
            film.end()
            if number % 50 == 0:
                zapper.settle()
        self.assertEqual(zapper.settle(), 0)
        told = self.await_records(x=20)["x"]
        self.assertLess(len(told), 60)  # the rest is beyond the rate limit
        daemon.stop()
        self.assertLess(daemon.wait(60), 1)


class Hostile(box.Box):
    """Without a collector: what a player gets back, and what tallyd does meanwhile."""

    def assert_alive(self, daemon):
        control = self.player(daemon)
        film = Film(control, 1)
        film.begin()
        film.snapshot()
        film.end()
        self.assertEqual(control.settle(), 0)
        control.close()

    def test_what_no_player_says_is_refused_and_changes_nothing(self):
        daemon = self.tallyd()
        deep = b"\xa1\x61\x70" * 2000 + b"\x00"
        messages = {
            "too long": bytes(player.MESSAGE_BYTES + 1),
            "far too long": bytes(65536),
            "no map": encode(["k", "h"]),
            "not CBOR": os.urandom(64),
            "cut": encode(record("s", s=1))[:-1],
            "with a rest": encode(record("s", s=1)) + b"\x61",
            "deep": deep,
            "endless": b"\xbf" + b"\x61k\x61h" * 100,
            "no kind": encode({"s": 1, "u": now_ms()}),
            "of the future": encode(record("s", now_ms() + 10**9, s=1)),
            "a session of nobody": encode(record("e", s=77, e={"et": 1})),
            "session 0": encode(record("s", s=0)),
            "a negative session": encode(record("s", s=-1)),
            "a snapshot without end": b"\x9f",
        }
        for name, message in messages.items():
            bad = self.player(daemon)
            bad.settle()
            bad.send_bytes(message)
            with self.subTest(message=name):
                try:
                    refused = bad.settle()
                except ConnectionError:
                    refused = 1
                self.assertLessEqual(refused, 1)
                if name not in ("of the future", "a session of nobody"):
                    self.assertEqual(refused, 1)
            bad.close()
        self.assert_alive(daemon)

    def test_another_players_session_cannot_be_touched(self):
        daemon = self.tallyd()
        victim, forger = self.player(daemon), self.player(daemon)
        film = Film(victim, 7)
        film.begin()
        film.snapshot(1000)
        victim.settle()
        forger.send(record("e", s=7, e={"et": 1}))
        forger.send(record("h", s=7, p={"pt": 999999}))
        forger.settle()
        forger.close()
        film.snapshot(2000)
        film.end()
        self.assertEqual(victim.settle(), 0)

    def test_who_does_not_greet_or_greets_twice_is_let_go(self):
        daemon = self.tallyd()
        silent = self.player(daemon, greets=False)
        silent.send(record("s", s=1, d={"ci": "no greeting"}))
        silent.await_end()
        self.assertEqual((silent.taken, silent.refused), (1, 1))
        twice = self.player(daemon)
        twice.send(greeting())
        twice.await_end()
        self.assertEqual((twice.taken, twice.refused), (2, 1))
        strange = self.player(daemon, greets=False)
        strange.send(greeting(version=2))
        strange.await_end()
        self.assertEqual((strange.taken, strange.refused), (1, 1))
        self.assert_alive(daemon)

    def test_a_hundred_at_once_and_those_within_the_limit_stay(self):
        daemon = self.tallyd(players=8, players_per_user=6)
        crowd = [self.player(daemon, greets=False) for _ in range(100)]
        stayed = []
        for each in crowd:
            try:
                each.send(greeting())
                each.settle()
                stayed.append(each)
            except (ConnectionError, BrokenPipeError):
                pass
        self.assertEqual(len(stayed), 6)
        told = daemon.lines("refused: more than `players_per_user`")
        self.assertTrue(0 < len(told) <= 20, len(told))
        self.assertIn(f"process {os.getpid()}, user {os.geteuid()}", told[0])
        stayed[0].close()
        daemon.await_lines("gone", 1)
        self.player(daemon).settle()

    @unittest.skipIf(os.geteuid() != 0, "needs two users")
    def test_users_have_their_share_and_only_those_allowed_come(self):
        daemon = self.tallyd(players=3, players_per_user=2)
        os.chmod(self.folder, 0o755)
        os.chmod(self.shared, 0o755)
        mine = [self.player(daemon) for _ in range(2)]
        for each in mine:
            each.settle()
        os.seteuid(box.NOBODY_UID)
        try:
            theirs = self.player(daemon)
            theirs.settle()
        finally:
            os.seteuid(0)
        daemon.configure(player_user=box.NOBODY_UID)
        self.assertEqual(daemon.reload(), "in force")
        for each in mine:
            each.await_end()
        theirs.send(record("s", s=1, d={"ci": "x"}))
        self.assertEqual(theirs.settle(), 0)
        Player(daemon.socket, greets=False).await_end()
        daemon.await_lines("user 0: refused: not one of player_user", 1)

    @undisturbed
    def test_a_flood_is_read_no_faster_than_its_pace_and_costs_no_time(self):
        daemon = self.tallyd(player_messages_per_s=20, log="info")
        connected_s = time.monotonic()
        flood = self.player(daemon)
        flood.socket.setblocking(False)
        other = self.player(daemon)
        other.settle()
        snapshot = encode(record("h", s=1, p={"pt": 1}))
        begin_s, cpu_s = time.monotonic(), daemon.cpu_s()
        slowest_s = 0
        while time.monotonic() < begin_s + 3:
            for _ in range(100):
                try:
                    flood.send_bytes(snapshot)
                except BlockingIOError:
                    break
            asked_s = time.monotonic()
            if other.sent < 50:
                other.send(record("s", s=1, d={"ci": "x"}))
                other.settle()
            slowest_s = max(slowest_s, time.monotonic() - asked_s)
            time.sleep(0.05)
        seconds = time.monotonic() - begin_s
        spent_s = daemon.cpu_s() - cpu_s
        flood.socket.setblocking(True)
        while flood.taken < flood.sent and flood.taken < 80 + 20 * seconds - 20:
            flood.hear()
        self.assertGreater(flood.sent, flood.taken)
        self.assertLessEqual(flood.taken, 80 + 20 * (time.monotonic() - connected_s) + 1)
        self.assertLess(slowest_s, 2)
        self.assertLess(spent_s, 0.2 * seconds)

    @undisturbed
    def test_a_player_that_never_reads_its_answers_is_not_waited_for(self):
        daemon = self.tallyd(player_messages_per_s=10000, log="info")
        deaf = self.player(daemon)
        control = self.player(daemon)
        for number in range(1, 1001):
            deaf.send(record("h", s=1, p={"pt": number}))
            if number % 10 == 0:
                control.send(record("h", s=1, p={"pt": number}))
                control.settle()
        self.assertEqual(deaf.taken, 0)
        deaf.settle()  # and now it reads: the last answer says all
        cpu_s = daemon.cpu_s()
        time.sleep(1)
        self.assertLess(daemon.cpu_s() - cpu_s, 0.1)

    def test_descriptors_that_come_along_do_not_stay(self):
        daemon = self.tallyd()
        sender = self.player(daemon)
        sender.settle()
        before = daemon.descriptors()
        with open(os.devnull, "rb") as null:
            ancillary = [(socket.SOL_SOCKET, socket.SCM_RIGHTS,
                          array.array("i", [null.fileno()] * 10))]
            for number in range(50):
                data = encode(record("h", s=1, p={"pt": number}))
                sender.socket.sendmsg([data], ancillary)
                sender.sent += 1
            sender.settle()
        self.assertEqual(daemon.descriptors(), before)

    def test_an_abstract_name_and_one_without_bytes(self):
        name = f"@tally-test-{os.getpid()}"
        daemon = self.tallyd(socket=name)
        daemon.socket = name
        self.assert_alive(daemon)
        empty = self.player(daemon)
        empty.settle()
        empty.socket.send(b"")
        empty.await_end()
        self.assertNotIn("tallyd.sock", os.listdir(self.folder))

    @undisturbed
    def test_idle_it_sleeps(self):
        daemon = self.tallyd(upload_ms=3600000, heartbeat_ms=60000, log="info")
        self.assert_alive(daemon)
        time.sleep(1)
        wakes, cpu_s = daemon.status("voluntary_ctxt_switches"), daemon.cpu_s()
        time.sleep(3)
        self.assertLess(daemon.status("voluntary_ctxt_switches") - wakes, 6)
        self.assertLessEqual(daemon.cpu_s() - cpu_s, 0.05)

    def test_a_spool_that_can_no_longer_be_written_and_can_again(self):
        daemon = self.tallyd()
        self.limit_files(daemon, 4096)
        one = self.player(daemon)
        for number in range(1, 30):
            film = Film(one, number)
            film.begin()
            film.end()
        self.assertEqual(one.settle(), 0)
        daemon.await_line("spool: store failed")
        self.limit_files(daemon, 2**40)
        self.start_collector_there(daemon)
        one.await_end()
        film = Film(self.player(daemon), 31)
        film.begin()
        film.end()
        self.assertEqual(film.player.settle(), 0)
        self.await_records(x=1)
        self.assertEqual(daemon.stop(), 0)

    def limit_files(self, daemon, most):
        resource.prlimit(daemon.pid, resource.RLIMIT_FSIZE, (most, resource.RLIM_INFINITY))

    def start_collector_there(self, daemon):
        """At the address that is in force, or after a reload."""
        self.start_collector()
        daemon.configure(endpoint=f"https://127.0.0.1:{self.port}{box.scenario.PATH}")
        self.assertEqual(daemon.reload(), "in force, the agent began anew")
        self.assertTrue(pathlib.Path(daemon.socket).exists())


if __name__ == "__main__":
    unittest.main()
