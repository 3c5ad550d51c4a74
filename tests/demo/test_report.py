# SPDX-License-Identifier: Apache-2.0
import collections
import html.parser
import json
import pathlib
import sqlite3
import sys
import tempfile
import unittest

import report

TESTS = pathlib.Path(__file__).resolve().parents[1]
sys.path[:0] = [str(TESTS / "collector"), str(TESTS / "e2e")]
import agreement  # noqa: E402
import store  # noqa: E402

BOOT = 77
# When the device booted and what the fastest upload took; the device itself knows no wall time.
BEGAN_MS, WAY_MS = 1_700_000_000_000, 4
EVIL = "<script>alert('tv & \"radio\"')</script>"
VOID = {"meta"}

PLAYBACK = (   # uptime ms, and what the heartbeat then told of the session opened at 1 s
    (2000, {"xe": 1000, "jt": 600, "pt": 400, "se": 2}),
    (4000, {"xe": 3000, "jt": 600, "pt": 1900, "sd": 500, "sc": 1, "se": 2}),
    (5000, {"xe": 4000, "jt": 600, "pt": 2700, "sd": 700, "sc": 2, "se": 4}))
ENDED = (6000, {"xe": 5000, "jt": 600, "pt": 2700, "sd": 1234, "tt": 466, "sc": 2, "se": 11,
                "sr": 3})
PLAN = {"rtp": {}, "dropped": [5, 6, 7], "duplicated": [9], "reordered": [],
        "send_started_unix_ms": BEGAN_MS + 1500, "send_lasted_ms": 3500,
        "pauses": [{"began_s": 1.0, "measured_s": 0.75}]}


class Collected:
    """A database as the collector leaves it."""

    def __init__(self):
        self._database = sqlite3.connect(":memory:")
        self._database.row_factory = sqlite3.Row
        self._database.executescript(store.SCHEMA)
        self._made = collections.Counter()

    def rows(self, query, *values):
        return self._database.execute(query, values).fetchall()

    def upload(self, sent_ms, records, way_ms=WAY_MS, boot=BOOT, began_ms=BEGAN_MS):
        """`records` are (kind, uptime, session, groups)."""
        number = self._database.execute(
            "INSERT INTO uploads(received_ms, device, boot, m, bytes, records, status)"
            " VALUES (?, 'stb', ?, ?, 100, ?, 204)",
            (began_ms + sent_ms + way_ms, boot, sent_ms, len(records))).lastrowid
        for kind, uptime, session, groups in records:
            fields = {"k": kind, "q": self._made[boot], "u": uptime, **groups}
            self._database.execute(
                "INSERT INTO records VALUES ('stb', ?, ?, ?, ?, ?, ?, NULL, 'unknown', x'a0', ?, 0,"
                " ?)",
                (boot, fields["q"], kind, session, groups.get("sn"), uptime, json.dumps(fields), number))
            self._made[boot] += 1

    def refuse(self):
        self._database.execute("INSERT INTO uploads(received_ms, device, bytes, records, status,"
                               " reason) VALUES (?, 'stb', 9, 0, 400, 'torn')", (BEGAN_MS + 1,))

    def lose(self, seq):
        self._database.execute("DELETE FROM records WHERE seq = ?", (seq,))


def collected(events=True):
    """A session with two stalls; the collector is away while all of it but its start is made."""
    collector = Collected()
    collector.upload(1000, [("b", 0, None, {"b": {"dm": "box & co", "re": 5}}),
                            ("s", 1000, 1, {"d": {"ci": EVIL}})], way_ms=300)
    later = [("h", uptime, 1, {"p": p}) for uptime, p in PLAYBACK]
    if events:
        later += [("e", 2500, 1, {"e": {"et": 2, "ec": 1}}), ("e", 3000, 1, {"e": {"et": 3}}),
                  ("e", 4800, 1, {"e": {"et": 2, "ec": 2}})]
    later += [("x", ENDED[0], 1, {"p": ENDED[1]}),
              ("r", 3000, 1, {"sn": 1, "r": {"rl": -1, "rd": 2, "rj": 41}}),
              ("r", 6000, 1, {"sn": 1, "r": {"rl": 1357, "rd": 2468, "rj": 97531}}),
              ("a", 6000, None, {"a": {"ah": 26888, "ap": 512}, "n": {"bh": 13, "gf": 8642}})]
    collector.upload(7000, sorted(later, key=lambda record: record[1]))
    collector.refuse()
    return collector


