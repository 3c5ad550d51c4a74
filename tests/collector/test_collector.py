# SPDX-License-Identifier: Apache-2.0
"""The collector as a program, spoken to over real TLS."""

import concurrent.futures
import contextlib
import http.client
import json
import os
import signal
import ssl

from harness import (CBOR, DEVICE, PATH, CollectorTest, OneCollectorTest, body, encode, record,
                     scratch)


class Uploading(OneCollectorTest):
    def stored(self):
        return [seq for (seq,) in self.started.rows("SELECT seq FROM records ORDER BY seq")]

    def assert_refused(self, status, data, *words, **how):
        answered, text = self.started.upload(data, **how)
        self.assertEqual(answered, status, text)
        for word in words:
            self.assertIn(word, text)
        self.assertEqual(self.stored(), [])

    def test_an_upload_is_answered_with_no_content_and_stored(self):
        self.assertEqual(self.started.upload(body(record(0), record(1))), (204, ""))
        self.assertEqual(self.stored(), [0, 1])

    def test_one_connection_carries_many_uploads(self):
        with contextlib.closing(self.started.connect()) as connection:
            sockets = set()
            for seq in range(3):
                connection.request("POST", PATH, body(record(seq)), CBOR)
                answer = connection.getresponse()
                self.assertEqual((answer.status, answer.read()), (204, b""))
                sockets.add(connection.sock)
        self.assertEqual(len(sockets), 1)
        self.assertEqual(self.stored(), [0, 1, 2])

    def test_a_resent_record_is_stored_once(self):
        data = body(record(0), record(1))
        self.assertEqual([self.started.upload(data)[0] for _ in range(3)], [204, 204, 204])
        self.assertEqual(self.started.rows("SELECT seq, bytes, resends FROM records"), [
            (0, encode(record(0)), 2), (1, encode(record(1)), 2)])
        self.assertEqual(len(self.printed()), 2)

    def test_a_record_is_stored_once_however_many_connections_bring_it_at_once(self):
        data = body(*(record(seq) for seq in range(50)))
        with concurrent.futures.ThreadPoolExecutor(8) as devices:
            answers = list(devices.map(lambda _: self.started.upload(data)[0], range(8)))
        self.assertEqual(answers, [204] * 8)
        self.assertEqual(self.started.rows("SELECT seq, resends FROM records ORDER BY seq"),
                         [(seq, 7) for seq in range(50)])

    def test_a_changed_resend_is_refused_and_logged(self):
        self.started.upload(body(record(0)))
        status, text = self.started.upload(body(record(1), record(0, e={"zz": 1})))
        self.assertEqual(status, 409)
        self.assertIn("seq 0", text)
        self.assertEqual(self.stored(), [0])
        self.assertIn("refused 409", self.logged())

    def test_a_body_of_another_device_is_refused(self):
        self.assert_refused(403, body(record(0), device="stb-43"), "stb-43", DEVICE)
        self.assert_refused(403, body(record(0)), client="foreign-device")

    def test_a_device_may_speak_for_itself_whatever_its_name(self):
        data = body(record(0), device="foreign-device")
        self.assertEqual(self.started.upload(data, client="foreign-device")[0], 204)

    def test_garbage_is_refused(self):
        self.assert_refused(400, b"garbage" * 10, "CBOR")

    def test_a_broken_rule_is_refused_by_name_and_place(self):
        broken = bytes.fromhex("a4 616b 6165 6171 01 6175 02 627a7a f93c00")
        self.assert_refused(422, body(record(0), broken, record(2)), "record 1 zz", "float")

    def test_a_refusal_is_told_in_the_uploads(self):
        self.assert_refused(400, b"\xff")
        self.assertEqual(self.started.rows("SELECT device, status, bytes, records FROM uploads"),
                         [(DEVICE, 400, 1, 0)])

    def test_another_content_type_is_refused(self):
        self.assert_refused(415, body(record(0)), headers={"Content-Type": "application/json"})

    def test_a_body_without_a_length_is_refused(self):
        self.assert_refused(411, iter([body(record(0))]))

    def test_more_than_a_megabyte_is_refused(self):
        self.assert_refused(413, bytes((1 << 20) + 1))

    def test_other_paths_and_methods_are_not_there(self):
        self.assert_refused(404, body(record(0)), path="/v2/records")
        with contextlib.closing(self.started.connect()) as connection:
            connection.request("GET", PATH)
            self.assertEqual(connection.getresponse().status, 405)

    def test_a_whole_megabyte_is_taken(self):
        count = 0
        records = []
        while count < (1 << 20) - 4096:
            records.append(record(len(records), e={"tx": "x" * 2000}))
            count += len(encode(records[-1]))
        self.assertEqual(self.started.upload(body(*records))[0], 204)
        self.assertEqual(len(self.stored()), len(records))

    def test_a_smaller_limit_can_be_set(self):
        whole = body(record(0))
        self.started = self.collector("--most-bytes", str(len(whole)))
        self.assert_refused(413, body(record(10)) + bytes(1), str(len(whole)))
        self.assertEqual(self.started.upload(whole)[0], 204)


