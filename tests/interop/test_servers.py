# SPDX-License-Identifier: Apache-2.0
"""Servers that are not ours, in both versions, with chains as public CAs issue them.

A device uploads, connects anew and uploads again: the first handshake is full, the second one
resumed. Its server says so too; what the device believes is compared with that.
"""
import itertools
import pathlib
import tempfile
import unittest

import device
from cases import InteropTest, now_s, share
from minting import CHAINS
from servers import Collector, GnuTlsLibrary, GnuTlsServ, Nginx, OpenSsl, Python
from serving import TLS12, TLS13, VERSIONS

SERVERS = (OpenSsl, Nginx, GnuTlsLibrary, Python)
# Neighbours differ in everything, so that a share of the table has some of all.
PAIRS = list(itertools.islice(zip(itertools.cycle(VERSIONS), itertools.cycle(CHAINS)), 6))


def told(version, resumed):
    return {"version": version, "resumed": resumed, "alpn": "http/1.1"}


class Matrix(InteropTest):
    def play(self, server, version, chain):
        started = self.start(server, chain, version)
        run = self.assert_ends(["ok", "ok"], started.port, ca=chain)
        full, resumed = run.outcomes
        self.assertEqual((full["handshakes"], full["resumed"]), (1, 0), run)
        self.assertEqual((resumed["handshakes"], resumed["resumed"]), (2, 1), run)
        self.assertEqual(resumed["pending"], 0, run)
        return started, run

    def play_all(self, server):
        for version, chain in PAIRS:
            with self.subTest(version=version, chain=chain):
                started, _ = self.play(server, version, chain)
                self.assertEqual(started.connections, [told(version, False), told(version, True)])
                self.assertEqual([request.line for request in started.requests],
                                 ["POST /v1/records HTTP/1.1"] * 2)

    def test_openssl(self):
        self.play_all(OpenSsl)

    def test_nginx(self):
        self.play_all(Nginx)

    def test_gnutls(self):
        self.play_all(GnuTlsLibrary)

    def test_python(self):
        self.play_all(Python)

    def test_collector(self):
        """It keeps what it says of TLS to itself; the records are there."""
        for version, chain in share(PAIRS, 5):
            with self.subTest(version=version, chain=chain):
                started, run = self.play(Collector, version, chain)
                self.assertEqual(len(started.records),
                                 sum(outcome["records"] for outcome in run.outcomes))

    def test_gnutls_serv(self):
        """Resumed like the others; its page is no collector's answer and no record is let go."""
        for version, chain in share(PAIRS, 5):
            with self.subTest(version=version, chain=chain):
                started = self.start(GnuTlsServ, chain, version)
                run = self.assert_ends(["reply is not HTTP/1.1"] * 2, started.port, ca=chain,
                                       period=1000)
                self.assertEqual([outcome["resumed"] for outcome in run.outcomes], [0, 1], run)
                self.assertEqual(started.connections, [told(version, False), told(version, True)])
                kept, still_kept = (outcome["pending"] for outcome in run.outcomes)
                self.assertTrue(0 < kept <= still_kept, run)


class Connections(InteropTest):
    def test_a_kept_connection_needs_no_second_handshake(self):
        for server, version in share(list(itertools.product(SERVERS, VERSIONS)), 3):
            with self.subTest(server=server.__name__, version=version):
                started = self.start(server, "small", version)
                run = self.assert_ends(["ok", "ok"], started.port, keep=True, period=20000)
                self.assertEqual(run.outcomes[-1]["handshakes"], 1, run)
                self.assertEqual(len(started.requests), 2)

    def test_a_server_that_asks_for_another_group(self):
        """TLS 1.3 shakes hands in one more round then."""
        for group in ("X25519", "P-256", "P-384"):
            with self.subTest(group=group):
                started = self.start(OpenSsl, "p384", TLS13, "-groups", group)
                self.assert_taken(started.port, ca="p384")

    def test_a_server_that_follows_its_own_order(self):
        """In TLS 1.2 it signs by RSA-PSS then, which Mbed TLS 3.6.6 by itself refuses."""
        for version in VERSIONS:
            with self.subTest(version=version):
                started = self.start(OpenSsl, "rsa2048", version, "-serverpref")
                self.assert_taken(started.port, ca="rsa2048")

    def test_a_server_without_tickets(self):
        for version, switch in ((TLS12, ("-no_ticket",)), (TLS13, ("-num_tickets", "0"))):
            with self.subTest(version=version):
                started = self.start(OpenSsl, "small", version, *switch)
                run = self.assert_ends(["ok", "ok"], started.port)
                self.assertEqual(run.outcomes[-1]["resumed"], 0, run)

    def test_a_name_is_resolved_and_verified_like_an_address(self):
        started = self.start(Python, "small", TLS13)
        self.assert_taken(started.port, host="localhost")

    def test_a_rejected_ticket_falls_back_to_a_full_handshake(self):
        for version in VERSIONS:
            with self.subTest(version=version):
                started = self.start(Python, "small", version, forgetful=True)
                run = self.assert_ends(["ok", "ok"], started.port)
                self.assertEqual(run.outcomes[-1]["resumed"], 0, run)
                self.assertEqual([each["resumed"] for each in started.connections], [False, False])


class Reboots(InteropTest):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.settings = pathlib.Path(folder.name) / "settings"

    def boot(self, port, **switches):
        """Whether the first handshake of a device with this settings log was a resumed one."""
        run = device.run(port, settings=self.settings, **switches)
        self.assertEqual(run.words, ["ok"], run)
        return run.outcomes[0]["resumed"] == 1

    def test_a_ticket_outlives_a_reboot_where_the_time_is_authenticated(self):
        for server, version in share(list(itertools.product(SERVERS, VERSIONS)), 3):
            with self.subTest(server=server.__name__, version=version):
                self.settings.unlink(missing_ok=True)
                started = self.start(server, "small", version)
                self.assertFalse(self.boot(started.port, wall=now_s()))
                self.assertTrue(self.boot(started.port, wall=now_s() + 1))
                self.assertEqual([each["resumed"] for each in started.connections], [False, True])

    def test_a_ticket_is_no_good_to_a_boot_that_does_not_know_the_time(self):
        for version in VERSIONS:
            with self.subTest(version=version):
                self.settings.unlink(missing_ok=True)
                started = self.start(Python, "small", version)
                self.assertFalse(self.boot(started.port, wall=now_s()))
                self.assertFalse(self.boot(started.port))

    def test_a_ticket_of_another_server_is_not_shown(self):
        first = self.start(Python, "small", TLS13)
        other = self.start(Python, "small", TLS13)
        self.assertFalse(self.boot(first.port, wall=now_s()))
        self.assertFalse(self.boot(other.port, wall=now_s() + 1))


if __name__ == "__main__":
    unittest.main()
