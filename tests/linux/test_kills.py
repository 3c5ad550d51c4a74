# SPDX-License-Identifier: Apache-2.0
"""tallyd is killed at random while players talk. What was durable reaches the collector exactly once,
and what players tell again behind it is told as SPEC.md says."""
import json
import os
import random
import signal
import subprocess
import threading
import time
import unittest

import box
from player import Film, Player

KILLS = 6
LIFE_S = 0.8  # of a tallyd that is killed, at most
PLAYERS = 4


class Viewer(threading.Thread):
    """A player that lives through every tallyd: one film after the other. What was not acknowledged
    it says again on its next connection, behind greeting and session, as SPEC.md asks."""

    def __init__(self, name, path, dice, finished):
        super().__init__(daemon=True)
        self.title = name
        self.path = path
        self.dice = dice
        self.finished = finished
        self.player = None
        self.connections = 0
        self.ended = {}  # by id of the session: what its acknowledged end said
        self.failed = None

    def run(self):
        try:
            number = 0
            while not self.finished.is_set():
                number += 1
                self.watch(Film(None, number, f"{self.title}-{number}"))
        except Exception as error:  # told in the main thread
            self.failed = error

    def watch(self, film):
        for _ in range(self.dice.randint(2, 5)):
            self.tell(film, film.snapshot)
            time.sleep(self.dice.uniform(0.05, 0.15))
        self.tell(film, film.end)
        self.ended[film.id] = film.play_ms

    def tell(self, film, what):
        """On as many connections as it takes until it is acknowledged."""
        while True:
            try:
                self.connect(film)
                what()
                if self.player.settle() > 0:
                    raise AssertionError(f"{self.player.refused} messages refused")
                return
            except ConnectionError:
                if self.player is not None:
                    self.player.close()
                self.player = None

    def connect(self, film):
        if self.player is None:
            self.player = Player(self.path, connects_s=30)
            self.connections += 1
        if film.player is not self.player:
            film.player = self.player
            film.begin()


class Kills(box.Box):
    def setUp(self):
        super().setUp()
        seed = int(os.environ.get("TALLY_SEED", time.time_ns() % 2**32))
        print(f"TALLY_SEED={seed}", flush=True)
        self.dice = random.Random(seed)
        self.start_collector()
        self.durable = {}

    def look(self):
        """What waits in the spool, by tally-spool, between two lives of tallyd."""
        program = box.scenario.PROGRAMS / "tally-spool"
        image = self.folder / "spool"

        def told(mode):
            return subprocess.run([program, mode, image], check=True,
                                      capture_output=True).stdout

        raw, at = told("--raw"), 0
        for each in told("--waiting").decode().splitlines():
            _ring, _block, _offset, boot, _kind, size, number = each.split()
            key, data = (int(boot, 16), int(number)), raw[at:at + int(size)]
            self.assertEqual(self.durable.setdefault(key, data), data)
            at += int(size)

    def rows(self):
        return {(row["boot"], row["seq"]): row
                for row in self.store.rows("SELECT * FROM records")}

    def await_delivery(self, seconds=60):
        deadline = time.monotonic() + seconds
        while missing := sorted(self.durable.keys() - self.rows().keys()):
            if time.monotonic() > deadline:
                raise box.scenario.Failed("collector", f"{len(self.durable)} records", missing,
                                          self.store.log)
            time.sleep(0.1)

    def test_what_was_durable_is_stored_once_and_sessions_go_on(self):
        finished = threading.Event()
        path = str(self.folder / "tallyd.sock")
        viewers = [Viewer(f"viewer-{i}", path, random.Random(self.dice.random()), finished)
                   for i in range(PLAYERS)]
        daemon = self.tallyd(player_messages_per_s=10000)
        for viewer in viewers:
            viewer.start()
        for kill in range(KILLS):
            time.sleep(self.dice.uniform(0, LIFE_S))
            if kill % 3 == 1:  # in the middle of a reload
                daemon.configure(heartbeat_ms=1000 + kill)
                daemon.signal(signal.SIGHUP)
                time.sleep(self.dice.uniform(0, 0.05))
            self.assertEqual(daemon.stop(signal.SIGKILL), -signal.SIGKILL)
            self.look()
            daemon = self.tallyd(player_messages_per_s=10000)
        time.sleep(LIFE_S)
        finished.set()
        for viewer in viewers:
            viewer.join(30)
            self.assertFalse(viewer.is_alive())
            self.assertIsNone(viewer.failed)
            self.assertGreaterEqual(viewer.connections, 2)
        self.await_delivery()
        self.assertEqual(daemon.stop(), 0)
        self.look()
        rows = self.rows()
        for key, data in self.durable.items():
            self.assertEqual(rows[key]["bytes"], data)
        numbers = {}
        for boot, number in rows:
            numbers.setdefault(boot, set()).add(number)
        for boot, found in numbers.items():
            self.assertEqual(found, set(range(len(found))), f"boot {boot:x} has gaps")
        self.assert_told(rows, viewers)

    def assert_told(self, rows, viewers):
        """An end that was acknowledged is stored, with what the player said last."""
        ends = {}
        for row in rows.values():
            record = json.loads(row["json"])
            if record["k"] == "x":
                ends.setdefault(record["d"]["sx"], []).append(record["p"].get("pt", 0))
        for viewer in viewers:
            self.assertGreater(len(viewer.ended), 1)
            for key, play_ms in viewer.ended.items():
                self.assertIn(play_ms, ends.get(key, []), viewer.title)


if __name__ == "__main__":
    unittest.main()
