# SPDX-License-Identifier: Apache-2.0
"""The whole line with a board: paced sender -> firmware in QEMU -> HTTPS -> collector, and what
becomes of it when server, network or stream are not as they should be."""
import copy
import os
import pathlib
import random
import signal
import socket
import tempfile
import time
import types
import unittest

import agreement
import scenario
from board_case import DELIVERY_S, BoardCase
from relay import Cut, Relay
from undisturbed import alone, undisturbed

MISHAPS = ("--drop", "12", "--duplicate", "5", "--reorder", "4", "--bye")

OPERATOR = "operator-1"  # of provision.py's options, see board.build()

# As the UART has them.
FAILED = "W uplink: failed, status"
E_TIMEOUT = -12

# What is in use at once: more than nothing, and within the static memory there is.
MEMORY_IN_USE = {"ah": (4096, 7488), "as": (1024, 4608)}
POOLS_IN_USE = {"bh": (0, 2), "ch": (1, 1), "gh": (1, 8), "hh": (256, 2560), "nh": (0, 0),
                "uh": (2, 4), "yh": (1, 16)}
POOLS_REFUSED = {"bf", "cf", "fd", "gf", "hf", "nf", "uf", "yf"}

CUTS = 6
# Bytes within which a cut is drawn: a handshake with both certificates, and an upload.
SAID = {True: 1900, False: 2400}  # by the device, by the server

DHCP_DISCOVER = bytes.fromhex("63825363 350101")  # the magic cookie and the first option
GARBAGE = bytes(range(100))
FLOOD_S, FLOOD_LEAST = 3, 30000


class BoardReport(BoardCase):
    def play(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(dir=self.shared))
        run = types.SimpleNamespace(collector=self.collector(), device=self.device())
        run.joined_unix_ms = run.device.await_join()
        sender = self.sender(run.device, "--seconds", "10", "--pause", "4:2", *MISHAPS)
        run.plan = sender.finish(60)
        run.device.finish(run.collector)
        run.agent = self.await_delivery(run.collector, run.device)
        run.device.stop()
        run.collector.stop()
        return run

    def rows_of(self, run, plan):
        records = run.collector.records
        rtp, ts = (agreement.of_stream(run.collector.streams(kind), kind) for kind in "rt")
        return (agreement.stream_rows(plan, rtp, ts)
                + agreement.session_rows(plan, run.joined_unix_ms, records("x")[0],
                                         self.maker.buffer)
                + agreement.record_rows(run.collector.rows("SELECT * FROM records"),
                                        run.agent["a"]))

    @alone
    def test_the_report_of_a_board_agrees_with_the_plan(self):
        run = undisturbed(self.play)
        rows = self.rows_of(run, run.plan)
        self.assertTrue(all(row.agrees for row in rows), "\n" + agreement.table(rows))

        wrong = copy.deepcopy(run.plan)
        wrong["rtp"]["lost"] += 1
        disagreeing = [row.name for row in self.rows_of(run, wrong) if not row.agrees]
        self.assertEqual(disagreeing, ["packets lost"])


