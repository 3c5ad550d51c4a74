# SPDX-License-Identifier: Apache-2.0
"""A small fleet against a collector that loses some of its answers; and a judge that can say no."""
import contextlib
import os
import pathlib
import shutil
import sqlite3
import subprocess
import tempfile
import unittest

from fleet import Fleet, scenario
from lives import KINDS

SEED = int(os.environ.get("TALLY_SEED", "1"))
SECONDS = 4
LOST_ANSWERS = 5
# Of videos: what has some that is told later in its session.
FRAMES_BEFORE = ("FROM records WHERE kind = 'f' AND json_extract(json, '$.f.fc') > 0 AND EXISTS ("
                 "SELECT 1 FROM records AS later WHERE later.device = records.device"
                 " AND later.session = records.session AND later.kind = 'f' AND")


class FleetTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        holder = tempfile.TemporaryDirectory(dir=os.environ.get("TALLY_TEST_DIR"))
        cls.addClassCleanup(holder.cleanup)
        cls.folder = pathlib.Path(holder.name)
        cls.fleet = Fleet(cls.folder, len(KINDS), SECONDS, SEED, heartbeat_ms=1000, upload_ms=1000)
        print(f"fleet: TALLY_SEED={SEED}", flush=True)
        collector = scenario.Collector(cls.folder, cls.fleet.certificates(), "--fault", "cut",
                                       "--fault-count", LOST_ANSWERS)
        cls.addClassCleanup(collector.stop)
        cls.addClassCleanup(cls.fleet.stop)
        cls.fleet.start(collector.port)
        cls.statuses = cls.fleet.wait()
        collector.stop()
        cls.database = collector.database

    def judge(self, *changes):
        """Of a copy of the database in which this was changed."""
        database = self.folder / "changed.db"
        shutil.copy(self.database, database)
        with contextlib.closing(sqlite3.connect(database)) as changed:
            for change in changes:
                self.assertEqual(changed.execute(change).rowcount, 1, change)
            changed.commit()
        return self.fleet.judge(database)

    # --- the fleet -------------------------------------------------------------------------------

    def test_nothing_is_lost_and_all_is_as_planned(self):
        verdict = self.judge()
        self.assertEqual(verdict.faults, [], "\n".join(verdict.lines()))
        self.assertEqual(set(self.statuses), {0})
        self.assertEqual(verdict.counts["devices"], len(KINDS))
        self.assertGreater(verdict.counts["made"], 100)
        self.assertEqual(verdict.counts["stored"], verdict.counts["made"])

    def test_answers_were_lost_and_their_uploads_came_again(self):
        self.assertGreaterEqual(self.judge().counts["resent"], LOST_ANSWERS)

    def test_there_was_something_of_everything(self):
        planned = self.judge().planned
        for name in ("first_plays", "stalls", "start_failures", "exits_before_start",
                     "playback_failures", "refusals"):
            self.assertGreater(planned[name], 0, name)
        self.assertTrue(any(not session["told"] for plan in self.fleet.plans
                            for session in plan["sessions"]), "no short zap")

    # --- the judge -------------------------------------------------------------------------------

    def assert_judged(self, text, *changes):
        self.assertIn(text, "\n".join(self.judge(*changes).faults))

    def test_a_record_that_is_gone_is_lost(self):
        self.assert_judged("1 lost", "DELETE FROM records WHERE rowid ="
                                     " (SELECT MAX(rowid) FROM records WHERE kind = 'h')")

    def test_a_record_under_another_number_is_stored_twice(self):
        self.assert_judged("1 stored twice", (
            "INSERT INTO records SELECT device, boot, seq + 100000, kind, session, stream, uptime_ms,"
            " wall_ms, wall_quality, bytes, json, resends, upload_id FROM records LIMIT 1"))

    def test_a_record_with_other_bytes_is_one_that_nobody_made(self):
        self.assert_judged("1 unknown", "UPDATE records SET bytes = CAST(bytes || x'00' AS BLOB)"
                                        " WHERE rowid = 1")

    def test_a_record_without_a_date_is_found(self):
        self.assert_judged("1 not dated", "UPDATE records SET wall_quality = 'unknown'"
                                          " WHERE rowid = 1")

    def test_a_record_with_another_date_is_found(self):
        self.assert_judged("1 dated wrong", "UPDATE records SET wall_ms = wall_ms + 3600000"
                                            " WHERE rowid = 1")

    def test_a_figure_that_is_off_by_one_is_found(self):
        for key, name in (("sc", "stalls"), ("sd", "stalled_time"), ("pt", "play_time"),
                          ("su", "startup_time")):
            self.assert_judged(f": {name}: planned", (
                f"UPDATE records SET json = json_set(json, '$.p.{key}',"
                f" json_extract(json, '$.p.{key}') + 1) WHERE rowid = (SELECT rowid FROM records"
                f" WHERE kind = 'x' AND json_extract(json, '$.p.{key}') IS NOT NULL LIMIT 1)"))

    def test_a_figure_of_a_stream_that_is_over_is_found(self):
        self.assert_judged(": frames_decoded: planned", (
            "UPDATE records SET json = json_set(json, '$.f.fc', json_extract(json, '$.f.fc') + 1)"
            f" WHERE rowid = (SELECT MAX(rowid) {FRAMES_BEFORE} later.stream > records.stream))"))

    def test_a_record_under_the_number_of_another_stream_is_found(self):
        self.assert_judged(": frames_decoded: planned", (
            "UPDATE records SET json = json_set(json, '$.sn', 65535) WHERE rowid ="
            f" (SELECT MIN(rowid) {FRAMES_BEFORE} later.stream = records.stream"
            " AND later.seq > records.seq))"))

    def test_a_dimension_that_is_another_is_found(self):
        self.assert_judged(": cdn_host: planned", (
            "UPDATE records SET json = json_set(json, '$.d.cd', 'nowhere') WHERE rowid ="
            " (SELECT MIN(rowid) FROM records WHERE kind = 'x')"))

    def test_a_device_that_did_not_come_to_its_end_is_found(self):
        log = self.folder / "fleet-0001.log"
        kept = log.read_text()
        self.addCleanup(log.write_text, kept)
        log.write_text("")
        self.assert_judged("fleet-0001: ended without a report")


