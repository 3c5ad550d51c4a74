# SPDX-License-Identifier: Apache-2.0
"""The sender as a program: what arrives at a socket is what the plan said.

The figures of the truth are counted again here, from nothing but the received
bytes and by other means than the sender's own model.
"""

import json
import os
import signal
import socket
import statistics
import struct
import subprocess
import sys
import tempfile
import threading
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))
SENDER = os.path.join(HERE, "sender.py")
MAKE_MEDIA = os.path.join(HERE, "..", "media", "make_media.sh")


SO_TIMESTAMPNS, SO_RXQ_OVFL = 35, 40  # have no names in Python
LATE_MOST_MS = 50
RUNS_MOST = 3


class Listener:
    """A UDP socket that keeps every datagram and the time it came at, by the kernel."""

    def __init__(self):
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4 << 20)
        for option in (SO_TIMESTAMPNS, SO_RXQ_OVFL):
            self._socket.setsockopt(socket.SOL_SOCKET, option, 1)
        self._socket.bind(("127.0.0.1", 0))
        self._socket.settimeout(0.5)
        self.address = "%s:%d" % self._socket.getsockname()
        self.datagrams = []
        self.refused = 0  # for which the kernel had no room
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._listen)
        self._thread.start()

    def _listen(self):
        while True:
            try:
                data, notes, _, _ = self._socket.recvmsg(2048, 128)
                told = {kind: value for _, kind, value in notes}
                seconds, nanoseconds = struct.unpack("qq", told[SO_TIMESTAMPNS])
                self.refused, = struct.unpack("I", told.get(SO_RXQ_OVFL, bytes(4)))
                self.datagrams.append((seconds + nanoseconds / 1e9, data))
            except socket.timeout:
                if self._over.is_set():
                    return

    def finish(self):
        self._over.set()
        self._thread.join()
        self._socket.close()


def extended_sequences(datagrams):
    """Sequence numbers unfolded around the 16-bit wrap, relative to the first."""
    numbers = [struct.unpack_from("!H", data, 2)[0] for _, data in datagrams]
    unfolded = [0]
    for earlier, later in zip(numbers, numbers[1:]):
        step = (later - earlier + 0x8000) % 0x10000 - 0x8000
        unfolded.append(unfolded[-1] + step)
    return unfolded


def played_payloads(datagrams):
    highest = -1
    for number, (_, data) in zip(extended_sequences(datagrams), datagrams):
        if number > highest:
            highest = number
            yield data[12:]


def packets_by_pid(payloads):
    pids = {}
    for payload in payloads:
        for at in range(0, len(payload), 188):
            packet = payload[at:at + 188]
            pids.setdefault(struct.unpack_from("!H", packet, 1)[0] & 0x1FFF, []).append(packet)
    return pids


def recount(datagrams):
    """The truth, told by what arrived. ffmpeg repeats no packet and announces no break."""
    numbers = extended_sequences(datagrams)
    pids = packets_by_pid(played_payloads(datagrams))
    counters = [[p[3] & 15 for p in packets if p[3] & 16]
                for pid, packets in pids.items() if pid != 0x1FFF]
    played = sum(map(len, pids.values()))
    return {
        "rtp": {
            "expected": max(numbers) + 1,
            "received": len(numbers),
            "lost": max(numbers) + 1 - len(numbers),
            "missing": len(set(range(max(numbers) + 1)) - set(numbers)),
            "duplicates": sum(n in numbers[:i] for i, n in enumerate(numbers)),
            "out_of_order": sum(n < max(numbers[:i + 1]) and n not in numbers[:i]
                                for i, n in enumerate(numbers)),
            "discarded": len(numbers) - played // 7,
        },
        "ts": {
            "packets": played,
            "continuity_errors": sum((b - a) % 16 != 1 for c in counters for a, b in zip(c, c[1:])),
        },
    }


def deaf_socket():
    """A bound socket nobody reads: somewhere on loopback for datagrams that do not matter."""
    deaf = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    deaf.bind(("127.0.0.1", 0))
    return deaf