def states(collector):
    run = report.Run(collector, [])
    (key, records), = run.having("p").items()
    return [(state, round(begin, 3), round(end, 3))
            for state, begin, end in report.states_of(run, key, records)]


class Reader(html.parser.HTMLParser):
    """Fails on a tag that is not closed in its turn; keeps tags, attributes and texts."""

    def __init__(self, page):
        super().__init__()
        self.open, self.tags, self.attributes, self.texts = [], [], [], []
        self.feed(page)
        self.close()
        assert not self.open, self.open

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.attributes += attrs
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open and self.open.pop() == tag, tag

    def handle_data(self, data):
        self.texts.append(data)


class Page(unittest.TestCase):
    def page(self, collector=None, rows=(), plan=None, marks=()):
        with tempfile.TemporaryDirectory() as folder:
            path = pathlib.Path(folder) / "report.html"
            report.write(path, title="a run", seed=7, device="a box", rows=rows,
                         plan=PLAN if plan is None else plan, collector=collector or collected(),
                         marks=marks)
            return path.read_text(encoding="utf-8")

    def read(self, **what):
        return Reader(self.page(**what))

    def test_is_well_formed_and_needs_nothing_from_elsewhere(self):
        page = self.page(rows=[agreement.Row("packets lost", 3, 3)],
                         marks=[("collector away", BEGAN_MS + 1000, BEGAN_MS + 6500)])
        reader = Reader(page)
        self.assertEqual(reader.tags.count("svg"), 7)
        self.assertFalse({"script", "link", "img", "iframe", "object"} & set(reader.tags))
        self.assertFalse({"src", "href", "xlink:href"} & {name for name, _ in reader.attributes})
        for outside in ("http:", "https:", "url(", "@import", "//"):
            self.assertNotIn(outside, page)

    def test_shows_what_the_records_tell(self):
        texts = " ".join(self.read(rows=[agreement.Row("packets lost", 1350, 1357, 9)]).texts)
        for text in ("lost 1,357 of 1,350 planned", "duplicated 2,468", "jitter 97,531",
                     "stalled 1.23", "playing 2.7", "TLS heap 26.26", "spool 0.5",
                     "packet buffers 13", "TCP segments 8,642", "made 12", "stored 12",
                     "2 stored, 1 refused", "box & co",
                     "3 packets dropped, 1 sent twice, 0 sent late"):
            self.assertIn(text, texts)

    def test_tooltips_give_value_unit_and_time(self):
        texts = self.read().texts
        self.assertIn("jitter: 41 µs at 3.0 s", texts)
        self.assertIn("lost: -1 packets at 3.0 s", texts)

    def test_a_devices_text_stays_text(self):
        page = self.page()
        self.assertNotIn("<script", page)
        self.assertIn(EVIL, Reader(page).texts)

    def test_a_marks_label_and_the_title_stay_text_too(self):
        page = self.page(marks=[(EVIL, BEGAN_MS, BEGAN_MS + 1000)],
                         rows=[agreement.Row(EVIL, 1, 2)])
        self.assertNotIn("<script", page)

    def test_says_that_all_agrees_or_which_rows_do_not(self):
        good, bad = agreement.Row("stalls", 2, 2), agreement.Row("startup ms", 500, 700, 150)
        absent = agreement.Row("packets lost", 1, None)
        self.assertIn("✓ The report agrees with the plan in all 1 rows",
                      self.read(rows=[good]).texts)
        texts = self.read(rows=[good, bad, absent]).texts
        self.assertIn("✗ 2 of 3 rows disagree: startup ms, packets lost", texts)
        self.assertEqual((texts.count("✓"), texts.count("✗")), (1, 2))
        self.assertIn("absent", texts)
        self.assertIn("±150", texts)

    def test_nothing_compared_is_no_agreement(self):
        page = self.page(rows=[])
        self.assertIn("There is nothing to compare", page)
        self.assertNotIn("verdict good", page)

    def test_a_record_that_never_came_is_missed(self):
        collector = collected()
        collector.lose(4)
        texts = " ".join(self.read(collector=collector).texts)
        self.assertIn("made 12", texts)
        self.assertIn("stored 11", texts)
        self.assertIn("Missing in the end: 1.", texts)

    def test_an_empty_database_and_a_plan_cut_short_still_make_a_page(self):
        reader = self.read(collector=Collected(), plan={}, marks=[("away", 1, 2)])
        self.assertIn("No record tells of it.", reader.texts)


