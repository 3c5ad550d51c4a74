# SPDX-License-Identifier: Apache-2.0
"""Bodies that do not end, do not come, or are not what their head says; and who may not come in.

Each has its status, a line in the log, and leaves nothing in the database.
"""

import contextlib
import gzip
import socket
import sqlite3
import ssl
import time

from harness import DEVICE, PATH, OneCollectorTest, body, record

GOOD = body(record(0))
LIMIT_S = 0.5
NO_HTTP = "refused 400: no HTTP: "


def head(*lines, path=PATH, method="POST"):
    return "\r\n".join([f"{method} {path} HTTP/1.1", "Host: localhost",
                        "Content-Type: application/cbor", *lines, "", ""]).encode()


class Wire:
    """A connection to a collector that sends what HTTP libraries would not."""

    def __init__(self, collector, client="device"):
        context = ssl.create_default_context(cafile=collector.cert("ca.pem"))
        if client:
            context.load_cert_chain(collector.cert(client + ".pem"), collector.cert(client + ".key"))
        self._tls = context.wrap_socket(socket.create_connection(("127.0.0.1", collector.port), 60),
                                        server_hostname="localhost")

    def send(self, *parts):
        """False once the other side takes no more."""
        try:
            for part in parts:
                self._tls.sendall(part)
        except OSError:
            return False
        return True

    def answer(self, until=b"\r\n\r\n"):
        """The first line of what comes, read until there is `until` or no more."""
        data = b""
        with contextlib.suppress(OSError):
            while until not in data:
                chunk = self._tls.recv(4096)
                if not chunk:
                    break
                data += chunk
        return data.split(b"\r\n")[0].decode()

    def read(self):
        return self._tls.recv(4096)

    def close(self):
        self._tls.close()


def await_true(condition, what):
    deadline = time.monotonic() + 60
    while not condition():
        if time.monotonic() > deadline:
            raise AssertionError(f"not in 60 s: {what}")
        time.sleep(0.02)


class HostileTest(OneCollectorTest):
    switches = ("--most-seconds", str(LIMIT_S))

    def wire(self, client="device"):
        opened = Wire(self.started, client)
        self.addCleanup(opened.close)
        return opened

    def await_line(self, text):
        await_true(lambda: text in self.logged(), f"a line with {text!r} in the log")

    def assert_nothing_stored(self, *statuses):
        """But for the lines about refusals; and the next upload is as good as ever."""
        self.assertEqual(self.started.rows("SELECT * FROM records"), [])
        self.assertEqual(self.started.rows("SELECT device, status, body FROM uploads"),
                         [(DEVICE, status, None) for status in statuses])
        self.assertEqual(self.started.upload(GOOD)[0], 204)
        self.assertNotIn("Traceback", self.logged())


class Bodies(HostileTest):
    def test_a_body_that_is_larger_than_allowed_is_not_waited_for(self):
        wire = self.wire()
        wire.send(head(f"Content-Length: {1 << 40}"))
        self.assertIn("413", wire.answer())
        self.await_line(f"refused 413 of {DEVICE}: {1 << 40} bytes are more than")
        self.assert_nothing_stored(413)

    def test_an_endless_body_is_refused_at_its_head(self):
        wire = self.wire()
        wire.send(head("Transfer-Encoding: chunked"), b"10\r\n" + bytes(16) + b"\r\n")
        self.assertIn("411", wire.answer())
        deadline = time.monotonic() + 60
        while wire.send(b"4000\r\n" + bytes(1 << 14) + b"\r\n"):
            self.assertLess(time.monotonic(), deadline, "it is still read")
        self.await_line(f"refused 411 of {DEVICE}")
        self.assert_nothing_stored(411)

    def test_a_body_that_drips_is_given_up(self):
        wire = self.wire()
        wire.send(head(f"Content-Length: {len(GOOD)}"))
        for at in range(len(GOOD) - 1):
            wire.send(GOOD[at:at + 1])
            time.sleep(2 * LIMIT_S / len(GOOD))
        self.assertIn("408", wire.answer())
        self.await_line(f"refused 408 of {DEVICE}: {len(GOOD)} bytes did not come in 0.5 s")
        self.assert_nothing_stored(408)

    def test_a_body_that_is_cut_is_nothing(self):
        wire = self.wire()
        wire.send(head(f"Content-Length: {len(GOOD)}"), GOOD[:-1])
        wire.close()
        self.await_line(f"cut by {DEVICE}: the connection ended before {len(GOOD)} bytes")
        self.assert_nothing_stored()

    def test_what_is_compressed_is_not_unpacked(self):
        squeezed = gzip.compress(bytes(1 << 28), 1)
        wire = self.wire()
        wire.send(head("Content-Encoding: gzip", f"Content-Length: {len(squeezed)}"), squeezed)
        self.assertIn(" 415 ", wire.answer())
        self.await_line(f"refused 415 of {DEVICE}: an upload has no Content-Encoding")
        self.assertLess(self.started.memory_kib(), 1 << 17)
        self.assert_nothing_stored(415)

    def test_a_length_that_is_none_is_refused(self):
        for length in ("5, 6", "0x10", "1" * 400):
            wire = self.wire()
            wire.send(head(f"Content-Length: {length}"), GOOD)
            self.assertIn(" 400 ", wire.answer(), length)
        self.assert_nothing_stored()

    def test_two_ways_to_end_at_once_are_no_upload(self):
        """What smuggles a second request past a proxy."""
        wire = self.wire()
        wire.send(head("Transfer-Encoding: chunked", f"Content-Length: {len(GOOD)}"), GOOD)
        self.assertIn(" 400 ", wire.answer())
        self.assert_nothing_stored()


