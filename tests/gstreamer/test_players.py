# SPDX-License-Identifier: Apache-2.0
"""Several players of one box at once, and a daemon that is killed while they play.

The oracle is GST_DEBUG of each player's own sink. What is durable is not tallyd's to say: tally-spool
reads it from the image of the spool. TALLY_SEED=n repeats the moments of the kills, TALLY_ROUNDS=n
plays that many rounds of them.
"""
import json
import os
import random
import signal
import time
import unittest

import film
from box import Daemon, await_ends, scenario, scratch
from lateness import replayed
from spool_image import read_image

PLAYERS = 8
FILM_S = 6
KILLS = 4
LIFE_S = 1.2        # of a daemon that is killed, at most
AWAY_S = 1.0        # until the next one, at most
FRAME_MS = 1000 / film.FPS
DOUBT_MS = (120, 1000)  # gaps between frames from the first on may be stalls, and from the second are
RUNS_MOST = 3
ROUNDS = int(os.environ.get("TALLY_ROUNDS", "1"))


@replayed
class Players(unittest.TestCase):
    maxDiff = None

    @classmethod
    def setUpClass(cls):
        cls.shared = scratch(cls.addClassCleanup)
        cls.certs = scenario.make_certificates(cls.shared / "certs")
        cls.film, cls.frames = film.make(cls.shared, FILM_S)
        cls.registry = film.warm_registry(cls.shared)

    def setUp(self):
        self.folder = self.shared / self.id().rsplit(".", 1)[-1]
        self.begin(self.folder)

    def begin(self, folder):
        folder.mkdir()
        self.folder = folder
        self.durable = {}
        self.collector = scenario.Collector(folder, self.certs)
        self.addCleanup(self.collector.stop)
        self.daemon = Daemon(folder, self.certs, self.collector.port)
        self.addCleanup(self.daemon.clear)
        self.addCleanup(lambda: self.daemon.stop())

    def start_players(self):
        players = [film.Player(self.folder / f"player-{number}", self.film, self.daemon.socket,
                               self.registry, "playbin3" if number % 2 else "playbin")
                   for number in range(PLAYERS)]
        for player in players:
            self.addCleanup(player.stop)
        return players

    def await_players(self, players):
        """{address: what was on the screen} of players; each came to the end of its film."""
        screens = {}
        for player in players:
            self.assertEqual(player.wait(FILM_S + 30), 0, player.log)
            screens[player.source.as_uri()] = screen = player.screen()
            self.assertEqual(len(screen.ends), 1)
        return screens

    def records(self, kind):
        """Stored records of a kind with their boots, oldest first."""
        rows = self.collector.rows("SELECT boot, json FROM records WHERE kind = ? ORDER BY seq",
                                   kind)
        return [(row["boot"], json.loads(row["json"])) for row in rows]

    def assert_shown(self, screens, ends):
        """What each player showed is what was told of it in the end."""
        # The last word on its frames may be another boot's than its end.
        sessions = {(boot, start["s"]): start["d"]["sx"] for boot, start in self.records("s")}
        videos = {(boot, record["s"], record["sn"]): record["f"].get("fr", 0)
                  for boot, record in self.records("f")}
        frames = {}
        for (boot, number, _), shown in videos.items():
            session = sessions[boot, number]
            frames[session] = max(shown, frames.get(session, 0))
        told = {end["d"]["sq"]: frames.get(end["d"]["sx"]) for _, end in ends}
        self.assertEqual(told, {source: len(screen.frames) for source, screen in screens.items()})
        for _, end in ends:
            self.assertEqual(end["p"].get("fp"), 1)
            # Nothing should stall, but that many players on a busy machine may.
            gaps = [screens[end["d"]["sq"]].gaps(FRAME_MS, least_ms) for least_ms in DOUBT_MS]
            self.assertIn(end["p"].get("sc", 0), range(len(gaps[1]), len(gaps[0]) + 1))

    # --- tests ---

    def test_eight_at_once_are_told_each_by_itself(self):
        screens = self.await_players(self.start_players())
        await_ends(self.collector, PLAYERS, 60)
        self.assertEqual(self.daemon.stop(), 0)
        ends = self.records("x")
        self.assertEqual(len(ends), PLAYERS)
        self.assertEqual(len({end["d"]["sx"] for _, end in ends}), PLAYERS)
        self.assert_shown(screens, ends)

    def test_a_daemon_that_is_killed_disturbs_no_player_and_loses_nothing(self):
        seed = int(os.environ.get("TALLY_SEED", time.time_ns() % 2**32))
        for number in range(ROUNDS):
            with self.subTest(seed=seed + number):
                self.play_round(seed + number, number)

    def play_round(self, seed, number):
        """One in which a session met two daemons: on a busy machine none may live long enough."""
        print(f"TALLY_SEED={seed}", flush=True)
        for attempt in range(RUNS_MOST):
            if number or attempt:
                self.doCleanups()
                self.begin(self.shared / f"round-{number}-{attempt}")
            if self.play_with_kills(random.Random(seed + attempt * ROUNDS)) > 1:
                return
            print("again: no session met two daemons", flush=True)
        self.fail(f"no session met two daemons in {RUNS_MOST} runs")

    def play_with_kills(self, dice):
        players = self.start_players()
        for _ in range(KILLS):
            time.sleep(dice.uniform(0, LIFE_S))
            self.assertEqual(self.daemon.stop(signal.SIGKILL), -signal.SIGKILL)
            for record in read_image(self.daemon.spool):
                self.durable[record.boot, record.number] = record
            time.sleep(dice.uniform(0, AWAY_S))
            self.daemon = Daemon(self.folder, self.certs, self.collector.port,
                                 place=self.daemon.place)
        screens = self.await_players(players)
        self.await_all_ends()
        self.assertEqual(self.daemon.stop(), 0)
        self.assert_durable()
        return self.assert_sessions(screens)

    def await_all_ends(self):
        await_ends(self.collector, PLAYERS, 60)
        sessions = {end["d"]["sx"] for _, end in self.records("x")}
        self.assertEqual(len(sessions), PLAYERS)

    def assert_durable(self):
        stored = {(row["boot"], row["seq"]): row
                  for row in self.collector.rows("SELECT * FROM records")}
        for key, record in self.durable.items():
            self.assertEqual((stored[key]["kind"], stored[key]["bytes"]),
                             (record.kind, record.data))
        numbers = {}
        for boot, number in stored:
            numbers.setdefault(boot, set()).add(number)
        for boot, found in numbers.items():
            self.assertEqual(found, set(range(len(found))), boot)

    def assert_sessions(self, screens):
        """Each has one end, of the boot that saw it last, with the values of all boots. The most
        boots that a session had."""
        ends = self.records("x")
        self.assertEqual(len(ends), PLAYERS)
        told = {}
        for boot, start in self.records("s"):
            told.setdefault(start["d"]["sx"], set()).add(boot)
        self.assertEqual(set(told), {end["d"]["sx"] for _, end in ends})
        self.assert_shown(screens, ends)
        return max(len(boots) for boots in told.values())


if __name__ == "__main__":
    unittest.main()