class Times(unittest.TestCase):
    def test_the_fastest_upload_says_when_the_device_began(self):
        marks = [("away", BEGAN_MS + WAY_MS + 2000, BEGAN_MS + WAY_MS + 3500)]
        run = report.Run(collected(), marks)
        self.assertEqual(run.marks, [("away", 2.0, 3.5)])
        self.assertEqual([record.at for record in run.records][:3], [0.0, 1.0, 2.0])
        # The first upload was slower by 296 ms, and what it brought was stored that much later.
        self.assertAlmostEqual(run.records[0].stored_at, 1.296)
        self.assertAlmostEqual(run.records[-1].stored_at, 7.0)

    def test_without_the_uptime_of_uploads_that_of_records_will_do(self):
        collector = collected()
        collector.rows("UPDATE uploads SET m = NULL")
        run = report.Run(collector, [])
        # The freshest record waited 300 ms for its way only, so all seems made that much later.
        self.assertAlmostEqual(run.records[-1].stored_at, 6.704)

    def test_a_second_boot_follows_the_first_on_one_axis(self):
        collector = collected()
        collector.upload(500, [("b", 0, None, {"b": {}})], boot=3, began_ms=BEGAN_MS + 20000)
        run = report.Run(collector, [])
        self.assertEqual([record.boot for record in run.records][-2:], [BOOT, 3])
        self.assertAlmostEqual(run.records[-1].at, 20.0)
        self.assertIn("made 13", report.deliveries(run))


class Streams(unittest.TestCase):
    def test_streams_of_a_session_are_not_joined(self):
        collector = collected()
        collector.upload(9000, [("r", 8000, 1, {"sn": 2, "r": {"rl": 5}}),
                                ("r", 8500, 1, {"sn": 2, "r": {"rl": 6}})])
        line = report.Run(collector, []).line("lost", 0, "r", "rl")
        self.assertEqual([[value for _, value in run] for run in line.runs], [[-1, 1357], [5, 6]])


class States(unittest.TestCase):
    def test_events_say_when_a_stall_was(self):
        self.assertEqual(states(collected()), [
            ("jt", 1.0, 1.6), ("pt", 1.6, 2.5), ("sd", 2.5, 3.0), ("pt", 3.0, 4.8),
            ("sd", 4.8, 5.534), ("tt", 5.534, 6.0)])

    def test_without_events_the_durations_still_add_up(self):
        told = collections.Counter()
        for state, begin, end in states(collected(events=False)):
            told[state] += round((end - begin) * 1000)
        self.assertEqual(told, {key: ENDED[1][key] for key in ("jt", "pt", "sd", "tt")})


class Scale(unittest.TestCase):
    def test_ticks_are_round_few_and_cover_all(self):
        for low, high in ((0, 1), (-1, 13), (0, 31.7), (0, 97531), (0, 0.3), (-4000, 7)):
            with self.subTest(low=low, high=high):
                ticks = report.ticks(low, high)
                self.assertLessEqual(ticks[0], low)
                self.assertGreaterEqual(ticks[-1], high - 1e-9)
                self.assertLessEqual(len(ticks), 8)


if __name__ == "__main__":
    unittest.main()
