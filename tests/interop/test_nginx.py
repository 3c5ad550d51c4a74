# SPDX-License-Identifier: Apache-2.0
"""nginx in front of a collector, as an operator runs it."""
import unittest

from cases import InteropTest
from servers import Nginx
from serving import TLS13

LIMITS = "limit_req zone=devices; limit_req_status 429; error_page 429 @later;"
RETRY_MS = 2000
ERROR_STATUS = "server answered with an error status"


class Front(InteropTest):
    def test_the_name_in_the_devices_certificate_reaches_the_collector(self):
        started = self.start(Nginx, "small", TLS13)
        self.assert_taken(started.port)
        self.assertEqual([request.headers["x-device"] for request in started.requests],
                         ["stb-0001"])

    def test_a_device_that_is_told_to_come_later_does(self):
        started = self.start(Nginx, "small", TLS13, limits=LIMITS)
        run = self.assert_ends(["ok", ERROR_STATUS, "ok"], started.port,
                               period=1000)
        first, limited, last = run.outcomes
        self.assertEqual(limited["http"], 429, run)
        self.assertGreaterEqual(limited["retry_ms"], RETRY_MS, run)
        self.assertEqual([line["status"] for line in started.log[:3]], [204, 429, 204])
        waited_s = started.log[2]["time"] - started.log[1]["time"]
        self.assertGreaterEqual(waited_s, RETRY_MS / 1000)
        self.assertEqual(first["pending"], 0, run)
        self.assertGreaterEqual(last["records"], limited["pending"], run)

    def test_devices_that_it_does_not_know_are_told_403_where_the_operator_says_so(self):
        """Otherwise it is 400, which to an agent speaks of the records."""
        started = self.start(Nginx, "small", TLS13, refusal="error_page 495 496 = @unknown;")
        self.assert_taken(started.port)
        for certificate in ("stranger-device", None):
            with self.subTest(certificate=certificate):
                run = self.assert_ends([ERROR_STATUS], started.port, certificate=certificate)
                self.assertEqual(run.outcomes[0]["http"], 403, run)
                self.assertGreater(run.outcomes[0]["pending"], 0, run)


if __name__ == "__main__":
    unittest.main()
