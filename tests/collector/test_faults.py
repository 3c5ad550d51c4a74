# SPDX-License-Identifier: Apache-2.0
"""Every fault is as bad as its name, and ends when its count is used up."""

import contextlib
import http.client
import socket
import ssl
import time

from harness import PATH, CollectorTest, body, record

UPLOAD = body(record(0))


def raw_answer(collector, limit=1 << 16, timeout=5):
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

    def test_a_server_error_stores_nothing(self):
        self.assert_refuses_once("500")

    def test_a_busy_server_stores_nothing(self):
        self.assert_refuses_once("429")

    def test_a_busy_server_says_when_to_come_back(self):
        collector = self.spoiled("429", "--fault-delay", "7")
        with contextlib.closing(collector.connect()) as connection:
            connection.request("POST", PATH, UPLOAD, {"Content-Type": "application/cbor"})
            self.assertEqual(connection.getresponse().getheader("Retry-After"), "7")

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

    def test_a_fault_without_a_count_goes_on(self):
        collector = self.collector("--fault", "500")
        self.assertEqual([collector.upload(UPLOAD)[0] for _ in range(3)], [500, 500, 500])
