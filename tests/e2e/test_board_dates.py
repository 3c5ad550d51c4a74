# SPDX-License-Identifier: Apache-2.0
"""A server whose clock is wrong, and a board that has no other: it goes on reporting, over
connections that judge certificates by the time it has, and over a reboot with the time it kept."""
import json
import signal
import time
import unittest

from board_case import BoardCase

ACCEPTED = "uplink: records accepted"
ANSWERED_500 = "uplink: server answered with status 500"
REFUSED = "clock: server's date outside its certificate"
HOUR_MS, DAY_MS = 3600_000, 86_400_000


class BoardDates(BoardCase):
    def setUp(self):
        super().setUp()
        self.fault = self.folder / "fault"

    def expect_another(self, line, device):
        before = device.count(line)
        self.until(f"another '{line}'", lambda: device.count(line) > before, device)

    def expect_handshake(self, fault, device):
        """An upload over a new connection: behind a 500 the device ends the one it has."""
        self.fault.write_text("500")
        self.expect_another(ANSWERED_500, device)
        self.fault.write_text(fault)
        self.expect_another(ACCEPTED, device)

    def expect_time(self, off_ms, server, device):
        """Until a new record has the time, so far off."""
        before = len(server.rows("SELECT id FROM uploads"))

        def told():
            records = server.rows("SELECT json FROM records WHERE upload_id > ?", before)
            times = [json.loads(row["json"]).get("w", 0) for row in records]
            return any(abs(ms - off_ms - time.time() * 1000) < HOUR_MS for ms in times)

        self.until(f"a record {off_ms} ms off", told, device)

    def boot(self, fault, off_ms, server):
        device = self.device(store=self.folder / "store")
        self.expect_another(ACCEPTED, device)
        self.expect_handshake(fault, device)
        if off_ms is None:
            self.assertGreater(device.count(REFUSED), 0)
            self.assertEqual([record for record in server.records() if "w" in record], [])
        else:
            self.assertEqual(device.count(REFUSED), 0)
            self.expect_time(off_ms, server, device)
        return device

    def live_with(self, fault, off_ms):
        """Two boots with that server, which is right in the end. `off_ms`: what the device takes
        for the time; None: nothing."""
        self.fault.write_text(fault)
        server = self.collector("--fault-now", self.fault)
        self.boot(fault, off_ms, server).stop(signal.SIGKILL)
        device = self.boot(fault, off_ms, server)
        self.fault.unlink()
        self.expect_time(0, server, device)

    def test_a_date_before_the_servers_certificate_is_not_believed(self):
        self.live_with("date-past", None)

    def test_a_date_behind_the_servers_certificate_is_not_believed(self):
        self.live_with("date-far", None)

    def test_a_wrong_date_within_it_is_believed_until_there_is_a_right_one(self):
        self.live_with("date-future", 3 * DAY_MS)


if __name__ == "__main__":
    unittest.main()
