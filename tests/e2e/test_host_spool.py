# SPDX-License-Identifier: Apache-2.0
"""Records that outlive tallyd: killed at any moment, or stopped while the server is away.

What is durable is not tallyd's to say: tally-spool reads it from the image of the spool.
"""
import json
import os
import random
import signal
import time
import unittest

import line
import scenario
from spool_image import read_image

KILLS_AWAY = 5      # while there is no collector
KILLS_CONNECTED = 2
LIFE_S = 1.3        # of a tallyd that is killed, at most


class HostSpool(line.Line):
    def setUp(self):
        super().setUp()
        seed = int(os.environ.get("TALLY_SEED", time.time_ns() % 2**32))
        print(f"TALLY_SEED={seed}", flush=True)
        self.dice = random.Random(seed)
        self.image = self.folder / "spool"
        self.address = "127.0.0.1:0"
        self.boots = []    # the boot ids of all starts; None: it left nothing
        self.durable = {}  # by boot and number, all that was ever seen waiting
        self.away = self.collector()
        self.assertEqual(self.away.stop(), 0)

    # --- one start of tallyd after the other ---

    def boot(self):
        """tallyd on the spool as the last one left it, with a folder for its log."""
        self.boots.append(None)
        folder = self.folder / f"start-{len(self.boots)}"
        folder.mkdir()
        endpoint = f"https://127.0.0.1:{self.away.port}{scenario.PATH}"
        device = scenario.Tallyd(folder, self.certs, endpoint, spool=self.image,
                                 settings=self.folder / "settings", exit_when_ended="no",
                                 listen=f"udp://{self.address}")
        self.addCleanup(device.stop)
        self.address = device.address
        return device

    def look(self):
        """Takes note of what waits, and whose it is; tallyd does not run."""
        waiting = read_image(self.image)
        for record in waiting:
            self.assertEqual(self.durable.setdefault((record.boot, record.number), record), record)
        seen = {boot for boot, _ in self.durable} | {boot for boot, _ in self.stored()}
        for boot in seen - set(self.boots):
            self.assertIsNone(self.boots[-1])
            self.boots[-1] = boot
        return waiting

    def kill(self, device, after_s):
        time.sleep(after_s)
        self.assertEqual(device.stop(signal.SIGKILL), -signal.SIGKILL)
        return self.look()

    # --- what the collector has ---

    def stored(self):
        return {(row["boot"], row["seq"]): row
                for row in self.away.rows("SELECT * FROM records")}

    def await_delivery(self, seconds=60):
        """Until all that was ever durable is stored."""
        deadline = time.monotonic() + seconds
        while missing := sorted(self.durable.keys() - self.stored().keys()):
            if time.monotonic() > deadline:
                raise scenario.Failed("collector", f"{len(self.durable)} records", missing,
                                      self.away.log)
            time.sleep(0.1)

    def assert_stored_as_they_waited(self):
        stored = self.stored()
        for key, record in self.durable.items():
            self.assertEqual((stored[key]["kind"], stored[key]["bytes"]),
                             (record.kind, record.data))

    def assert_numbered_without_gaps(self):
        numbers = {}
        for boot, number in self.stored():
            numbers.setdefault(boot, set()).add(number)
        for boot, found in numbers.items():
            self.assertEqual(found, set(range(len(found))), boot)

    def assert_boots_told(self):
        """Each boot record has the count of starts, and names the one before it that had put an
        urgent record into the spool."""
        urgent = {boot for (boot, _), row in self.stored().items() if row["kind"] in "bsx"}
        told = [(row["boot"], json.loads(row["json"])["b"])
                for row in self.stored().values() if row["kind"] == "b"]
        self.assertGreater(len(told), 2)
        for boot, record in told:
            before = [each for each in self.boots[:record["bc"] - 1] if each in urgent]
            self.assertEqual(self.boots[record["bc"] - 1], boot)
            self.assertEqual(record.get("bb"), before[-1] if before else None)

    def assert_dated_by_their_own_boot(self):
        """What the time is at an upload says nothing about a boot that is over."""
        for upload in self.away.rows("SELECT DISTINCT boot, m, t, received_ms FROM uploads"):
            if upload["boot"] != self.boots[-1]:
                with self.subTest(boot=upload["boot"]):
                    self.assertEqual((upload["m"], upload["t"]), (None, None))

    # --- tests ---

    def test_records_survive_kills_and_are_stored_once(self):
        device = self.boot()
        sender = self.start(scenario.Sender, self.media, device)
        waiting = set(self.kill(device, LIFE_S))
        for _ in range(KILLS_AWAY):
            before = waiting
            waiting = set(self.kill(self.boot(), self.dice.uniform(0, LIFE_S)))
            self.assertLessEqual(before, waiting)  # nobody was there to take them
        self.assertLessEqual({"b", "s", "h", "r", "t"}, {record.kind for record in waiting})

        self.collector(port=self.away.port)
        for _ in range(KILLS_CONNECTED):
            self.kill(self.boot(), self.dice.uniform(0, LIFE_S))
        device = self.boot()
        self.await_delivery()
        sender.finish(60)
        self.assertEqual(device.stop(), 0)
        self.assertEqual(self.look(), [])
        self.assert_stored_as_they_waited()
        self.assert_numbered_without_gaps()
        self.assert_boots_told()

    def test_a_stop_while_the_server_is_away_and_a_later_start_delivers(self):
        device = self.boot()
        self.start(scenario.Sender, self.media, device, "--seconds", "2").finish(60)
        self.assertEqual(device.stop(), 0)
        device.await_line("records wait in the spool")
        kinds = {record.kind for record in self.look()}
        self.assertLessEqual({"b", "s", "h", "r", "t", "x"}, kinds)

        self.collector(port=self.away.port)
        device = self.boot()
        self.await_delivery()
        self.assertEqual(device.stop(), 0)
        self.assertEqual(self.look(), [])
        self.assert_stored_as_they_waited()
        self.assert_numbered_without_gaps()
        self.assert_dated_by_their_own_boot()
        resent = self.away.rows("SELECT count(*) AS n FROM records WHERE resends > 0")[0]["n"]
        self.assertEqual(resent, 0)


if __name__ == "__main__":
    unittest.main()
