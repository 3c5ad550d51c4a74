# SPDX-License-Identifier: Apache-2.0
"""nginx in front of a collector, as an operator runs it."""
import unittest

from cases import InteropTest
from servers import Nginx
from serving import TLS13

LIMITS = "limit_req zone=devices; limit_req_status 429; error_page 429 @later;"
RETRY_MS = 3000


class Front(InteropTest):
    def test_the_name_in_the_devices_certificate_reaches_the_collector(self):
        started = self.start(Nginx, "small", TLS13)
        self.assert_taken(started.port)
        self.assertEqual([request.headers["x-device"] for request in started.requests],
                         ["stb-0001"])

    def test_a_device_that_is_told_to_come_later_does(self):
        started = self.start(Nginx, "small", TLS13, limits=LIMITS)
        run = self.assert_ends(["ok", "server answered with an error status", "ok"], started.port,
                               period=1000)
        first, limited, last = run.outcomes
        self.assertEqual(limited["http"], 429, run)
        self.assertGreaterEqual(limited["retry_ms"], RETRY_MS, run)
        self.assertEqual([line["status"] for line in started.log[:3]], [204, 429, 204])
        waited_s = started.log[2]["time"] - started.log[1]["time"]
        self.assertGreaterEqual(waited_s, RETRY_MS / 1000)
        self.assertEqual(first["pending"], 0, run)
        self.assertGreaterEqual(last["records"], limited["pending"], run)


if __name__ == "__main__":
    unittest.main()
