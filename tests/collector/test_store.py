# SPDX-License-Identifier: Apache-2.0
"""Each record once, dated as well as can be known."""

import os
import sqlite3
import unittest

import wire
from harness import body, encode, record, scratch
from refusal import Refusal
from store import OtherFormat, Store


class StoreTest(unittest.TestCase):
    def setUp(self):
        database = os.path.join(scratch(self.addCleanup), "tally.db")
        self.store = Store(database)
        self.addCleanup(self.store.close)
        self.reader = sqlite3.connect(database)
        self.addCleanup(self.reader.close)

    def upload(self, *records, **head):
        data = body(*records, **head)
        return [each.seq for each in self.store.accept(wire.parse(data), 1, data)]

    def rows(self, columns, table="records"):
        return self.reader.execute(f"SELECT {columns} FROM {table} ORDER BY rowid").fetchall()


class Opening(unittest.TestCase):
    def setUp(self):
        self.path = os.path.join(scratch(self.addCleanup), "tally.db")

    def test_a_database_is_gone_on_with(self):
        for _ in range(2):
            Store(self.path).close()

    def test_a_database_of_another_version_is_refused_and_left_as_it_is(self):
        Store(self.path).close()
        for change in ("PRAGMA user_version = 0", "PRAGMA user_version = 99"):
            with sqlite3.connect(self.path) as other:
                other.execute(change)
            other.close()
            with open(self.path, "rb") as database:
                before = database.read()
            with self.assertRaisesRegex(OtherFormat, "tally.db was made by another version"):
                Store(self.path)
            with open(self.path, "rb") as database:
                self.assertEqual(database.read(), before)

    def test_what_is_no_database_is_refused(self):
        with open(self.path, "w", encoding="ascii") as file:
            file.write("This is no database, and long enough not to be taken for an empty one.\n" * 9)
        with self.assertRaises(sqlite3.Error):
            Store(self.path)


class Storing(StoreTest):
    def test_a_record_is_stored_with_its_bytes_and_in_words(self):
        sent = record(4, "h", 900, s=2, p={"pt": 5})
        self.upload(sent)
        self.assertEqual(self.rows("seq, kind, session, uptime_ms, resends, upload_id"),
                         [(4, "h", 2, 900, 0, 1)])
        self.assertEqual(self.rows("bytes, json"), [
            (encode(sent), '{"k": "h", "p": {"pt": 5}, "q": 4, "s": 2, "u": 900}')])

    def test_a_record_of_a_stream_is_stored_with_its_number(self):
        self.upload(record(0, "r", s=2, sn=7), record(1, "h", s=2), record(2, "a"))
        self.assertEqual(self.rows("seq, session, stream"),
                         [(0, 2, 7), (1, 2, None), (2, None, None)])

    def test_an_accepted_body_is_kept_as_it_came(self):
        self.upload(record(0))
        self.assertEqual(self.rows("body", "uploads"), [(body(record(0)),)])

    def test_a_resent_record_is_stored_once_and_counted(self):
        self.assertEqual(self.upload(record(0), record(1)), [0, 1])
        self.assertEqual(self.upload(record(1), record(2)), [2])
        self.assertEqual(self.upload(record(1)), [])
        self.assertEqual(self.rows("seq, resends, upload_id"), [(0, 0, 1), (1, 2, 1), (2, 0, 2)])

    def test_the_same_sequence_in_another_boot_is_another_record(self):
        self.upload(record(0), boot=1)
        self.upload(record(0), boot=2)
        self.assertEqual(self.rows("boot, resends"), [(1, 0), (2, 0)])

    def test_a_changed_resend_is_refused_with_all_of_its_upload(self):
        self.upload(record(1))
        with self.assertRaises(Refusal) as caught:
            self.upload(record(0), record(1, e={"zz": 1}), record(2))
        self.assertEqual(caught.exception.status, 409)
        self.assertEqual(self.rows("seq, resends"), [(1, 0)])
        self.assertEqual(self.rows("id", "uploads"), [(1,)])

    def test_a_record_twice_in_one_upload_is_stored_once(self):
        self.assertEqual(self.upload(record(0), record(1), record(0)), [0, 1])
        self.assertEqual(self.rows("seq, resends"), [(0, 1), (1, 0)])
        with self.assertRaises(Refusal):
            self.upload(record(2), record(2, uptime_ms=1001))
        self.assertEqual(self.rows("seq"), [(0,), (1,)])

    def test_an_upload_is_told_in_its_table(self):
        self.upload(record(0), uptime_ms=50, unix_ms=60, boot=9)
        self.store.refuse("stb-42", 2, 30, Refusal(422, "no good"))
        self.assertEqual(
            self.rows("device, operator, boot, registry, m, t, records, status, reason", "uploads"),
            [("stb-42", "operator-1", 9, 1, 50, 60, 1, 204, None),
             ("stb-42", None, None, None, None, None, 0, 422, "no good")])

    def test_an_upload_costs_the_same_behind_any_number_of_records(self):
        """Counted in steps of SQLite's machine, which are the same on any machine."""
        self.upload(record(9, "c", w=7000))
        first = self.steps_of_upload(0)
        self.upload(*(record(seq, "h", s=1, w=8000) for seq in range(10, 3000)))
        self.assertLess(self.steps_of_upload(4000), 2 * first)

    def steps_of_upload(self, seq):
        tens = []
        self.store._db.set_progress_handler(lambda: tens.append(10), 10)
        self.upload(*(record(seq + each, "h", s=1, w=8000)
                      for each in range(5)))
        self.store._db.set_progress_handler(None, 0)
        return sum(tens)


