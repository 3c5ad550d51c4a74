# SPDX-License-Identifier: Apache-2.0
"""Engines that go away: nothing is lost, nothing is there twice, and time is that of the events."""
import os
import random
import signal
import threading
import time
import unittest

from engines import await_true
from road import RoadTest, body, heartbeat
import harness

SEED = int(os.environ.get("SEED") or random.randrange(1 << 31))
RECORDS = 20  # of an upload
KILLS = 3
DAY_MS = 86400 * 1000


class Uploader:
    """A device that never stops; it comes again when the front tells it to."""

    def __init__(self, road, boot):
        self._road = road
        self._boot = boot
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run)
        self.accepted = 0
        self._thread.start()

    def _run(self):
        while not self._stopping.is_set():
            data = body(*[heartbeat(self.accepted + n) for n in range(RECORDS)], boot=self._boot)
            told = self._road.deliver(data)
            assert told[-1] == 204, told
            self.accepted += RECORDS

    def stop(self):
        self._stopping.set()
        self._thread.join()
        return self.accepted


class Outages(RoadTest):
    @classmethod
    def setUpClass(cls):
        print(f"seed {SEED} (SEED={SEED} repeats it)")
        super().setUpClass()

    def setUp(self):
        self.boot = int(time.time() * 1000)
        self.dice = random.Random(SEED)

    def uploader(self):
        started = Uploader(self.road, self.boot)
        self.addCleanup(started.stop)
        return started

    def await_more(self, uploader, count=5 * RECORDS):
        goal = uploader.accepted + count
        await_true(f"{count} records more are accepted", lambda: uploader.accepted >= goal)

    def assert_all_stored_once(self, uploader):
        count = uploader.stop()
        self.assertEqual(self.road.await_stored(count, self.boot), list(range(count)))

    def assert_all_stored_once_after_a_replay(self, uploader, mishap):
        count = uploader.stop()
        self.road.deliver(body(heartbeat(0), boot=self.boot + 1))
        self.road.await_stored(1, self.boot + 1)  # behind all that is still under way
        print(f"{mishap} {KILLS} times: of {count} accepted records "
              f"{count - len(self.road.stored(self.boot))} missing before the replay")
        self.road.replay()
        self.assert_all_stored_once(uploader)

    def test_a_database_that_is_stopped_for_a_while(self):
        uploader = self.uploader()
        self.await_more(uploader)
        self.road.database.stop()
        self.await_more(uploader)
        self.road.database.start()
        self.await_more(uploader)
        self.assert_all_stored_once(uploader)

    def test_a_database_that_crashes_again_and_again(self):
        uploader = self.uploader()
        for _ in range(KILLS):
            self.await_more(uploader)
            time.sleep(self.dice.random())
            self.road.database.stop(signal.SIGQUIT)
            self.road.database.start()
        self.assert_all_stored_once_after_a_replay(uploader, "database crashed")

    def test_what_telegraf_held_when_it_was_killed_is_in_the_journal(self):
        uploader = self.uploader()
        for _ in range(KILLS):
            self.await_more(uploader)
            time.sleep(self.dice.random())
            self.road.telegraf.stop(signal.SIGKILL)
            self.road.start_telegraf()
        self.assert_all_stored_once_after_a_replay(uploader, "Telegraf killed")

    def test_a_connection_that_dies_while_records_are_copied(self):
        """Telegraf takes that for good and drops what it was copying: the journal has it."""
        with self.road.database.hold("LOCK TABLE tally.records"):
            self.road.deliver(body(*[heartbeat(n) for n in range(RECORDS)], boot=self.boot))
            pid = await_true("a copy is under way", lambda: self.road.database.query(
                "SELECT pid FROM pg_stat_activity WHERE usename = 'telegraf'"
                " AND query LIKE 'copy%' AND wait_event_type = 'Lock'"))[0]["pid"]
            self.road.database.kill_connection(pid)
        self.road.deliver(body(heartbeat(RECORDS), boot=self.boot))
        await_true("what follows lands", lambda: RECORDS in self.road.stored(self.boot))
        print(f"{RECORDS + 1 - len(self.road.stored(self.boot))} of {RECORDS} records of a copy "
              "whose connection died were missing before the replay")
        self.road.replay()
        self.assertEqual(self.road.await_stored(RECORDS + 1, self.boot), list(range(RECORDS + 1)))

    def test_late_records_count_when_they_happened(self):
        now_ms = int(time.time() * 1000)
        days = (30, 2, 0)
        for number, age in enumerate(days):
            self.road.deliver(body(harness.record(
                number, "x", 60000, s=number + 1, w=now_ms - age * DAY_MS,
                p={"fp": 1}, y={"se": 1}), boot=self.boot))
        self.road.await_stored(len(days), self.boot)
        rows = self.road.database.query(
            "SELECT (extract(epoch FROM at) * 1000)::bigint AS at_ms FROM tally.records"
            f" WHERE boot = {self.boot} ORDER BY seq")
        self.assertEqual([row["at_ms"] for row in rows], [now_ms - age * DAY_MS for age in days])

    def test_records_of_a_boot_without_time_are_dated_by_its_clock_record(self):
        """Which comes later, in an upload of a boot that is over."""
        clock = harness.record(1, "c", 90000, w=1760936591360)
        self.road.deliver(body(heartbeat(0), boot=self.boot))
        self.road.await_stored(1, self.boot)
        self.assertEqual(self._dates(), [(None, "unknown")])
        self.road.deliver(body(clock, boot=self.boot))
        self.road.await_stored(2, self.boot)
        await_true("it is dated", lambda: self._dates() == [
            (1760936591360 - 90000 + 1000, "clock"), (1760936591360, "device")])

    def _dates(self):
        return [(row["at_ms"], row["at_quality"]) for row in self.road.database.query(
            "SELECT (extract(epoch FROM at) * 1000)::bigint AS at_ms, at_quality"
            f" FROM tally.records WHERE boot = {self.boot} ORDER BY seq")]


if __name__ == "__main__":
    unittest.main()
