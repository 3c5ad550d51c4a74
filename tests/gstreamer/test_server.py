# SPDX-License-Identifier: Apache-2.0
"""The server gives what its plan says and says what it gave."""
import http.client
import pathlib
import time
import unittest

import scratch
from bucket import BURST_S, Bucket
from serving import Served

KB = 1000


class Schedule(unittest.TestCase):
    def test_data_leaves_at_the_rate_of_its_step(self):
        bucket = Bucket([(0, 800)])  # 100 KB/s
        self.assertAlmostEqual(bucket.due_s(0, 50 * KB), 0.5)
        self.assertAlmostEqual(bucket.due_s(0, 50 * KB), 1.0)

    def test_data_that_begins_in_one_step_ends_in_the_next(self):
        bucket = Bucket([(0, 800), (1, 400)])
        self.assertAlmostEqual(bucket.due_s(0, 150 * KB), 2.0)

    def test_a_stall_lasts_as_long_as_its_step(self):
        bucket = Bucket([(0, 800), (1, 0), (4, 800)])
        self.assertAlmostEqual(bucket.due_s(0, 150 * KB), 4.5)

    def test_a_step_without_limit_lets_everything_pass(self):
        bucket = Bucket([(0, 800), (1, None)])
        self.assertAlmostEqual(bucket.due_s(0, 900 * KB), 1.0)
        self.assertAlmostEqual(bucket.due_s(5, 900 * KB), 5.0)

    def test_time_that_nobody_used_is_saved_up_for_a_moment_only(self):
        bucket = Bucket([(0, 800)])
        self.assertAlmostEqual(bucket.due_s(10, 100 * KB), 11 - BURST_S)

    def test_who_comes_late_catches_up(self):
        bucket = Bucket([(0, 800)])
        bucket.due_s(0, 10 * KB)
        self.assertAlmostEqual(bucket.due_s(0.15, 10 * KB), 0.2)

    def test_before_its_mark_nothing_is_limited(self):
        self.assertEqual(Bucket([(0, 8)]).due_s(-1, KB), -1)

    def test_nonsense_is_refused(self):
        for steps in ([], [(1, 800)], [(0, 800), (0, 900)], [(0, 800), (3, 1), (2, 1)], [(0, 0)]):
            with self.subTest(steps), self.assertRaises(ValueError):
                Bucket(steps)


class Serving(unittest.TestCase):
    def setUp(self):
        self.folder = pathlib.Path(scratch.folder(self.addCleanup))
        (self.folder / "root").mkdir()
        (self.folder / "root/a.ts").write_bytes(bytes(range(250)) * 400)

    def serve(self, plan):
        served = Served(self.folder, self.folder / "root", plan)
        self.addCleanup(served.stop)
        return served

    def ask(self, served, path="/a.ts", method="GET", **fields):
        connection = http.client.HTTPConnection("127.0.0.1", served.port, timeout=60)
        self.addCleanup(connection.close)
        connection.request(method, path, headers=fields)
        answer = connection.getresponse()
        return answer.status, answer.read()

    def test_a_file_comes_whole_and_is_written_down(self):
        served = self.serve({})
        self.assertEqual(self.ask(served), (200, bytes(range(250)) * 400))
        served.await_log(served.answers)
        entry, = served.answers()
        self.assertEqual((entry["path"], entry["status"], entry["bytes"], entry["is_whole"]),
                         ("/a.ts", 200, 100_000, True))
        self.assertLessEqual(entry["asked_ms"], entry["first_ms"])
        self.assertLessEqual(entry["first_ms"], entry["last_ms"])

    def test_a_range_is_a_part(self):
        served = self.serve({})
        self.assertEqual(self.ask(served, Range="bytes=251-253"), (206, b"\x01\x02\x03"))
        self.assertEqual(len(self.ask(served, Range="bytes=99990-")[1]), 10)

    def test_a_head_has_no_body(self):
        self.assertEqual(self.ask(self.serve({}), method="HEAD"), (200, b""))

    def test_what_is_not_there_or_outside_or_planned_so_is_404(self):
        served = self.serve({"missing": ["a.ts"]})
        for path in ("/b.ts", "/../plan.json", "/a.ts"):
            self.assertEqual(self.ask(served, path), (404, b""))

    def test_a_planned_rate_and_a_planned_stall_are_kept(self):
        served = self.serve({"rates": [[0, 1600], [0.25, 0], [0.75, 1600]]})
        began = time.monotonic()
        self.ask(served)
        took_s = time.monotonic() - began
        served.await_log(served.answers)
        entry, = served.answers()
        self.assertGreater(took_s, 0.95)
        self.assertLess(took_s, 1.2 + entry["late_ms"] / 1000)

    def test_a_mark_is_set_by_the_file_that_is_named(self):
        served = self.serve({"mark": "a.ts", "rates": [[0, 1600]]})
        self.ask(served, "/nothing")
        self.assertEqual(served.log("mark"), [])
        self.ask(served)
        self.assertEqual(served.log("mark")[0]["mark"], "/a.ts")

    def test_a_planned_cut_ends_the_connection_in_the_middle(self):
        served = self.serve({"cut": [["a.ts", 20_480]]})
        with self.assertRaises(http.client.IncompleteRead) as caught:
            self.ask(served)
        self.assertEqual(len(caught.exception.partial), 20_480)
        served.await_log(served.answers)
        self.assertFalse(served.answers()[0]["is_whole"])

    def test_a_server_that_is_gone_resets_and_refuses(self):
        served = self.serve({"rates": [[0, 80]], "gone_s": 0.3})
        with self.assertRaises((ConnectionResetError, http.client.IncompleteRead)):
            self.ask(served)
        with self.assertRaises(ConnectionRefusedError):
            self.ask(served)
        self.assertEqual(len(served.log("gone")), 1)


if __name__ == "__main__":
    unittest.main()
