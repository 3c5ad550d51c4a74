# SPDX-License-Identifier: Apache-2.0
"""Driver, lwIP and the TCP transport against the host's own network stack."""

import pathlib
import re
import socket
import struct
import sys
import threading
import time
import unittest

import images
from qemu import Guest, Silence, hurry

sys.path.append(str(pathlib.Path(__file__).resolve().parents[1] / "lanes"))
from lateness import undisturbed  # noqa: E402

E_CONNECT = -14
TCP_BYTES = 200000
FLOOD_S = 2
FRAMES_PER_S_MOST = 2400  # FRAMES_PER_TICK of network.c in ticks of 10 ms


class Echo:
    """A TCP server on the loopback that does one thing with each connection."""

    def __init__(self, behave, address="127.0.0.1"):
        self._behave = behave
        family = socket.AF_INET6 if ":" in address else socket.AF_INET
        self._socket = socket.create_server((address, 0), family=family)
        self._socket.settimeout(0.2)
        self.port = self._socket.getsockname()[1]
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._serve)
        self._thread.start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._over.set()
        self._thread.join()
        self._socket.close()

    def _serve(self):
        while not self._over.is_set():
            try:
                connection, _ = self._socket.accept()
            except TimeoutError:
                continue
            with connection:
                connection.settimeout(60)
                self._behave(connection)


def echo_all(connection):
    while data := connection.recv(4096):
        connection.sendall(data)


def reset_midway(connection):
    connection.sendall(connection.recv(4096))
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


def close_midway(connection):
    connection.sendall(connection.recv(4096))


class Network:
    """On a `board`."""

    def setUp(self):
        self.guest = Guest(self.board, images.path(self.board, "network.elf")).__enter__()
        self.addCleanup(self.guest.__exit__)
        self.guest.wait_for("^network: up")

    def tcp(self, port, version=4):
        """What open() returned, and how many right bytes came back."""
        seen = len(self.guest.lines)
        for last_try in (False, False, True):
            self.guest.send(b"tcp%d %d" % (version, port))
            try:
                match = self.guest.wait_for(r"^tcp: open (-?\d+)(?: returned (\d+))?", 15, seen)
                return int(match[1]), int(match[2] or 0)
            except Silence:
                # The order is a datagram too: behind a flood it may be lost like others.
                if last_try:
                    raise

    def counters(self):
        """Ends the guest; the counters it prints, by name."""
        self.guest.send(b"exit")
        self.assertEqual(self.guest.exit_code(), 0)
        text = self.guest.text
        pools = {name: (int(used), int(failed)) for name, used, failed in
                 re.findall(r"pool: (\w+) used (\d+) .* failed (\d+)", text)}
        return pools, int(re.search(r"count: (\d+)", text)[1]), text

    @undisturbed
    def test_five_megabits_of_datagrams_arrive_all(self):
        count, bytes_each, bits_per_s = 2000, 1328, 5_000_000
        gap_s = bytes_each * 8 / bits_per_s
        hurry()
        last = 0.0
        begin = time.monotonic()
        for number in range(count):
            # Late ones catch up at twice the rate, never in a burst.
            due = max(begin + number * gap_s, last + gap_s / 2)
            time.sleep(max(0.0, due - time.monotonic()))
            last = time.monotonic()
            self.guest.send(b"count".ljust(bytes_each))
        time.sleep(0.2)
        pools, counted, text = self.counters()
        self.assertEqual(counted + self.guest.frames_refused, count, text)
        self.assertEqual(pools["HEAP"], (0, 0))
        # None, unless this machine stood still for longer than the chip's room lasts.
        self.assertLess(self.guest.frames_refused, count / 100)

    @undisturbed
    def test_a_flood_is_cut_short_and_survived(self):
        begin = time.monotonic()
        while time.monotonic() - begin < FLOOD_S:
            self.guest.send(b"count".ljust(100))
        time.sleep(0.5)
        flooded_s = time.monotonic() - begin
        with Echo(echo_all) as server:
            self.assertEqual(self.tcp(server.port), (0, TCP_BYTES))
        _, counted, text = self.counters()
        self.assertGreater(self.guest.frames_refused, 0)
        self.assertLess(counted, flooded_s * FRAMES_PER_S_MOST)
        self.assertLess(int(re.search(r"turn: longest ms (\d+)", text)[1]), 500)

    def test_all_bytes_come_back_through_a_slow_reader(self):
        with Echo(echo_all) as server:
            for _ in range(3):
                self.assertEqual(self.tcp(server.port), (0, TCP_BYTES))

    def test_no_connection_is_leaked(self):
        refused = socket.socket()
        refused.bind(("127.0.0.1", 0))  # and not listening
        self.addCleanup(refused.close)
        for _ in range(3):
            self.assertEqual(self.tcp(refused.getsockname()[1])[0], E_CONNECT)
        for behave in (reset_midway, close_midway):
            with Echo(behave) as server:
                for _ in range(3):
                    status, returned = self.tcp(server.port)
                    self.assertEqual(status, 0)
                    self.assertLess(returned, TCP_BYTES)
        with Echo(echo_all) as server:
            self.assertEqual(self.tcp(server.port), (0, TCP_BYTES))
        pools, _, text = self.counters()
        self.assertLessEqual(pools["TCP_PCB"][0], 1, text)  # the one still closing
        self.assertEqual(pools["TCP_PCB"][1], 0, text)
        self.assertEqual(pools["TCP_SEG"], (0, 0), text)


class Mps2(Network, unittest.TestCase):
    board = "mps2-an385"


class Vexpress(Network, unittest.TestCase):
    """With IPv6 built in."""
    board = "vexpress-a9"

    def test_all_bytes_come_back_over_ipv6(self):
        with Echo(echo_all, "::1") as server:
            result = self.tcp(server.port, version=6)
            for _ in range(10):  # until the router's advertisement has made an address
                if result[0] == 0:
                    break
                time.sleep(1)
                result = self.tcp(server.port, version=6)
            self.assertEqual(result, (0, TCP_BYTES))


if __name__ == "__main__":
    unittest.main()