class Configuring(CollectorTest):
    """--config: what an accepted upload is answered with."""

    def setUp(self):
        self.config = os.path.join(scratch(self.addCleanup), "config")
        self.started = self.collector("--config", self.config)

    def write(self, data):
        with open(self.config, "wb") as out:
            out.write(data)

    def answer(self, data):
        with contextlib.closing(self.started.connect()) as connection:
            connection.request("POST", PATH, data, CBOR)
            answer = connection.getresponse()
            return answer.status, answer.headers, answer.read()

    def test_the_file_is_the_answer_byte_for_byte(self):
        message = bytes(range(256)) * 4
        self.write(message)
        status, headers, data = self.answer(body(record(0)))
        self.assertEqual((status, data), (200, message))
        self.assertEqual(headers["Content-Type"], 'application/cose; cose-type="cose-sign1"')
        self.assertEqual(headers["Content-Length"], "1024")
        self.assertEqual(self.started.rows("SELECT seq FROM records"), [(0,)])

    def test_the_file_may_come_change_and_go(self):
        answers = [self.answer(body(record(0)))]
        for message in (b"first", b"other"):
            self.write(message)
            answers.append(self.answer(body(record(0))))
        os.remove(self.config)
        answers.append(self.answer(body(record(0))))
        self.assertEqual([(status, data) for status, _, data in answers],
                         [(204, b""), (200, b"first"), (200, b"other"), (204, b"")])

    def test_a_refused_upload_gets_none(self):
        self.write(b"a configuration")
        self.assertEqual(self.answer(b"garbage")[0], 400)
        self.assertNotIn(b"configuration", self.answer(b"garbage")[2])


class Handshakes(CollectorTest):
    # With TLS 1.3 a client learns of its refusal only when it reads.
    REFUSED = (ssl.SSLError, ConnectionError, http.client.RemoteDisconnected)

    def test_a_client_without_a_certificate_is_refused(self):
        started = self.collector()
        with self.assertRaises(self.REFUSED):
            started.upload(body(record(0)), client=None)
        self.assertEqual(started.rows("SELECT * FROM uploads"), [])

    def test_a_certificate_of_another_ca_is_refused(self):
        with self.assertRaises(self.REFUSED):
            self.collector().upload(body(record(0)), client="other-server")

    def test_a_server_certificate_is_no_device(self):
        with self.assertRaises(self.REFUSED):
            self.collector().upload(body(record(0)), client="server")

    def test_a_device_speaks_tls_1_3(self):
        with contextlib.closing(self.collector().connect()) as connection:
            connection.connect()
            self.assertEqual(connection.sock.version(), "TLSv1.3")

    def test_bad_collectors_are_refused_by_a_device_that_checks(self):
        for server in ("other-server", "wrongname-server", "expired-server"):
            with self.subTest(server), self.assertRaises(ssl.SSLCertVerificationError):
                self.collector(server=server).upload(body(record(0)))


class Running(CollectorTest):
    def test_it_stops_cleanly_when_told(self):
        for number in (signal.SIGTERM, signal.SIGINT):
            started = self.collector()
            started.upload(body(record(0)))
            with contextlib.closing(started.connect()) as idle:
                idle.connect()
                self.assertEqual(started.stop(number), 0)
            self.assertNotIn("Traceback", started.logged())

    def test_what_was_acknowledged_survives_a_kill(self):
        started = self.collector()
        started.upload(body(record(0)))
        started.stop(signal.SIGKILL)
        self.assertEqual(started.rows("SELECT seq FROM records"), [(0,)])

    def test_records_are_printed_by_name(self):
        registry = os.path.join(scratch(self.addCleanup), "registry.json")
        with open(registry, "w", encoding="utf-8") as out:
            json.dump({"version": 1, "kinds": {"h": "heartbeat"}, "groups": {"p": "playback"},
                       "groups_of": {"h": "p"},
                       "metrics": {"pt": {"name": "play_time", "group": "p", "unit": "ms",
                                          "kind": "duration"}}}, out)
        started = self.collector("--registry", registry)
        started.upload(body(record(3, "h", s=1, p={"pt": 1200, "zz": 0})))
        self.assertEqual(started.printed(),
                         ["boot 12ab.. seq 3 session 1 heartbeat play_time=1200ms zz=0"])

    def test_the_path_can_be_chosen(self):
        started = self.collector("--path", "/elsewhere")
        self.assertEqual(started.upload(body(record(0)), path="/elsewhere")[0], 204)
        self.assertEqual(started.upload(body(record(0)))[0], 404)