class Sending(unittest.TestCase):
    """One transmission with every kind of mishap, looked at from all sides."""

    @classmethod
    def setUpClass(cls):
        holder = tempfile.TemporaryDirectory(dir=os.environ.get("TALLY_TEST_DIR"))
        cls.addClassCleanup(holder.cleanup)
        cls.media = os.path.join(holder.name, "media.ts")
        cls.truth_file = os.path.join(holder.name, "truth.json")
        subprocess.run([MAKE_MEDIA, cls.media, "6", "5000"], check=True)
        for _ in range(RUNS_MOST):  # a machine that stands still says nothing about the sender
            refused = cls.transmit()
            if cls.truth["latest_ms"] < LATE_MOST_MS and not refused:
                break

    @classmethod
    def transmit(cls):
        listener = Listener()
        try:
            subprocess.run(
                [sys.executable, SENDER, cls.media, "--to", listener.address,
                 "--plan", cls.truth_file, "--seconds", "5", "--seed", "11",
                 "--first-seq", "65000", "--drop", "12", "--duplicate", "7", "--reorder", "9",
                 "--pause", "2:0.6", "--pause", "3.5:0.3"],
                check=True, stdout=subprocess.DEVNULL, timeout=120)
        finally:
            listener.finish()
        cls.datagrams = listener.datagrams
        with open(cls.truth_file, encoding="utf-8") as source:
            cls.truth = json.load(source)
        return listener.refused

    def test_the_truth_is_what_a_recount_of_the_arrivals_finds(self):
        counted = recount(self.datagrams)
        self.assertEqual(counted["rtp"], self.truth["rtp"])
        self.assertEqual(counted["ts"], self.truth["ts"])

    def test_the_mishaps_asked_for_are_those_that_happened(self):
        self.assertEqual(self.truth["rtp"]["missing"], 12)
        self.assertEqual(self.truth["rtp"]["duplicates"], 7)
        self.assertEqual(self.truth["rtp"]["out_of_order"], 9)

    def test_the_named_packets_are_the_ones_that_suffered(self):
        numbers = extended_sequences(self.datagrams)
        absent = sorted(set(range(self.truth["packets_planned"])) - set(numbers))
        twice = sorted(n for n in set(numbers) if numbers.count(n) == 2)
        late = [n for i, n in enumerate(numbers) if i and n < max(numbers[:i])]
        self.assertEqual(absent, self.truth["dropped"])
        self.assertEqual(twice, self.truth["duplicated"])
        self.assertEqual(late, self.truth["reordered"])

    def test_every_datagram_is_seven_packets_of_the_file_behind_an_rtp_header(self):
        with open(self.media, "rb") as source:
            media = source.read()
        for number, (_, data) in zip(extended_sequences(self.datagrams), self.datagrams):
            first, kind, sequence, _, ssrc = struct.unpack_from("!BBHII", data)
            self.assertEqual((first, kind, ssrc), (0x80, 33, self.truth["ssrc"]))
            self.assertEqual(sequence, (self.truth["first_seq"] + number) % 65536)
            self.assertEqual(data[12:], media[number * 1316:(number + 1) * 1316])

    def test_sequence_numbers_went_through_their_wrap(self):
        self.assertGreater(self.truth["first_seq"] + self.truth["packets_planned"], 65536)

    def test_timestamps_run_at_90_khz_of_the_stream_clock(self):
        first, last = (struct.unpack_from("!I", self.datagrams[at][1], 4)[0] for at in (0, -1))
        self.assertAlmostEqual((last - first) % (1 << 32) / 90_000, 5, delta=0.02)

    def test_the_media_lasts_as_long_as_its_clock_says(self):
        self.assertAlmostEqual(self.truth["media_ms"], 5000, delta=45)

    def test_pauses_are_real_and_measured(self):
        late = self.truth["latest_ms"] / 1000
        times = [at for at, _ in self.datagrams]
        silences = sorted((b - a for a, b in zip(times, times[1:])), reverse=True)
        for pause in self.truth["pauses"]:
            self.assertAlmostEqual(pause["measured_s"], pause["length_s"], delta=0.1 + late)
            self.assertLess(min(abs(s - pause["measured_s"]) for s in silences), 0.1 + late)

    def test_the_stream_leaves_at_its_own_pace(self):
        """Never ahead of its clock; behind it by no more than the truth says, and seldom."""
        lasted = self.truth["send_lasted_ms"]
        self.assertGreaterEqual(lasted, 5899 - 45)
        self.assertLessEqual(lasted, 5901 + self.truth["latest_ms"])
        self.assertLess(statistics.median(self.lateness_ms()), 100)

    def lateness_ms(self):
        """Of each datagram against the stream's clock and the pauses, by the kernel's stamps."""
        first_at, first = self.datagrams[0]
        start = struct.unpack_from("!I", first, 4)[0]
        for at, data in self.datagrams:
            media_s = (struct.unpack_from("!I", data, 4)[0] - start) % (1 << 32) / 90_000
            paused = sum(p["length_s"] for p in self.truth["pauses"] if p["at_s"] <= media_s)
            yield (at - first_at - media_s - paused) * 1000

    def test_a_finished_transmission_says_so(self):
        self.assertTrue(self.truth["finished"])
        self.assertEqual(self.truth["sent"], len(self.datagrams))

    def test_a_killed_sender_leaves_its_truth(self):
        truth_file = self.truth_file + ".killed"
        with deaf_socket() as deaf, subprocess.Popen(
                [sys.executable, SENDER, self.media, "--to", "%s:%d" % deaf.getsockname(),
                 "--plan", truth_file], stdout=subprocess.PIPE, text=True) as sender:
            while not sender.stdout.readline().startswith("sending"):
                self.assertIsNone(sender.poll())
            sender.send_signal(signal.SIGKILL)
        with open(truth_file, encoding="utf-8") as source:
            truth = json.load(source)
        self.assertFalse(truth["finished"])
        self.assertGreater(truth["rtp"]["expected"], 2000)

    def test_a_file_that_is_no_transport_stream_is_refused_with_a_reason(self):
        refused = subprocess.run(
            [sys.executable, SENDER, SENDER, "--to", "127.0.0.1:1",
             "--plan", self.truth_file + ".no"],
            stderr=subprocess.PIPE, text=True, check=False)
        self.assertEqual(refused.returncode, 1)
        self.assertIn("sender.py:", refused.stderr)


if __name__ == "__main__":
    unittest.main()