class BoardLine(BoardCase):
    def assert_within(self, group, bounds):
        for key, (least, most) in bounds.items():
            with self.subTest(key=key):
                self.assertLessEqual(least, group[key])
                self.assertLessEqual(group[key], most)

    def test_the_agent_tells_how_much_of_its_memory_was_in_use(self):
        collector, device = self.collector(), self.device()
        device.await_line("uplink: records accepted", DELIVERY_S)
        agent = self.await_delivery(collector, device)
        self.assert_within(agent["a"], MEMORY_IN_USE)
        self.assert_within(agent["n"], POOLS_IN_USE)
        self.assertEqual(POOLS_REFUSED & agent["n"].keys(), set())

    # ---- the server -------------------------------------------------------------------------

    def test_answers_that_are_cut_short_cost_resends_and_nothing_else(self):
        collector, device = self.collector("--fault", "cut", "--fault-count", "2"), self.device()
        device.await_line(FAILED, DELIVERY_S)
        agent = self.await_delivery(collector, device)
        self.assertEqual(agent["a"]["an"], 2)
        self.assertGreater(collector.rows("SELECT SUM(resends) AS n FROM records")[0]["n"], 0)

    def test_a_server_that_dies_before_it_answers_gets_the_same_records_again(self):
        collector, device = self.collector("--fault", "hang"), self.device()
        self.until("a stored upload", collector.records, device)
        collector.stop(signal.SIGKILL)
        device.await_line(FAILED, DELIVERY_S)
        again = self.collector()
        self.await_delivery(again, device)
        boot = again.rows("SELECT resends FROM records WHERE kind = 'b'")
        self.assertEqual([row["resends"] for row in boot], [1])

    def test_a_server_that_dies_within_an_upload_gets_all_of_it_later(self):
        collector = self.collector(port=0)
        relay = Relay(self.port, collector.port)
        self.addCleanup(relay.close)
        device = self.device()
        device.await_line("uplink: records accepted", DELIVERY_S)
        sender = self.sender(device, "--seconds", "5", "--bye")
        relay.stop_after(600)
        self.assertTrue(relay.stuck.wait(DELIVERY_S))
        collector.stop(signal.SIGKILL)
        relay.close()
        device.await_line(FAILED, DELIVERY_S)
        again = self.collector()
        sender.finish(60)
        device.finish(again)
        self.await_delivery(again, device)

    def test_connections_cut_at_any_byte_lose_nothing_and_leak_no_connection(self):
        seed = int(os.environ.get("TALLY_SEED", time.time_ns() % 2**32))
        print(f"TALLY_SEED={seed}", flush=True)
        dice = random.Random(seed)
        collector = self.collector(port=0)
        relay = Relay(self.port, collector.port)
        self.addCleanup(relay.close)
        device = self.device()
        device.await_line("uplink: records accepted", DELIVERY_S)
        for number in range(CUTS):
            by_device, is_fresh = bool(number & 1), bool(number & 2)
            cut = Cut(by_device, dice.randrange(SAID[by_device]), is_fresh, dice.random() < 0.5)
            relay.cut(cut)
            self.assertTrue(cut.done.wait(DELIVERY_S))
            stored = len(collector.bodies())
            self.until("an upload behind the cut", lambda: len(collector.bodies()) > stored, device)
        agent = self.await_delivery(collector, device)
        self.assertGreaterEqual(agent["a"]["an"] + agent["a"].get("at", 0), 1)
        # lwIP has room for one connection, so one that was not given back would have been the last.
        self.assertEqual(agent["n"]["ch"], 1)
        self.assertEqual(POOLS_REFUSED & agent["n"].keys(), set())

    def test_a_board_obeys_its_operator_and_nobody_else(self):
        message = self.folder / "config.cose"
        scenario.make_operator(self.folder)
        scenario.sign(self.folder / "operator.key", message, OPERATOR, 7, "--sampling-ppm", "1000")
        collector, device = self.collector("--config", message), self.device()

        def told(key, least):
            return self.until(f"{key} is at least {least}", lambda: [
                record["a"] for record in collector.records("a")
                if record.get("a", {}).get(key, 0) >= least], device)[0]

        self.assertNotIn("a0", told("a1", 1))
        scenario.sign(self.certs / "operator.key", message, OPERATOR, 8, "--sampling-ppm", "2000")
        self.assertEqual(told("a0", 8)["a3"], 2000)

    def test_a_wrong_certificate_is_named_and_nothing_is_sent(self):
        impostor = self.collector(server="other-server")
        device = self.device()
        device.await_line(f"{FAILED} server certificate from an unknown CA", DELIVERY_S)
        impostor.stop()
        impostor = self.collector(server="wrongname-server")
        device.await_line(f"{FAILED} server certificate for another name", DELIVERY_S)
        self.assertEqual(impostor.rows("SELECT * FROM uploads"), [])
        impostor.stop()
        agent = self.await_delivery(self.collector(), device)
        self.assertGreaterEqual(agent["a"]["at"], 2)

    # ---- the network ------------------------------------------------------------------------

    def test_a_board_without_a_network_keeps_its_records_until_there_is_one(self):
        collector = self.collector()
        device, monitor = self.held_device()
        monitor.set_link(False)  # the PHY sees no carrier from the first instruction on
        monitor.cont()
        device.await_line(f"{FAILED} deadline passed", DELIVERY_S)
        self.assertEqual(collector.rows("SELECT * FROM uploads"), [])
        monitor.set_link(True)
        agent = self.await_delivery(collector, device)
        self.assertGreaterEqual(agent["a"]["an"], 1)
        self.assertEqual(agent["a"]["le"], E_TIMEOUT)

    def test_an_address_may_come_late(self):
        # The carrier is there, but what the board sends goes into a file and to nobody else: a
        # DHCP server that is down. It comes back after the second question.
        lost = self.folder / "lost"
        collector = self.collector()
        device, monitor = self.held_device(
            "-chardev", f"file,id=lost,path={lost}",
            "-object", "filter-redirector,id=deaf,netdev=n0,queue=rx,outdev=lost")
        monitor.cont()
        self.until("two questions for an address",
                   lambda: lost.read_bytes().count(DHCP_DISCOVER) >= 2, device)
        self.assertEqual(collector.rows("SELECT * FROM uploads"), [])
        monitor.execute("qom-set", path="/objects/deaf", property="status", value="off")
        self.await_delivery(collector, device)

    # ---- the stream -------------------------------------------------------------------------

    @staticmethod
    def flood(device):
        """As fast as this machine can, which is 50 datagrams in a millisecond."""
        host, port = device.address.split(":")
        sent = 0
        end = time.monotonic() + FLOOD_S
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as outlet:
            while time.monotonic() < end or sent < FLOOD_LEAST:
                outlet.sendto(GARBAGE, (host, int(port)))
                sent += 1

    def test_a_flood_costs_packets_and_nothing_else(self):
        collector, device = self.collector(), self.device()
        device.await_join()
        sender = self.sender(device, "--seconds", "8", "--bye")
        self.until("a measured stream", lambda: collector.records("r"), device)
        self.flood(device)
        sender.finish(60)
        device.finish(collector)
        agent = self.await_delivery(collector, device)
        self.assertGreater(agreement.of_stream(collector.streams("r"), "r")["ri"], 100)
        self.assertLessEqual(agent["a"]["as"], MEMORY_IN_USE["as"][1])


if __name__ == "__main__":
    unittest.main()
