#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Each record once, dated as well as can be known, whatever else the same COPY brings."""

import random
import threading
import unittest

from sql_case import W, SqlCase, connect, record

VIEWS = ("sessions", "facets", "plays", "stop_reasons", "errors", "startups", "rebuffering",
         "watching", "bitrates", "levels", "reach", "ads", "publishing", "streams", "loss", "frames",
         "traffic", "traffic_lights", "totals", "supervision", "refusals")
KEY = "SELECT seq, resends FROM tally.records ORDER BY device, boot, seq"
DATES = ("SELECT seq, (extract(epoch FROM at) * 1000)::bigint, at_quality FROM tally.records"
         " ORDER BY device, boot, seq")


class Once(SqlCase):
    def test_nothing_is_left_where_it_landed(self):
        self.land(record(0), record(1))
        self.assertEqual(self.value("SELECT count(*) FROM tally.landing"), 0)
        self.assertEqual(self.rows(KEY), [(0, 0), (1, 0)])

    def test_a_resend_is_counted_and_stored_once(self):
        self.land(record(0), record(1))
        self.land(record(1), record(2))
        self.land(record(1))
        self.assertEqual(self.rows(KEY), [(0, 0), (1, 2), (2, 0)])

    def test_twice_in_one_copy_is_once(self):
        self.land(record(0), record(0), record(0), record(1))
        self.assertEqual(self.rows(KEY), [(0, 2), (1, 0)])

    def test_the_same_number_of_another_device_or_boot_is_another_record(self):
        self.land(record(0))
        self.land(record(0), b=2)
        self.land(record(0), d="stb-2")
        self.assertEqual(self.rows(KEY), [(0, 0)] * 3)

    def test_a_resend_with_other_content_is_refused_and_the_first_stands(self):
        self.land(record(0, a={"am": 1}))
        self.land(record(0, a={"am": 2}), record(1))
        self.land(record(0, a={"am": 3}), record(0, a={"am": 1}))
        self.assertEqual(self.rows("SELECT seq, fields ->> 'records_made', resends"
                                   " FROM tally.records ORDER BY seq"),
                         [(0, "1", 1), (1, None, 0)])
        self.land(record(2, "r", s=1, sn=1), record(2, "r", s=1, sn=2))
        self.assertEqual(self.rows("SELECT device, reason, records FROM tally.refusals"),
                         [("stb-1", "differs", 3)])

    def test_two_contents_of_one_key_in_one_copy(self):
        self.land(record(0, a={"am": 1}), record(0, a={"am": 2}), record(1))
        self.assertEqual(self.rows(KEY), [(0, 0), (1, 0)])
        self.assertEqual(self.rows("SELECT fields ->> 'reason' FROM tally.refused"),
                         [("differs",)])

    def test_uploads_of_one_boot_through_many_connections_at_once(self):
        records = [record(0, "c", w=W)] + [record(seq) for seq in range(1, 200)]
        faults = []

        def carry(chance):
            connection = connect(self.name)
            try:
                for _ in range(4):
                    told = chance.sample(records, len(records))
                    mine = type(self.landing)(connection)
                    head = {"d": "stb-1", "o": "operator-1", "b": 1, "v": 5}
                    mine.copy([mine.row(head, each) for each in told])
            except Exception as fault:  # pylint: disable=broad-except
                faults.append(fault)
            finally:
                connection.close()

        carriers = [threading.Thread(target=carry, args=(random.Random(n),)) for n in range(4)]
        for carrier in carriers:
            carrier.start()
        for carrier in carriers:
            carrier.join()
        self.assertEqual(faults, [])
        self.assertEqual(self.rows(KEY), [(seq, 15) for seq in range(200)])
        self.assertEqual(self.rows(DATES)[199], (199, W + 199000, "clock"))


