# SPDX-License-Identifier: Apache-2.0
"""The whole line on Linux: paced sender -> tallyd -> HTTPS with client certificates -> collector."""
import copy
import pathlib
import socket
import tempfile
import time
import unittest

import agreement
import line
import scenario
from undisturbed import StoodStill, repeated, was_in_time

MISHAPS = ("--drop", "12", "--duplicate", "5", "--reorder", "4")


class HostLine(line.Line):
    def stream(self, device, *switches):
        sender = self.start(scenario.Sender, self.media, device, *switches)
        unread = 0
        while sender.is_running():
            unread = max(unread, device.unread())
            time.sleep(0.1)
        plan = sender.finish(60)
        if unread or not was_in_time(plan, line.BUFFER):
            raise StoodStill(f"the sender was {plan['latest_ms']:.0f} ms late, {unread} unread")
        return plan

    def rows_of(self, plan, collector):
        start, end = collector.records("s")[0], collector.records("x")[0]
        rtp, ts = (agreement.of_stream(collector.streams(kind), kind) for kind in "rt")
        return (agreement.stream_rows(plan, rtp, ts)
                + agreement.session_rows(plan, start["w"], end, line.BUFFER)
                + agreement.record_rows(collector.rows("SELECT * FROM records"),
                                        agreement.last(collector.records("a"), "a")))

    def assert_agreement(self, rows):
        self.assertTrue(all(row.agrees for row in rows), "\n" + agreement.table(rows))

    @repeated
    def test_the_report_agrees_with_the_plan_and_a_changed_plan_is_noticed(self):
        collector = self.collector()
        device = self.device(collector.port)
        plan = self.stream(device, "--seconds", "8", *MISHAPS, "--pause", "4:1.5")
        self.assertEqual(device.wait(60), 0)
        self.assert_agreement(self.rows_of(plan, collector))

        kinds = [record["k"] for record in collector.records()]
        self.assertEqual(kinds[0], "b")
        self.assertLessEqual({"b", "s", "h", "e", "r", "t", "x", "a"}, set(kinds))

        wrong = copy.deepcopy(plan)
        wrong["rtp"]["lost"] += 1
        disagreeing = [row.name for row in self.rows_of(wrong, collector) if not row.agrees]
        self.assertEqual(disagreeing, ["packets lost"])

    @repeated
    def test_sequence_numbers_that_wrap_are_no_loss_and_a_goodbye_is_no_stall(self):
        collector = self.collector()
        device = self.device(collector.port)
        plan = self.stream(device, "--seconds", "4", "--first-seq", "65400", "--bye", *MISHAPS)
        self.assertEqual(device.wait(60), 0)
        self.assert_agreement(self.rows_of(plan, collector))
        self.assertEqual(collector.records("x")[0]["p"].get("sc", 0), 0)

    @repeated
    def test_a_collector_that_is_away_costs_nothing_but_time(self):
        collector = self.collector()
        device = self.device(collector.port)
        self.assertEqual(collector.stop(), 0)
        plan = self.stream(device, "--seconds", "5", "--drop", "3")
        device.await_line("tally: warning: uplink: failed, status")
        again = self.collector(port=collector.port)
        self.assertEqual(device.wait(60), 0)
        self.assert_agreement(self.rows_of(plan, again))

    @repeated
    def test_hostile_datagrams_are_counted_and_disturb_nothing(self):
        collector = self.collector()
        device = self.device(collector.port)
        host, port = device.address.split(":")
        hostile = [b"", b"\x80", b"\x80\x21" + bytes(9), b"\xff" * 1500, b"\x8f\x21" + bytes(20),
                   b"\xa0\x21" + bytes(10) + b"\xff" * 4, b"\x00" * 1400]
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as outlet:
            for datagram in hostile:
                outlet.sendto(datagram, (host, int(port)))
        plan = self.stream(device, "--seconds", "3", "--drop", "2")
        self.assertEqual(device.wait(60), 0)
        rtp, ts = (agreement.of_stream(collector.streams(kind), kind) for kind in "rt")
        self.assertEqual(rtp["ri"], len(hostile))
        self.assert_agreement(agreement.stream_rows(plan, rtp, ts))

    def refused(self, why, port, host="127.0.0.1", **settings):
        """A device that cannot deliver: it names the reason, keeps all and ends by itself."""
        device = self.device(port, host, exit_when_ended="no", **settings)
        device.await_line(f"tally: warning: uplink: failed, status: {why}")
        self.assertEqual(device.stop(), 3)

    def test_an_unknown_ca_is_named_and_nothing_is_sent(self):
        collector = self.collector(server="other-server")
        self.refused("server certificate from an unknown CA", collector.port)
        self.assertEqual(collector.rows("SELECT * FROM uploads"), [])

    def test_a_server_with_another_name_is_named_and_nothing_is_sent(self):
        collector = self.collector(server="wrongname-server")
        self.refused("server certificate for another name", collector.port)
        self.assertEqual(collector.rows("SELECT * FROM uploads"), [])

    def test_a_foreign_device_is_refused_by_the_collector_and_keeps_its_records(self):
        collector = self.collector()
        device = self.device(collector.port, exit_when_ended="no",
                             certificate=self.certs / "foreign-device.pem",
                             key=self.certs / "foreign-device.key")
        device.await_line("tally: warning: uplink: server answered with status: 403")
        self.assertEqual(device.stop(), 3)
        self.assertEqual(collector.rows("SELECT * FROM records"), [])

    @repeated
    def deletes_nothing(self, fault, why):
        collector = self.collector("--fault", fault, "--fault-count", "1")
        device = self.device(collector.port)
        device.await_line(f"tally: warning: uplink: failed, status: {why}")
        plan = self.stream(device, "--seconds", "2")
        self.assertEqual(device.wait(60), 0)
        self.assert_agreement(self.rows_of(plan, collector))

    def test_replies_that_are_garbage_endless_or_huge_delete_nothing(self):
        for fault, why in (("garbage", "reply is not HTTP/1.1"), ("endless", "success with a body"),
                           ("huge-header", "reply over the limit"),
                           ("cut", "peer closed the connection")):
            with self.subTest(fault=fault):
                self.folder = pathlib.Path(tempfile.mkdtemp(dir=self.shared))
                self.deletes_nothing(fault, why)


if __name__ == "__main__":
    unittest.main()
