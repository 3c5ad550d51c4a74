#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""200,000 records of ten days: what a view reads to tell of one hour of them."""

import unittest

from sql_case import SqlCase

RECORDS = 200_000
SHARE = 0.1  # of all that is there: an hour is 1 of 240, concurrency looks two of ten days back
SINCE, UNTIL = "2027-01-19 10:00+00", "2027-01-19 11:00+00"
VIEWS = ("sessions", "facets", "plays", "stop_reasons", "errors", "startups", "rebuffering",
         "watching", "bitrates", "levels", "reach", "ads", "publishing", "loss", "frames", "traffic",
         "totals")
# 1,000 devices, 10 days, 10 sessions each: start, 11 heartbeats, 3 RTP records of 2 streams, end ...
# a record of all sessions and one of the agent with each, a boot and a clock record a device.
MAKE = """
INSERT INTO tally.records
SELECT 'stb-' || device, 1, session * 20 + place, kind, CASE WHEN place < 17 THEN session ELSE 0 END,
    CASE WHEN kind = 'r' THEN 1 + place % 2 END, 'operator-1', 5, 0, NULL, NULL, NULL, at, CASE WHEN kind IN ('h', 'x') THEN opened ELSE at END,
    'device', CASE WHEN kind IN ('s', 'b') THEN '{"declared_playback": 1125899906842623}'::jsonb END,
    CASE kind
        WHEN 'b' THEN '{"device_model": "Aurora", "os": "Linux"}'
        WHEN 's' THEN jsonb_build_object('content_id', 'c-' || session, 'tags', 'live,sport',
            'session_id', 77 + session)
        WHEN 'r' THEN jsonb_build_object('rtp_expected', place * 100, 'rtp_lost', place)
        WHEN 'v' THEN jsonb_build_object('viewing_sessions', session,
            'startup_histogram_ms', '[0,0,9,' || session || ']')
        WHEN 'e' THEN '{"event_type": "fatal", "event_code": 1, "event_detail": 4}'
        ELSE jsonb_build_object('play_attempts', 1, 'first_plays', 1, 'play_time_ms', place * 60000,
            'elapsed_time_ms', place * 60000, 'startup_time_ms', 700 + session,
            'content_id', 'c-' || session, 'tags', 'live,sport', 'session_id', 77 + session) END
FROM (
    SELECT device, session, place, opened, opened + place * interval '1 minute' AS at,
        CASE WHEN place = 0 THEN 's' WHEN place < 12 THEN 'h' WHEN place < 15 THEN 'r'
            WHEN place = 15 THEN 'e' WHEN place = 16 THEN 'x' WHEN place = 17 THEN 'v'
            WHEN place = 18 THEN 'a' WHEN session = 0 THEN 'b' ELSE 'd' END AS kind
    FROM generate_series(1, 1000) device, generate_series(0, 9) session,
        generate_series(0, 19) place, LATERAL (SELECT '2027-01-15 00:00+00'::timestamptz
            + session * interval '1 day' + device * interval '80 seconds' AS opened) o
) made"""


def nodes(plan):
    yield plan
    for below in plan.get("Plans", ()):
        yield from nodes(below)


class Scale(SqlCase):
    @classmethod
    def setUpClass(cls):
        cls.read = {}

    @classmethod
    def tearDownClass(cls):
        for view, count in cls.read.items():
            print(f"{view:<24}{count:>8} of {RECORDS:,} records read for one hour", flush=True)

    def setUp(self):
        super().setUp()
        self.rows(MAKE)
        self.rows("VACUUM ANALYZE tally.records")
        self.assertEqual(self.value("SELECT count(*) FROM tally.records"), RECORDS)

    def reads(self, name, query):
        """Rows of tally.records that a query looks at, those it passes over included."""
        (plan,) = self.value("EXPLAIN (ANALYZE, FORMAT JSON, TIMING OFF, COSTS OFF) " + query)
        scans = [node for node in nodes(plan["Plan"]) if node.get("Relation Name") == "records"
                 and not node["Node Type"].startswith("Bitmap Index")]
        self.assertNotEqual(scans, [], name)
        for scan in scans:
            self.assertNotEqual(scan["Node Type"], "Seq Scan", f"{name}: {scan}")
        self.read[name] = sum((scan["Actual Rows"] + scan.get("Rows Removed by Filter", 0))
                              * scan["Actual Loops"] for scan in scans)
        self.assertLess(self.read[name], SHARE * RECORDS, name)

    def test_an_hour_costs_an_hour(self):
        for view in VIEWS:
            with self.subTest(view):
                where = f"hour = '{SINCE}'" + ("" if view == "sessions" else " AND dimension = 'all'")
                found = self.value(f"SELECT count(*) FROM tally.{view} WHERE {where}")
                self.assertEqual(found > 0, view not in ("levels", "publishing", "frames"), view)
                self.reads(view, f"SELECT * FROM tally.{view} WHERE {where}")
        for function in ("concurrency", "percentiles"):
            with self.subTest(function):
                self.reads(function, f"SELECT * FROM tally.{function}('{SINCE}', '{UNTIL}')")
        with self.subTest("a time of its own"):
            self.reads("sessions of a time", "SELECT * FROM tally.sessions WHERE began >="
                       f" '{SINCE}' AND began < '{UNTIL}'")
            self.reads("sessions of a device",
                       "SELECT * FROM tally.sessions WHERE device = 'stb-77'")

    def test_a_view_without_a_time_reads_all(self):
        """That the measure measures."""
        with self.assertRaises(AssertionError):
            self.reads("plays", "SELECT * FROM tally.plays")
        self.read.pop("plays", None)


if __name__ == "__main__":
    unittest.main(verbosity=2)