class NoHttp(HostileTest):
    def assert_no_http(self, data):
        """What is wrong is in the parser's words, which change with its version."""
        before = self.logged().count(NO_HTTP)
        wire = self.wire()
        wire.send(data)
        self.assertIn(" 400 ", wire.answer())
        await_true(lambda: self.logged().count(NO_HTTP) == before + 1, "one line more in the log")

    def test_what_is_no_request_has_a_line_of_the_log(self):
        self.assert_no_http(b"garbage\r\n\r\n")
        self.assert_no_http(head("Content-Length: -5"))
        self.assert_no_http(head("Transfer-Encoding: chunked") + b"zz\r\n")
        self.assert_nothing_stored()

    def test_an_endless_field_of_a_head_is_not_read_to_its_end(self):
        self.assert_no_http(head("X: " + "a" * 100_000))
        self.assert_nothing_stored()

    def test_a_head_of_thousands_of_fields_is_refused(self):
        """By the parser, where it has Debian's security updates; for what it lacks where not."""
        wire = self.wire()
        wire.send(head(*(f"X{each}: a" for each in range(3000))))
        self.assertRegex(wire.answer(), " (400|411) ")
        self.assertEqual(self.started.rows("SELECT * FROM records"), [])


class Expecting(HostileTest):
    def test_who_asks_first_is_told_to_go_on(self):
        wire = self.wire()
        wire.send(head("Expect: 100-continue", f"Content-Length: {len(GOOD)}"))
        self.assertEqual(wire.answer(), "HTTP/1.1 100 Continue")
        wire.send(GOOD)
        self.assertEqual(wire.answer(), "HTTP/1.1 204 No Content")

    def test_who_asks_first_with_too_much_is_refused_before_it_comes(self):
        wire = self.wire()
        wire.send(head("Expect: 100-continue", f"Content-Length: {1 << 30}"))
        self.assertIn("413", wire.answer())
        self.assert_nothing_stored(413)


class Doors(HostileTest):
    def alert_for(self, client):
        """A client of TLS 1.3 hears of its refusal when it reads."""
        wire = self.wire(client)
        with self.assertRaises(ssl.SSLError) as caught:
            wire.read()
        return caught.exception.reason

    def test_who_has_no_certificate_is_told_so_in_tls_and_in_the_log(self):
        self.assertIn("CERTIFICATE_REQUIRED", self.alert_for(None))
        self.await_line("refused a connection: TLS: PEER_DID_NOT_RETURN_A_CERTIFICATE")
        self.assertEqual(self.started.rows("SELECT * FROM uploads"), [])

    def test_who_has_a_certificate_of_others_is_in_the_log(self):
        self.assertIn("UNKNOWN_CA", self.alert_for("other-server"))
        self.await_line("refused a connection: TLS: CERTIFICATE_VERIFY_FAILED")

    def test_who_does_not_speak_tls_is_in_the_log(self):
        with socket.create_connection(("127.0.0.1", self.started.port), 60) as plain:
            plain.sendall(head(f"Content-Length: {len(GOOD)}") + GOOD)
            with contextlib.suppress(OSError):
                self.assertNotIn(b"HTTP", plain.recv(4096))
        self.await_line("refused a connection: TLS: HTTP_REQUEST")

    def test_another_path_and_another_method_are_in_the_log(self):
        for method, path, status in (("POST", "/v2/records", 404), ("GET", PATH, 405)):
            wire = self.wire()
            wire.send(head("Content-Length: 0", path=path, method=method))
            self.assertIn(str(status), wire.answer())
            self.await_line(f"refused {status} of {DEVICE}: {method} '{path}'")

    def test_a_path_cannot_write_lines_into_the_log(self):
        wire = self.wire()
        wire.send(head("Content-Length: 0", path="/%0Acollector:%20accepted"))
        self.assertIn("404", wire.answer())
        self.await_line("'/\\ncollector: accepted'")
        self.assertNotIn("\ncollector: accepted", self.logged())


class Database(HostileTest):
    def test_a_database_that_cannot_be_written_is_no_acknowledgement(self):
        with contextlib.closing(sqlite3.connect(self.started.database)) as other:
            other.execute("BEGIN IMMEDIATE")
            self.assertEqual(self.started.upload(GOOD)[0], 503)
            other.rollback()
        self.await_line(f"refused 503 of {DEVICE}: the database: database is locked")
        self.assertEqual(self.started.rows("SELECT * FROM records"), [])
        self.assertEqual(self.started.upload(GOOD)[0], 204)