class Hostile(SqlCase):
    """One row that is no record costs itself and nothing else."""

    HEARTBEAT = record(1, "h", s=1, p={"pt": 5, "sr": 1}, l={"lb": [1, 1, 1, 1, 1]})
    STREAM = record(1, "r", s=1, sn=1, r={"rx": 5})

    def spoilt(self, reason, tags=(), fields=(), without=(), told=HEARTBEAT):
        head = {"d": "stb-1", "o": "operator-1", "b": 1, "v": 5}
        row = self.landing.row(head, told)
        row[0].update(tags)
        row[1].update(fields)
        for name in without:
            row[0].pop(name, None)
            row[1].pop(name, None)
        self.landing.copy([self.landing.row(head, record(0)), row,
                           self.landing.row(head, record(2))])
        self.assertEqual([seq for seq, _ in self.rows(KEY)], [0, 2])
        self.assertEqual(self.value("SELECT fields ->> 'reason' FROM tally.refused"), reason)
        for view in ("sessions", "plays", "totals", "supervision"):
            self.rows(f"SELECT v::text FROM tally.{view} v")
        self.rows("TRUNCATE tally.records, tally.refused")

    def test_a_key_that_is_none(self):
        for name in ("device", "boot", "seq", "kind", "uptime_ms", "registry", "session", "operator"):
            with self.subTest(name):
                self.spoilt("form", without=[name])
        for fields in ({"boot": -1}, {"boot": 1 << 60}, {"boot": "1"}, {"boot": 1.5}, {"seq": None},
                       {"seq": [1]}, {"uptime_ms": 1e300}, {"device": ""}, {"device": "x" * 64},
                       {"device": 7}, {"kind": "hh"}, {"kind": "é"}, {"kind": 1}, {"session": 0},
                       {"wall_ms": -1}, {"wall_ms": "now"}, {"sent_wall_ms": 1 << 60},
                       {"sent_uptime_ms": {}}, {"declared_playback": "all"}):
            with self.subTest(fields):
                self.spoilt("form", fields=fields)

    def test_a_session_that_is_none_of_a_record_that_needs_none(self):
        self.spoilt("form", fields={"session": "first"}, told=record(1))

    def test_a_stream_without_a_number_and_a_number_without_a_stream(self):
        self.spoilt("form", without=["stream_number"], told=self.STREAM)
        for number in (0, 65536, 1.5, "1", None, [1]):
            with self.subTest(number):
                self.spoilt("form", fields={"stream_number": number}, told=self.STREAM)
        self.spoilt("form", fields={"stream_number": 1})

    def test_a_metric_of_another_type(self):
        for fields in ({"play_time_ms": "5"}, {"play_time_ms": -1}, {"play_time_ms": 1 << 54},
                       {"play_time_ms": 1.5}, {"play_time_ms": None}, {"play_time_ms": {}},
                       {"error_code": 1e30}, {"error_text": 5}, {"buffer_length_ms": "[1,2]"},
                       {"buffer_length_ms": "[1,2,3,4,x]"}, {"buffer_length_ms": [1, 2, 3, 4, 5]},
                       {"buffer_length_ms": "[1,2,3,4,99999999999]"},
                       {"buffer_length_ms": "[007,1,1,1,1]"}, {"buffer_length_ms": "[1,1,1,1,1]\n"},
                       {"startup_histogram_ms": "[0,0,01,1]"},
                       {"startup_histogram_ms": "[-2,0,511,1]"},
                       {"startup_histogram_ms": "[9,0,0]"}, {"startup_histogram_ms": "[0,0]"},
                       {"startup_histogram_ms": "[0,0,0" + ",1" * 21 + "]"}):
            with self.subTest(fields):
                self.spoilt("type", fields=fields)
        for tags in ({"stop_reason": 1}, {"display_width_pixels": "wide"},
                     {"display_width_pixels": "٣"}, {"sampling_ppm": "-5"}):
            with self.subTest(tags):
                self.spoilt("type", tags=tags)

    def test_figures_at_their_bounds_break_no_view(self):
        most = 1 << 53
        at_most = {name: most for name in ("pt", "sd", "bd", "bm", "bw", "xe", "sc", "su", "it")}
        for seq, spread in enumerate(([3, 9_999_999_999, 492] + [9_999_999_999] * 20,
                                      [-2, 0, 15, 1], [0, 1, 63, 1], [3, 0, -1, 1])):
            self.land(record(seq, "v", w=W, h={"ha": spread}, g={"go": most}), b=seq)
            self.land(record(seq + 1, "x", w=W + 5, s=1, p=at_most, l={"lb": [-2**31, -2**31,
                      2**31 - 1, 2**31 - 1, 2**32 - 1]}),
                      record(seq + 2, "j", s=1, sn=1, w=W, j={"jp": most, "jl": -most}),
                      record(seq + 3, "r", s=1, sn=65535, w=W,
                             r={"rx": most, "rl": most, "rb": most}), b=seq)
        self.assertEqual(self.rows("SELECT * FROM tally.refusals"), [])
        for view in (*VIEWS, "percentiles('-infinity', 'infinity')",
                     "concurrency('2027-01-15 07:59+00', '2027-01-15 08:01+00')"):
            self.rows(f"SELECT v::text FROM tally.{view} v")

    def test_what_the_registry_does_not_know_is_kept(self):
        head = {"d": "stb-1", "o": "operator-1", "b": 1, "v": 9}
        tags, fields = self.landing.row(head, record(0, "z"))
        self.landing.copy([(tags, {**fields, "of_tomorrow": {"deep": [1]}})])
        self.assertEqual(self.row("SELECT kind, fields FROM tally.records"),
                         ("z", {"of_tomorrow": {"deep": [1]}}))

    def test_times_at_the_edge_of_what_there_is(self):
        most, latest = 1 << 53, 253_402_300_799_999
        self.land(record(6, w=latest), record(7, w=latest + 1))
        self.assertEqual(self.rows(DATES), [(6, latest, "device"), (7, None, "unknown")])
        self.land(record(0, uptime_ms=most, w=most), record(1, "c", uptime_ms=0, w=most),
                  record(2, uptime_ms=most), record(3, uptime_ms=0, w=0),
                  record(4, "x", s=1, w=5, p={"xe": most}),
                  record(5, "x", s=2, w=5, p={"xe": 1, "it": most}), m=0, t=most)
        self.assertEqual(self.value("SELECT count(*) FROM tally.records"), 8)
        for view in VIEWS:
            self.rows(f"SELECT v::text FROM tally.{view} v")

    def test_telegraf_may_land_and_nothing_else(self):
        telegraf = connect(self.name, "telegraf")
        self.addCleanup(telegraf.close)
        landing = type(self.landing)(self.connection)
        with telegraf.cursor() as cursor:
            landing._connection = telegraf  # pylint: disable=protected-access
            landing.copy([landing.row({"d": "a", "o": "o", "b": 1, "v": 5}, record(0))])
            self.assertEqual(self.rows(KEY), [(0, 0)])
            for statement in ("SELECT * FROM tally.records", "DELETE FROM tally.records",
                              "SELECT tally.forget(now())", "SELECT * FROM tally.sessions"):
                with self.subTest(statement), self.assertRaisesRegex(Exception, "denied"):
                    cursor.execute(statement)