class Dating(StoreTest):
    def dates(self):
        return self.rows("seq, wall_ms, wall_quality")

    def test_a_device_that_knew_the_time_is_believed(self):
        self.upload(record(0, uptime_ms=100, w=5555), uptime_ms=200, unix_ms=9000)
        self.assertEqual(self.dates(), [(0, 5555, "device")])

    def test_a_record_is_dated_back_from_its_upload(self):
        self.upload(record(0, uptime_ms=100), uptime_ms=250, unix_ms=9000)
        self.assertEqual(self.dates(), [(0, 8850, "upload")])

    def test_a_boot_that_is_over_is_dated_by_its_clock_record(self):
        self.upload(record(0, uptime_ms=100), record(1, "c", 300, w=7000), record(2, uptime_ms=400),
                    unix_ms=99_999)
        self.assertEqual(self.dates(),
                         [(0, 6800, "clock"), (1, 7000, "device"), (2, 7100, "clock")])

    def test_a_clock_record_dates_what_came_before_and_what_comes_later(self):
        self.upload(record(0, uptime_ms=100))
        self.assertEqual(self.dates(), [(0, None, "unknown")])
        self.upload(record(1, "c", 300, w=7000))
        self.upload(record(2, uptime_ms=500))
        self.assertEqual(self.dates(),
                         [(0, 6800, "clock"), (1, 7000, "device"), (2, 7200, "clock")])

    def test_the_clock_of_another_boot_says_nothing(self):
        self.upload(record(0, "c", w=7000), boot=1)
        self.upload(record(0), boot=2)
        self.assertEqual(self.dates(), [(0, 7000, "device"), (0, None, "unknown")])

    def test_the_last_clock_record_counts_whatever_came_first(self):
        early, late = record(1, "c", 300, w=7000), record(5, "c", 900, w=9000)
        for clocks in ((early, late), (late, early)):
            self.upload(record(0, uptime_ms=100), boot=len(self.rows("seq")))
            boot = len(self.rows("seq")) - 1
            for clock in clocks:
                self.upload(clock, boot=boot)
            self.upload(record(2, uptime_ms=500), boot=boot)
            self.assertEqual(self.reader.execute(
                "SELECT seq, wall_ms, wall_quality FROM records WHERE boot = ? ORDER BY seq",
                (boot,)).fetchall(),
                [(0, 8200, "clock"), (1, 7000, "device"), (2, 8600, "clock"), (5, 9000, "device")])

    def test_uptime_without_the_time_dates_nothing(self):
        self.upload(record(0, uptime_ms=100), uptime_ms=250)
        self.assertEqual(self.dates(), [(0, None, "unknown")])

    def test_a_boot_that_is_over_is_not_dated_by_its_upload(self):
        self.upload(record(0, uptime_ms=100), unix_ms=9000)
        self.assertEqual(self.dates(), [(0, None, "unknown")])

    def test_a_resend_that_knows_the_time_dates_what_was_stored_without(self):
        first, second = record(0, uptime_ms=100), record(1, uptime_ms=150)
        self.upload(first, uptime_ms=200)
        self.upload(first, second, uptime_ms=400, unix_ms=9000)
        self.assertEqual(self.dates(), [(0, 8700, "upload"), (1, 8750, "upload")])

    def test_a_resend_dates_better_than_a_clock_record_and_nothing_else(self):
        plain, dated = record(0, uptime_ms=100), record(2, uptime_ms=100, w=1234)
        self.upload(plain, dated)
        self.upload(record(1, "c", 300, w=7000))
        self.upload(plain, dated, uptime_ms=400, unix_ms=9000)
        self.upload(plain, dated, uptime_ms=500, unix_ms=5)
        self.assertEqual(self.dates(),
                         [(0, 8700, "upload"), (2, 1234, "device"), (1, 7000, "device")])

    def test_a_clock_record_leaves_what_is_dated_by_its_upload(self):
        self.upload(record(0, uptime_ms=100), uptime_ms=250, unix_ms=9000)
        self.upload(record(1, "c", 300, w=9000))
        self.assertEqual(self.dates(), [(0, 8850, "upload"), (1, 9000, "device")])

    def test_a_clock_that_was_wrong_dates_nothing_of_what_it_was_wrong_about(self):
        """An hour behind, until a server told; what came in between is not yet stored then."""
        self.upload(record(0, uptime_ms=100, w=100), record(1, "c", 200, w=200))
        self.upload(record(3, "c", 400, w=3_600_400), record(4, uptime_ms=500, w=3_600_500))
        self.upload(record(2, uptime_ms=300, w=300))
        self.assertEqual(self.dates(), [
            (0, 3_600_100, "clock"), (1, 3_600_200, "clock"), (3, 3_600_400, "device"),
            (4, 3_600_500, "device"), (2, 3_600_300, "clock")])

    def test_a_clock_that_was_a_little_off_is_left_alone(self):
        self.upload(record(0, uptime_ms=100, w=2100), record(1, "c", 200, w=4200))
        self.assertEqual(self.dates(), [(0, 2100, "device"), (1, 4200, "device")])

    def test_what_is_made_behind_a_clock_record_may_say_another_time(self):
        """Wall time was set again: both were right."""
        self.upload(record(0, "c", 100, w=100_000), record(1, uptime_ms=200, w=5200))
        self.assertEqual(self.dates(), [(0, 100_000, "device"), (1, 5200, "device")])


if __name__ == "__main__":
    unittest.main()
