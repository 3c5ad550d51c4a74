# SPDX-License-Identifier: Apache-2.0
"""Every fault is as bad as its name, and ends when its count is used up."""

import contextlib
import email.utils
import http.client
import pathlib
import socket
import ssl
import tempfile
import time

import faults
from harness import PATH, CollectorTest, body, record

UPLOAD = body(record(0))


def raw_answer(collector, limit=1 << 16, timeout=60):
    """The first bytes of an answer, as they come; ends with the connection or at `limit`."""
    context = ssl.create_default_context(cafile=collector.cert("ca.pem"))
    context.load_cert_chain(collector.cert("device.pem"), collector.cert("device.key"))
    with socket.create_connection(("127.0.0.1", collector.port), timeout) as plain, \
            context.wrap_socket(plain, server_hostname="localhost") as tls:
        tls.sendall(f"POST {PATH} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/cbor\r\n"
                    f"Content-Length: {len(UPLOAD)}\r\n\r\n".encode() + UPLOAD)
        answer = b""
        with contextlib.suppress(ConnectionError, ssl.SSLEOFError):
            while len(answer) < limit:
                chunk = tls.recv(limit)
                if not chunk:
                    break
                answer += chunk
        return answer


class Faults(CollectorTest):
    def spoiled(self, fault, *switches):
        return self.collector("--fault", fault, "--fault-count", "1", *switches)

    def assert_stored(self, collector, resends):
        self.assertEqual(collector.rows("SELECT seq, resends FROM records"), [(0, resends)])

    def assert_refuses_once(self, fault):
        collector = self.spoiled(fault)
        self.assertEqual(collector.upload(UPLOAD)[0], int(fault))
        self.assertEqual(collector.rows("SELECT * FROM records"), [])
        self.assertEqual(collector.upload(UPLOAD)[0], 204)
        self.assert_stored(collector, resends=0)

    def assert_counts_the_resend(self, collector):
        """The answer was lost, the upload was not."""
        self.assert_stored(collector, resends=0)
        self.assertEqual(collector.upload(UPLOAD)[0], 204)
        self.assert_stored(collector, resends=1)

    def headers_of(self, collector):
        with contextlib.closing(collector.connect()) as connection:
            connection.request("POST", PATH, UPLOAD, {"Content-Type": "application/cbor"})
            return connection.getresponse().headers

    def test_a_refusal_stores_nothing(self):
        for status in ("302", "429", "500"):
            self.assert_refuses_once(status)

    def test_every_number_is_that_status(self):
        for status in (302, 400, 401, 403, 408, 413, 415, 422, 425, 429, 500, 503):
            self.assertIn(str(status), faults.KINDS)
            self.assertEqual(faults.Faults().refusal(str(status)).status, status)

    def test_a_busy_server_says_when_to_come_back(self):
        for fault in ("429", "503"):
            collector = self.spoiled(fault, "--fault-delay", "7")
            self.assertEqual(self.headers_of(collector)["Retry-After"], "7")
        self.assertIsNone(self.headers_of(self.spoiled("500"))["Retry-After"])

    def test_any_refusal_says_so_if_it_is_told_to(self):
        for fault in ("408", "500", "portal"):
            collector = self.spoiled(fault, "--fault-delay", "9", "--fault-retry-after", "seconds")
            self.assertEqual(self.headers_of(collector)["Retry-After"], "9")

    def test_a_busy_server_may_give_a_date(self):
        collector = self.spoiled("503", "--fault-delay", "3600", "--fault-retry-after", "date")
        headers = self.headers_of(collector)
        self.assertRegex(headers["Retry-After"],
                         r"^[A-Z][a-z]{2}, \d\d [A-Z][a-z]{2} \d{4} \d\d:\d\d:\d\d GMT$")
        told, now = (email.utils.parsedate_to_datetime(headers[name])
                     for name in ("Retry-After", "Date"))
        self.assertAlmostEqual((told - now).total_seconds(), 3600, delta=60)

    def test_a_redirect_names_another_place(self):
        self.assertEqual(self.headers_of(self.spoiled("302"))["Location"],
                         "https://portal.invalid/login")

    def test_a_portal_answers_with_a_page_and_stores_nothing(self):
        collector = self.spoiled("portal")
        self.assertEqual(self.headers_of(collector)["Content-Type"], "text/html; charset=utf-8")
        self.assertEqual(collector.rows("SELECT * FROM records"), [])
        self.assertEqual(collector.upload(UPLOAD), (204, ""))
        status, text = self.spoiled("portal").upload(UPLOAD)
        self.assertEqual(status, 200)
        self.assertTrue(text.startswith("<!doctype html>"))

    def test_a_slow_answer_is_good_but_late(self):
        collector = self.spoiled("slow", "--fault-delay", "0.5")
        began = time.monotonic()
        self.assertEqual(collector.upload(UPLOAD)[0], 204)
        self.assertGreater(time.monotonic() - began, 0.45)
        self.assert_counts_the_resend(collector)

    def test_a_hanging_server_never_answers(self):
        collector = self.spoiled("hang")
        with self.assertRaises(TimeoutError):
            collector.upload(UPLOAD, timeout=0.5)
        self.assert_counts_the_resend(collector)

    def test_a_hanging_server_still_stops_when_told(self):
        collector = self.spoiled("hang")
        with contextlib.closing(collector.connect()) as connection:
            connection.request("POST", PATH, UPLOAD, {"Content-Type": "application/cbor"})
            time.sleep(0.2)
            self.assertEqual(collector.stop(), 0)

    def test_an_answer_is_cut_in_the_middle(self):
        collector = self.spoiled("cut")
        self.assertEqual(raw_answer(collector), b"HTTP/1.1 204 No Con")
        self.assert_counts_the_resend(collector)

    def test_garbage_is_no_http(self):
        collector = self.spoiled("garbage")
        with self.assertRaises(http.client.BadStatusLine):
            collector.upload(UPLOAD)
        self.assert_counts_the_resend(collector)

    def test_an_endless_answer_goes_on_as_long_as_it_is_read(self):
        collector = self.spoiled("endless")
        answer = raw_answer(collector, limit=4 << 20)
        self.assertTrue(answer.startswith(b"HTTP/1.1 200 OK\r\n"))
        self.assertGreaterEqual(len(answer), 4 << 20)
        self.assert_counts_the_resend(collector)

    def test_a_huge_header_is_a_megabyte_long(self):
        collector = self.spoiled("huge-header")
        answer = raw_answer(collector, limit=4 << 20)
        self.assertTrue(answer.startswith(b"HTTP/1.1 204 No Content\r\nX-Huge: xxx"))
        self.assertGreater(len(answer), 1 << 20)
        self.assert_counts_the_resend(collector)

    def test_a_wrong_date_is_days_away_in_an_answer_that_accepts(self):
        for fault, days in (("date-past", -3), ("date-future", 3), ("date-far", 7300)):
            collector = self.spoiled(fault)
            told = email.utils.parsedate_to_datetime(self.headers_of(collector)["Date"])
            self.assertAlmostEqual(told.timestamp() - time.time(), days * 86400, delta=5)
            self.assert_stored(collector, resends=0)

    def test_a_fault_in_a_file_is_played_while_the_file_is_there(self):
        holder = tempfile.TemporaryDirectory()
        self.addCleanup(holder.cleanup)
        now = pathlib.Path(holder.name) / "fault"
        collector = self.collector("--fault-now", str(now))
        for fault, status in (("500", 500), ("429", 429)):
            now.write_text(fault)
            self.assertEqual(collector.upload(UPLOAD)[0], status)
            now.unlink()
            self.assertEqual(collector.upload(UPLOAD)[0], 204)

    def test_a_fault_without_a_count_goes_on(self):
        collector = self.collector("--fault", "500")
        self.assertEqual([collector.upload(UPLOAD)[0] for _ in range(3)], [500, 500, 500])
