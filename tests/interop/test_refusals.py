# SPDX-License-Identifier: Apache-2.0
"""What a device refuses and what it is refused: the exact status, beside a control that differs in
that one defect only and goes through. README.md says what cannot be told apart."""
import unittest

import device
from cases import IS_WHOLE, YEAR_S, InteropTest, now_s, share
from minting import pin
from servers import ANY_STRENGTH, GnuTlsLibrary, Nginx, OpenSsl, Python
from serving import ACCEPTED, TLS12, TLS13, VERSIONS

EXPIRED = "server certificate expired"
EARLY = "server certificate not yet valid"
NAME = "server certificate for another name"
CA = "server certificate from an unknown CA"
SELF_SIGNED = "server certificate signed by itself"
PIN = "server key is not the pinned one"
WEAK = "server certificate with a weak key or hash"
VERSION = "no TLS version in common"
REFUSED = "server refused the device certificate"
ALERT = "server ended TLS with an alert"
TLS = "TLS failed"
MEMORY = "TLS out of memory"
CLOSED = "peer closed the connection"
CUT = "input or output failed"
ERROR_STATUS = "server answered with an error status"


class Certificates(InteropTest):
    """Servers whose certificate has a defect."""

    def assert_refused(self, word, chain, control, ca="small", **switches):
        """The server with chain `control` is taken, the one with `chain` is not."""
        for version in share(VERSIONS, 2 if ca == "small" else 1):
            with self.subTest(version=version, chain=chain):
                sound = self.start(Python, control, version)
                self.assert_taken(sound.port, ca=ca, **switches)
                broken = self.start(Python, chain, version)
                run = self.assert_ends([word], broken.port, ca=ca, **switches)
                self.assertEqual(run.outcomes[0]["handshakes"], 0, run)
                self.assertEqual(broken.requests, [])

    def test_expired(self):
        self.assert_refused(EXPIRED, "expired", "small", wall=now_s())

    def test_expired_is_a_matter_of_the_time(self):
        started = self.start(Python, "expired", TLS13)
        self.assert_taken(started.port, wall=now_s() - 3 * YEAR_S // 2)
        self.assert_ends([EXPIRED], started.port, wall=now_s())

    def test_not_yet_valid(self):
        self.assert_refused(EARLY, "early", "small", wall=now_s())

    def test_not_yet_valid_does_not_matter_while_the_time_is_unknown(self):
        started = self.start(Python, "early", TLS13)
        self.assert_taken(started.port)
        self.assert_ends([EARLY], started.port, wall=now_s())

    def test_a_device_that_boots_in_1970_connects(self):
        started = self.start(Python, "small", TLS13)
        self.assert_taken(started.port)

    def test_expired_before_the_device_was_built(self):
        self.assert_refused(EXPIRED, "ancient", "small")

    def test_expired_before_the_latest_time_that_was_known(self):
        started = self.start(Python, "small", TLS13)
        self.assert_taken(started.port, least=now_s() + YEAR_S)
        self.assert_ends([EXPIRED], started.port, least=now_s() + 11 * YEAR_S)

    def test_expired_intermediate(self):
        self.assert_refused(EXPIRED, "below-ancient", "small")

    def test_another_name(self):
        self.assert_refused(NAME, "wronghost", "small")
        self.assert_refused(NAME, "wronghost", "small", host="localhost")

    def test_unknown_ca(self):
        self.assert_refused(CA, "stranger", "small")

    def test_chain_without_its_intermediate(self):
        self.assert_refused(CA, "alone", "small")

    def test_issuer_that_is_no_ca(self):
        self.assert_refused(CA, "below-leaf", "small")

    def test_another_purpose(self):
        self.assert_refused(TLS, "purpose", "small")

    def test_self_signed(self):
        self.assert_refused(SELF_SIGNED, "self", "small")

    def test_weak_key(self):
        self.assert_refused(WEAK, "weak", "rsa2048", ca="rsa2048")

    def test_sha1(self):
        self.assert_refused(WEAK, "sha1", "rsa2048", ca="rsa2048")

    def test_another_key_than_the_pinned_one(self):
        for ca in ("small", None):
            with self.subTest(ca=ca):
                started = self.start(Python, "small", TLS13)
                self.assert_taken(started.port, ca=ca, pin=pin("small"))
                self.assert_ends([PIN], started.port, ca=ca, pin=pin("p384"))

    def test_a_pinned_key_needs_no_ca(self):
        started = self.start(Python, "self", TLS13)
        self.assert_taken(started.port, ca=None, pin=pin("self"))


class Handshakes(InteropTest):
    def test_a_server_of_tls_1_1(self):
        strength = ("-cipher", ANY_STRENGTH)
        sound = self.start(OpenSsl, "small", None, "-tls1_2", *strength)
        self.assert_taken(sound.port)
        broken = self.start(OpenSsl, "small", None, "-tls1_1", *strength)
        self.assert_ends([VERSION], broken.port)

    def test_a_server_that_wants_to_renegotiate(self):
        switches = ("-legacy_renegotiation", "-client_renegotiation")
        sound = self.start(OpenSsl, "small", TLS12, *switches)
        self.assert_taken(sound.port)
        broken = self.start(OpenSsl, "small", TLS12, *switches,
                            answer=lambda server: server.say(b"R\n"))
        self.assert_ends([ALERT], broken.port)
        self.assertEqual(len(broken.requests), 1)

    def test_a_server_that_changes_its_keys(self):
        """Mbed TLS knows no KeyUpdate: the connection ends, the upload goes through the next."""
        started = self.start(
            OpenSsl, "small", TLS13,
            answer=lambda server: server.say(b"k\n" if len(server.requests) == 1 else ACCEPTED))
        run = self.assert_ends([TLS, "ok"], started.port, period=1000)
        self.assertEqual(run.outcomes[1]["resumed"], 1, run)

    def test_a_device_of_a_ca_that_the_server_does_not_know(self):
        for server, version in [(s, v) for s in (OpenSsl, Python) for v in VERSIONS]:
            with self.subTest(server=server.__name__, version=version):
                started = self.start(server, "small", version)
                self.assert_taken(started.port)
                self.assert_ends([REFUSED], started.port, certificate="stranger-device")

    def test_a_device_without_a_certificate(self):
        """In TLS 1.2 the alert is handshake_failure, which need not speak of certificates."""
        for version in VERSIONS:
            with self.subTest(version=version):
                started = self.start(Python, "small", version)
                self.assert_taken(started.port)
                self.assert_ends([REFUSED], started.port, certificate=None)

    def test_a_device_that_nginx_does_not_know_is_answered_400(self):
        started = self.start(Nginx, "small", TLS13)
        self.assert_taken(started.port)
        for certificate in ("stranger-device", None):
            with self.subTest(certificate=certificate):
                run = self.assert_ends([ERROR_STATUS], started.port, certificate=certificate)
                self.assertEqual(run.outcomes[0]["http"], 400, run)


class Streams(InteropTest):
    """What happens between the handshake and the reply."""
    PART = ACCEPTED[:20]

    def ends(self, word, server, version, after):
        started = self.start(server, "small", version, answer=lambda request: None, after=after)
        run = self.assert_ends([word], started.port)
        self.assertEqual(run.outcomes[0]["handshakes"], 1, run)
        self.assertGreater(run.outcomes[0]["pending"], 0, run)

    def test_a_reply_before_the_stream_ends(self):
        """The control of those below."""
        for server in (Python, GnuTlsLibrary):
            for version in VERSIONS:
                started = self.start(server, "small", version, answer=lambda request: None,
                                     after=lambda stream: stream.sendall(ACCEPTED))
                self.assert_taken(started.port)

    def test_an_alert_in_the_middle(self):
        for version in VERSIONS:
            with self.subTest(version=version):
                self.ends(ALERT, GnuTlsLibrary, version, lambda stream: stream.alert())

    def test_an_alert_in_the_middle_of_a_reply(self):
        def end(stream):
            stream.sendall(self.PART)
            stream.alert()
        self.ends(ALERT, GnuTlsLibrary, TLS13, end)

    def test_a_stream_that_is_closed_in_good_order_before_the_reply(self):
        for version in VERSIONS:
            with self.subTest(version=version):
                self.ends(CLOSED, Python, version, lambda stream: stream.unwrap())

    def test_a_stream_that_ends_without_close_notify(self):
        for version in VERSIONS:
            with self.subTest(version=version):
                self.ends(CUT, Python, version, None)
                self.ends(CUT, Python, version, lambda stream: stream.sendall(self.PART))


class Memory(InteropTest):
    """A heap for TLS that is too small is never called a bad certificate."""
    FIRST, LAST = 4096, 131072

    def outcome(self, port, chain, heap):
        run = device.run(port, ca=chain, heap=heap)
        if run.refusal is not None:
            return run.refusal["status"], False
        self.assertEqual(len(run.words), 1, run)
        return run.words[0], True

    def sweep(self, chain, version, step):
        """Heaps up to the first that does; how many failed after the device had begun."""
        started = self.start(Python, chain, version)
        failed = 0
        for heap in range(self.FIRST, self.LAST, step):
            word, begun = self.outcome(started.port, chain, heap)
            if word == "ok":
                return heap, failed
            with self.subTest(chain=chain, version=version, heap=heap):
                self.assertEqual(word, MEMORY)
            failed += begun
        self.fail(f"{self.LAST} bytes of heap are not enough")

    def test_a_small_heap(self):
        for chain, version in share([("small", TLS13), ("rsa2048", TLS12), ("p384", TLS13)], 3):
            enough, failed = self.sweep(chain, version, 256 if IS_WHOLE else 3072)
            print(f"{chain}, {version}: {enough} bytes of heap are enough")
            self.assertGreater(failed, 2)

    def test_a_bad_certificate_is_told_from_a_small_heap(self):
        sound = self.start(Python, "small", TLS13)
        broken = self.start(Python, "stranger", TLS13)
        enough, _ = self.sweep("small", TLS13, 4096)
        self.assertEqual(self.outcome(sound.port, "small", enough), ("ok", True))
        self.assertEqual(self.outcome(broken.port, "small", enough), (CA, True))
        self.assertEqual(self.outcome(broken.port, "small", enough // 2)[0], MEMORY)


if __name__ == "__main__":
    unittest.main()
