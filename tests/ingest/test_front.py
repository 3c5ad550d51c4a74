# SPDX-License-Identifier: Apache-2.0
"""What comes through the front and the gate, and what becomes of the rest."""
import contextlib
import gzip
import pathlib
import tempfile
import time
import unittest

from engines import HERE, Telegraf, await_true
from road import DEVICE, STRANGER, RoadTest, body, heartbeat
import harness

FLOOD = 40
LEVEL, HISTOGRAM = [5, -3, 9, 4, 60000], [3, 1, 12, 4, 0, 2]


class Front(RoadTest):
    def setUp(self):
        self.boot = int(time.time() * 1000)  # each test has records of its own
        self.refused = len(self.road.refusals())

    def body(self, *records, **more):
        return body(*records, boot=self.boot, **more)

    def assert_nothing_stored(self):
        """Behind what came before, a record that is good has landed, and nothing of the former."""
        marker = self.boot + 1
        self.road.deliver(body(heartbeat(0), boot=marker))
        self.road.await_stored(1, boot=marker)
        self.assertEqual(self.road.stored(self.boot), [])

    def await_refusals(self, count):
        return await_true("refusals are told", lambda: (
            told := self.road.refusals()) and len(told) >= self.refused + count and told)

    def test_records_of_an_upload_land_each_as_it_was_sent(self):
        sent = self.body(heartbeat(0, l={"lb": LEVEL}, p={"pt": 1}), heartbeat(1),
                         harness.record(2, "v", 2000, h={"ha": HISTOGRAM}),
                         harness.record(3, "r", 2000, s=1, sn=2, r={"rx": 5}),
                         uptime_ms=5000, unix_ms=1760936595000)
        self.assertEqual(self.road.deliver(sent)[-1], 204)
        self.road.await_stored(4, self.boot)
        rows = self.road.database.query(
            "SELECT device, operator, kind, session, stream_number, uptime_ms, at_quality, fields,"
            " (extract(epoch FROM at) * 1000)::bigint AS at_ms"
            f" FROM tally.records WHERE boot = {self.boot} ORDER BY seq")
        self.assertEqual([row["device"] for row in rows], [DEVICE] * 4)
        self.assertEqual([(row["session"], row["stream_number"]) for row in rows],
                         [(1, None), (1, None), (0, None), (1, 2)])
        self.assertEqual([row["at_quality"] for row in rows], ["upload"] * 4)
        self.assertEqual([row["at_ms"] for row in rows],
                         [1760936595000 - 5000 + uptime for uptime in (1000, 1001, 2000, 2000)])
        self.assertEqual(rows[0]["fields"]["buffer_length_ms"], str(LEVEL).replace(" ", ""))
        self.assertEqual(rows[0]["fields"]["play_time_ms"], 1)
        self.assertEqual(rows[2]["fields"]["startup_histogram_ms"],
                         str(HISTOGRAM).replace(" ", ""))

    def test_a_header_that_the_device_made_up_says_nothing(self):
        self.road.deliver(self.body(heartbeat(0)), **{"X-Tally-Device": STRANGER})
        self.road.await_stored(1, self.boot)

    def test_another_devices_records_are_told_and_not_stored(self):
        for forged in ({}, {"X-Tally-Device": DEVICE}):
            sent = self.body(heartbeat(0), heartbeat(1))
            self.assertEqual(self.road.deliver(sent, client=STRANGER, **forged)[-1], 204)
        mine = [row["fields"] for row in self.await_refusals(4)
                if row["fields"].get("boot") == self.boot]
        self.assertEqual([(fields["certificate"], fields["device"], fields["reason"], fields["seq"])
                          for fields in mine],
                         [(STRANGER, DEVICE, "device", seq) for seq in (0, 0, 1, 1)])
        self.assertFalse({"play_time_ms", "session"} & mine[0].keys())
        self.assert_nothing_stored()

    def test_without_a_certificate_nothing_is_taken(self):
        self.assertEqual(self.road.upload(self.body(heartbeat(0)), None)[0], 403)
        self.assert_nothing_stored()

    def test_only_uploads_on_their_path(self):
        sent = self.body(heartbeat(0))
        self.assertEqual(self.road.upload(sent, method="PUT")[0], 405)
        self.assertEqual(self.road.upload(None, method="GET")[0], 405)
        for path in ("/", "/v1/records/", "/healthy", "/journal"):
            self.assertEqual(self.road.upload(sent, path=path)[0], 404, path)
        self.assert_nothing_stored()

    def test_what_is_no_upload_is_told_so(self):
        whole = self.body(heartbeat(0))
        for what, sent in (("cut", whole[:-3]), ("more behind it", whole + b"\x00"), ("empty", b""),
                           ("text", b"hello"), ("packed", gzip.compress(whole)),
                           ("text for a number", self.body(heartbeat(0, p={"pt": "x"}))),
                           ("a sequence", whole + whole)):
            packed = {"Content-Encoding": "gzip"} if what == "packed" else {}
            self.assertEqual(self.road.deliver(sent, **packed)[-1], 400, what)
        self.assertEqual(self.road.deliver(bytes(1 << 20) + b"\x00")[-1], 413)
        self.assert_nothing_stored()

    def test_a_record_without_its_key_or_form_is_told_and_costs_no_other(self):
        keyless = {"k": "h", "u": 5, "s": 1}
        nameless = harness.record(3, "r", 5, s=1, r={"rx": 5})
        odd = heartbeat(1, l={"lb": ['1"', 2, 3, 4, 5]})
        self.assertEqual(self.road.deliver(self.body(keyless, odd, heartbeat(2), nameless))[-1], 204)
        self.assertEqual(self.road.await_stored(1, self.boot), [2])
        self.assertEqual([row["fields"]["reason"] for row in self.await_refusals(3)
                          if row["fields"].get("boot") == self.boot], ["form"] * 3)

    def test_a_text_that_no_database_takes_costs_no_other(self):
        start = harness.record(0, "s", 10, s=1, d={"ct": "a\x00b", "pn": "\x00"})
        self.road.deliver(self.body(start, heartbeat(1)))
        self.road.await_stored(2, self.boot)
        fields = self.road.database.value(
            f"SELECT fields FROM tally.records WHERE boot = {self.boot} AND seq = 0")
        self.assertEqual((fields["content_title"], fields["player_name"]), ("a\ufffdb", "\ufffd"))

    def test_a_device_that_floods_is_told_to_wait_and_loses_nothing(self):
        with contextlib.closing(self.road.connect()) as connection:
            told = [status for seq in range(FLOOD) for status in
                    self.road.deliver(self.body(heartbeat(seq)), connection=connection)]
        self.assertEqual(set(told), {204, 429})
        self.assertEqual(self.road.await_stored(FLOOD, self.boot), list(range(FLOOD)))

    def test_the_same_upload_again_is_stored_once(self):
        sent = self.body(*[heartbeat(seq) for seq in range(5)])
        again = self.body(*[heartbeat(seq) for seq in range(3, 8)])
        for data in (sent, sent, sent, again):
            self.road.deliver(data)
        self.assertEqual(self.road.await_stored(8, self.boot), list(range(8)))
        await_true("resends are counted", lambda: self.road.database.value(
            f"SELECT sum(resends) FROM tally.records WHERE boot = {self.boot}") == 12)

    def test_times_that_make_no_sense_cost_nothing_else(self):
        odd = [heartbeat(0, w=1), heartbeat(1, w=(1 << 53) - 1), heartbeat(2)]
        self.road.deliver(self.body(*odd, uptime_ms=1 << 50, unix_ms=7))
        self.assertEqual(self.road.await_stored(3, self.boot), [0, 1, 2])