class Scripts(unittest.TestCase):
    """What a device makes of a script that is none."""

    def setUp(self):
        holder = tempfile.TemporaryDirectory(dir=os.environ.get("TALLY_TEST_DIR"))
        self.addCleanup(holder.cleanup)
        self.folder = pathlib.Path(holder.name)

    def play(self, *lines):
        script = self.folder / "script"
        script.write_text("\n".join(lines) + "\n")
        return subprocess.run(
            [scenario.PROGRAMS / "fleet_device", script, self.folder / "ledger",
             self.folder, "127.0.0.1", "1", "/v1/records"],
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=60, check=False)

    def assert_refused(self, played, status, words):
        self.assertEqual(played.returncode, status, played.stdout)
        self.assertIn(words, played.stdout)

    def test_a_head_that_says_nothing_of_a_device(self):
        self.assert_refused(self.play("device x", "colour blue"), 2, "line 2 of the script")
        self.assert_refused(self.play("device x"), 2, "line 1 of the script")
        self.assert_refused(self.play("device x", "operator y", "upload 0"), 2, "line 3")

    def test_certificates_that_are_not_there(self):
        self.assert_refused(self.play("device x", "operator y", "0 open 0"), 1, "ca.pem")

    def test_commands_that_are_none(self):
        scenario.make_certificates(self.folder / "certs")
        for name in ("ca.pem", "device.pem", "device.key"):
            (self.folder / "certs" / name).rename(self.folder / name)
        for line in ("5", "0 dance", "0 open 9", "0 tell 0 dance", "0 set 0 zz 1",
                     "0 media 0 10 1 2 0 0", "x open 0"):
            with self.subTest(line):
                self.assert_refused(self.play("device device", "operator y", "0 open 0", line), 2,
                                    "line 4 of the script is no command")


if __name__ == "__main__":
    unittest.main()