class Dates(SqlCase):
    """`w`; else the upload; else the boot's clock record, whenever that comes."""

    def test_by_the_device(self):
        self.land(record(1, w=W + 5), m=2000, t=W)
        self.assertEqual(self.rows(DATES), [(1, W + 5, "device")])

    def test_by_the_upload(self):
        self.land(record(1), m=1500, t=W)
        self.assertEqual(self.rows(DATES), [(1, W - 500, "upload")])

    def test_of_several_uploads_the_last_one_counts_in_any_order(self):
        for uploads in (((1500, W), (9000, W + 7600)), ((9000, W + 7600), (1500, W))):
            for sent_ms, unix_ms in uploads:
                self.land(record(1), m=sent_ms, t=unix_ms)
            self.assertEqual(self.rows(DATES), [(1, W - 400, "upload")])
            self.rows("TRUNCATE tally.records")

    def test_by_the_clock_record_before_and_behind_it(self):
        self.land(record(1))
        self.assertEqual(self.rows(DATES), [(1, None, "unknown")])
        self.land(record(2, "c", w=W + 2000))
        self.land(record(3))
        self.assertEqual(self.rows(DATES), [(1, W + 1000, "clock"), (2, W + 2000, "device"),
                                        (3, W + 3000, "clock")])

    def test_another_boot_s_clock_is_none(self):
        self.land(record(2, "c", w=W + 2000))
        self.land(record(1), b=2)
        self.land(record(1), d="stb-2")
        self.assertEqual([quality for _, _, quality in self.rows(DATES)],
                         ["device", "unknown", "unknown"])

    def test_a_second_clock_record_corrects_what_was_believed_before_it(self):
        wrong = 946_684_800_000  # the year 2000
        told = [record(0), record(1, "c", w=wrong + 1000), record(2, w=wrong + 2000),
                record(3, "c", w=W + 3000), record(4, w=W + 4000)]
        for order in (told, told[::-1], told[2:] + told[:2]):
            for each in order:
                self.land(each)
            self.assertEqual(self.rows(DATES), [(0, W, "clock"), (1, W + 1000, "clock"),
                                            (2, W + 2000, "clock"), (3, W + 3000, "device"),
                                            (4, W + 4000, "device")])
            self.rows("TRUNCATE tally.records")

    def test_two_seconds_are_no_correction(self):
        self.land(record(1, w=W + 3000), record(2, "c", w=W + 2000))
        self.land(record(3, w=W + 5001))
        self.land(record(4, "c", w=W + 4000))
        self.assertEqual(self.rows(DATES), [(1, W + 3000, "device"), (2, W + 2000, "device"),
                                        (3, W + 3000, "clock"), (4, W + 4000, "device")])

    def test_an_upload_sent_before_the_clock_was_set_gives_way_to_it(self):
        self.land(record(1), m=2000, t=77_000)
        self.assertEqual(self.rows(DATES), [(1, 76_000, "upload")])
        self.land(record(3, "c", w=W + 3000))
        self.assertEqual(self.rows(DATES)[0], (1, W + 1000, "clock"))

    def test_a_past_hour_changes_when_late_records_come(self):
        end = {"pa": 1, "fp": 1, "pt": 4000, "xe": 5000}
        hours = ("SELECT extract(epoch FROM hour)::bigint * 1000, sessions::int, play_time_ms::int"
                 " FROM tally.plays JOIN tally.watching USING (operator, hour, dimension, value)"
                 " WHERE dimension = 'all' ORDER BY hour")
        self.land(record(1, "x", s=1, w=W + 9000, p=end))
        self.assertEqual(self.rows(hours), [(W, 1, 4000)])
        self.land(record(2, "x", s=2, w=W + 9_000_000, p=end))
        self.land(record(3, "x", s=3, w=W + 10_000, p=end))
        self.assertEqual(self.rows(hours), [(W, 2, 8000), (W + 7_200_000, 1, 4000)])

    def test_an_undated_hour_becomes_a_dated_one(self):
        self.land(record(1, "x", s=1, p={"pa": 1}))
        self.assertEqual(self.rows("SELECT hour, sessions FROM tally.plays"
                                   " WHERE dimension = 'all'"), [(None, 1)])
        self.land(record(5, "c", w=W + 5000))
        self.assertEqual(self.rows("SELECT extract(epoch FROM hour)::bigint * 1000, sessions"
                                   " FROM tally.plays WHERE dimension = 'all'"), [(W, 1)])

    def test_what_is_old_can_be_forgotten(self):
        self.land(record(0, "b"), record(1, w=W), record(2, w=W + 5000))
        self.land(record(0, "b", w=W + 1000, b={"bb": 1}), b=2)
        self.rows("SELECT tally.forget(to_timestamp(%s))", (W + 3000) / 1000)
        self.assertEqual(self.rows("SELECT boot, seq FROM tally.records"), [(1, 2)])


if __name__ == "__main__":
    unittest.main(verbosity=2)