class Room(RoadTest):
    """A Telegraf that has room for few records only."""

    @classmethod
    def setUpClass(cls):
        folder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(folder.cleanup)
        small = pathlib.Path(folder.name) / "agent.conf"
        text = (HERE / "telegraf/agent.conf").read_text(encoding="utf-8")
        small.write_text(text.replace("lt = 50000.0", "lt = 50.0"), encoding="utf-8")
        cls.own = (small, *Telegraf.OWN[1:])
        super().setUpClass()

    def test_devices_wait_while_the_database_is_away_and_nothing_is_lost(self):
        self.road.database.stop()
        seq, refused = 0, None
        deadline = time.monotonic() + 120
        while refused is None and time.monotonic() < deadline:
            status, wait_s = self.road.upload(body(*[heartbeat(seq + n) for n in range(10)]))
            if status == 204:
                seq += 10
            elif status == 503:
                refused = wait_s
            else:
                self.assertEqual(status, 429)
            time.sleep(0.5)
        self.assertIsNotNone(refused, "the front closes")
        self.assertGreaterEqual(int(refused), 1)
        self.road.database.start()
        await_true("the front opens", lambda: self.road.upload(
            body(*[heartbeat(seq + n) for n in range(10)]))[0] == 204)
        self.assertEqual(self.road.await_stored(seq + 10), list(range(seq + 10)))

    def test_without_telegraf_devices_keep_what_they_have(self):
        """Another device: the first has been told to wait."""
        sent = body(heartbeat(0), device=STRANGER)
        self.road.telegraf.stop()
        status, wait_s = self.road.upload(sent, STRANGER)
        self.assertEqual(status, 503)
        self.assertGreaterEqual(int(wait_s), 1)
        self.road.start_telegraf()
        self.assertEqual(self.road.deliver(sent, client=STRANGER)[-1], 204)
        await_true("it lands", lambda: self.road.database.query(
            f"SELECT seq FROM tally.records WHERE device = '{STRANGER}'") == [{"seq": 0}])


if __name__ == "__main__":
    unittest.main()
