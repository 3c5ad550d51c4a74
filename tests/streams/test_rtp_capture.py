# SPDX-License-Identifier: Apache-2.0
"""The agent's RTP statistics of a capture, against RFC 3550 read by somebody else and tshark."""
import json
import os
import pathlib
import random
import struct
import subprocess
import tempfile
import time
import unittest

import rtp_rfc3550

RTP_STATS = os.environ.get("RTP_STATS")
PORT = 5004
TELEPHONE, TRANSPORT_STREAM, OPUS = 0, 33, 96  # payload types
CLOCK_RATES = {TELEPHONE: 8000, TRANSPORT_STREAM: 90000, OPUS: 48000}
SEED = int(os.environ.get("TALLY_SEED", time.time()))


class Sender:
    """Sends packets at an even pace; what the network does to each is told by the call."""

    def __init__(self, dice, sequence=65000, ssrc=0x1001, payload_type=TRANSPORT_STREAM,
                 ticks=211, spacing_us=2344):
        self.dice = dice
        self.sequence, self.ssrc, self.payload_type = sequence, ssrc, payload_type
        self.ticks, self.spacing_us = ticks, spacing_us
        self.timestamp = 0xFFFF0000  # wraps too
        self.now_us = 1_700_000_000_000_000
        self.sent = []  # (arrival, datagram)

    def packet(self, delay_us=None, copies=1):
        """The next packet. No copies: it is lost."""
        for copy in range(copies):
            delay = self.dice.randrange(800) if delay_us is None else delay_us
            self._arrive(self.now_us + delay + 300 * copy, self.ssrc, self.sequence)
        self.sequence = (self.sequence + 1) % 65536
        self.timestamp = (self.timestamp + self.ticks) % (1 << 32)
        self.now_us += self.spacing_us

    def packets(self, count, **fate):
        for _ in range(count):
            self.packet(**fate)

    def foreign(self):
        """One packet of somebody else."""
        self._arrive(self.now_us, 0xBADC0DE, self.dice.randrange(65536))

    def _arrive(self, at_us, ssrc, sequence):
        header = struct.pack(">BBHII", 0x80, self.payload_type, sequence, self.timestamp, ssrc)
        self.sent.append((at_us, header + bytes(160)))

    def write(self, path):
        """A capture: pcap of Ethernet, IPv4 and UDP, in the order of arrival."""
        frames = [struct.pack("=IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 65535, 1)]
        for at_us, datagram in sorted(self.sent, key=lambda each: each[0]):
            udp = struct.pack(">HHHH", PORT, PORT, 8 + len(datagram), 0) + datagram
            ip = struct.pack(">BBHHHBBH4s4s", 0x45, 0, 20 + len(udp), 0, 0, 64, 17, 0,
                             bytes([127, 0, 0, 1]), bytes([127, 0, 0, 1]))
            frame = bytes(12) + b"\x08\x00" + ip + udp
            frames.append(struct.pack("=IIII", *divmod(at_us, 1_000_000), len(frame), len(frame)))
            frames.append(frame)
        path.write_bytes(b"".join(frames))


def agent(path):
    rates = [f"{kind}={rate}" for kind, rate in CLOCK_RATES.items()]
    done = subprocess.run([RTP_STATS, path, *rates], check=True, capture_output=True, text=True)
    return json.loads(done.stdout)


def tshark(path):
    """(packets, lost, largest jitter in ms) of each SSRC."""
    done = subprocess.run(["tshark", "-r", path, "-d", f"udp.port=={PORT},rtp", "-q",
                           "-z", "rtp,streams"], check=True, capture_output=True, text=True)
    streams = {}
    for line in done.stdout.splitlines():
        words = line.split()
        ssrc = next((at for at, word in enumerate(words) if word.startswith("0x")), None)
        if ssrc is not None:
            numbers = [at for at, word in enumerate(words) if word.endswith("%)")]
            lost = numbers[0]
            streams[int(words[ssrc], 16)] = (int(words[lost - 2]), int(words[lost - 1]),
                                             float(words[lost + 6]))
    return streams


@unittest.skipUnless(RTP_STATS, "RTP_STATS names the program; CTest sets it")
class Capture(unittest.TestCase):
    def setUp(self):
        print(f"TALLY_SEED={SEED}")
        self.sender = Sender(random.Random(SEED))
        holder = tempfile.TemporaryDirectory()
        self.addCleanup(holder.cleanup)
        self.path = pathlib.Path(holder.name) / "rtp.pcap"

    def agree(self, **planned):
        """The agent counts what the RFC does, and what was planned is among it."""
        self.sender.write(self.path)
        ours = agent(self.path)
        theirs = rtp_rfc3550.recompute(self.path, CLOCK_RATES)
        self.assertEqual({name: ours[name] for name in theirs}, theirs)
        for name, value in planned.items():
            with self.subTest(planned=name):
                self.assertEqual(ours[f"RTP_{name.upper()}"], value)
        return ours

    def test_an_undisturbed_stream_over_the_wrap(self):
        self.sender.packets(140_000, delay_us=0)
        # 211 ticks are 2,344.4 us: to the nearest, none is off by a microsecond
        self.agree(expected=140_000, lost=0, jitter=0)

    def test_loss_in_runs(self):
        self.sender.packets(1000)
        self.sender.packets(1, copies=0)
        self.sender.packets(20)
        self.sender.packets(3, copies=0)
        self.sender.packets(15)
        self.sender.packets(2, copies=0)
        self.sender.packets(1000)
        self.agree(expected=2041, received=2035, lost=6, loss_events=3, loss_longest=3,
                   loss_distance=35, loss_distance_least=15, bursts=1, burst_packets=20,
                   burst_lost=5)

    def test_duplicates(self):
        for _ in range(50):
            self.sender.packets(20)
            self.sender.packet(copies=3)
        self.agree(expected=1050, received=1150, lost=-100, duplicates=100, out_of_order=0)

    def test_reordering_is_no_loss(self):
        for _ in range(50):
            self.sender.packets(30, delay_us=0)
            self.sender.packet(delay_us=10_000)  # behind four others
        self.sender.packets(100, delay_us=0)
        self.agree(expected=1650, lost=0, out_of_order=50, loss_events=0, duplicates=0)

    def test_another_source_takes_over(self):
        self.sender.packets(1000)
        self.sender.packets(5, copies=0)
        self.sender.packets(2)
        self.sender.ssrc, self.sender.sequence = 0x2002, 77
        self.sender.packets(500)
        self.agree(expected=1507, lost=5, source_changes=1, restarts=0, loss_events=1)

    def test_a_foreign_packet_costs_nothing(self):
        self.sender.packets(1000)
        self.sender.packets(2, copies=0)
        self.sender.foreign()
        self.sender.packets(1000)
        self.agree(expected=2002, lost=2, source_changes=0)

    def test_a_restart_is_told_from_loss(self):
        self.sender.packets(1000)
        self.sender.sequence = (self.sender.sequence + 20_000) % 65536
        self.sender.timestamp = 12345
        self.sender.packets(1000)
        self.agree(expected=2000, lost=0, source_changes=1, restarts=1)

    def test_another_clock_rate(self):
        self.sender.packets(1000)
        self.sender.payload_type = OPUS
        self.sender.ticks, self.sender.spacing_us = 960, 20_000
        self.sender.packets(100)
        self.agree(expected=1100, lost=0, source_changes=0, clock_rate=48_000)

    def test_everything_at_once(self):
        dice = self.sender.dice
        for _ in range(20):
            for _ in range(2000):
                fate = dice.choices(({}, {"copies": 0}, {"copies": 2}, {"delay_us": 30_000}),
                                    (95, 2, 1, 2))[0]
                self.sender.packet(**fate)
            self.sender.now_us += 100_000  # nothing of before is under way any more
            if dice.random() < 0.5:
                self.sender.ssrc += 1
            self.sender.sequence = (self.sender.sequence + dice.randrange(4000, 60_000)) % 65536
            self.sender.packets(2, delay_us=0)
        self.agree()

    def test_tshark_agrees_where_nothing_is_reordered(self):
        for _ in range(40):
            self.sender.packets(100)
            self.sender.packets(self.sender.dice.randrange(8), copies=0)
        self.sender.packets(100)
        ours = self.agree()
        (packets, lost, jitter_ms), = tshark(self.path).values()
        self.assertEqual((ours["RTP_RECEIVED"], ours["RTP_LOST"]), (packets, lost))
        self.assertAlmostEqual(ours["jitter_most_us"] / 1000, jitter_ms, delta=0.002)


if __name__ == "__main__":
    unittest.main()
