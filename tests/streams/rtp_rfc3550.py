# SPDX-License-Identifier: Apache-2.0
"""What RFC 3550 makes of a capture: appendices A.1, A.3 and A.8, a state for each SSRC.

Two things the RFC leaves to the reader are as the agent's header says: the packets of a probation
are counted once it is passed (A.1 forgets all but the last), and jitter compares nothing across a
restart or a change of the clock rate.
"""
import struct
from fractions import Fraction

MIN_SEQUENTIAL = 2
MAX_DROPOUT = 3000
MAX_MISORDER = 100
RTP_SEQ_MOD = 1 << 16
FRAME_HEADERS = 14 + 20 + 8  # Ethernet, IPv4, UDP


def datagrams(path):
    """(arrival in microseconds, datagram) of a pcap file."""
    data = path.read_bytes()
    at = 24
    while at < len(data):
        seconds, microseconds, size, _ = struct.unpack_from("=IIII", data, at)
        frame = data[at + 16:at + 16 + size]
        yield seconds * 1_000_000 + microseconds, frame[FRAME_HEADERS:]
        at += 16 + size


class Source:
    """One SSRC."""

    def __init__(self, sequence):
        self.expected_before_restart = 0
        self.received = self.duplicates = self.out_of_order = self.restarts = 0
        self.base = self.highest = None
        self.bad = None
        self.seen = set()
        self.jitter = self.transit = self.trial = None
        self.probation = MIN_SEQUENTIAL
        self.max_sequence = (sequence - 1) % RTP_SEQ_MOD

    def _init_sequence(self, sequence):
        self.base = sequence - (MIN_SEQUENTIAL - 1)
        self.highest = sequence
        self.seen = set(range(self.base, self.highest))
        self.received += MIN_SEQUENTIAL - 1
        self.bad = None

    def expected(self):
        """A.3, with what was expected before each restart."""
        if self.base is None:
            return 0
        return self.expected_before_restart + self.highest - self.base + 1

    def _on_probation(self, sequence):
        if sequence == (self.max_sequence + 1) % RTP_SEQ_MOD:
            self.probation -= 1
        else:
            self.probation = MIN_SEQUENTIAL - 1
        self.max_sequence = sequence
        if self.probation > 0:
            return False
        self._init_sequence(sequence)
        return True

    def update_sequence(self, sequence):
        """A.1. True if the packet counts."""
        if self.probation > 0:
            return self._on_probation(sequence)
        delta = (sequence - self.highest) % RTP_SEQ_MOD
        if delta < MAX_DROPOUT:
            self.highest += delta
            return True
        if delta > RTP_SEQ_MOD - MAX_MISORDER:
            return True
        if sequence != self.bad:
            self.bad = (sequence + 1) % RTP_SEQ_MOD
            return False
        self.expected_before_restart = self.expected()
        self._init_sequence(sequence)
        self.restarts += 1
        self.transit = self.trial
        return True

    def receive(self, sequence, sent_us, arrival_us):
        """One packet; its timestamp in microseconds, as a fraction."""
        first = self.base is None and self.transit is None
        highest = self.highest
        counts = self.update_sequence(sequence)
        if counts or first:
            self._update_jitter(sent_us, arrival_us)
        self.trial = (sent_us, arrival_us)
        if not counts:
            return False
        self.received += 1
        extended = self.highest - (self.highest - sequence) % RTP_SEQ_MOD
        if extended in self.seen:
            self.duplicates += 1
        elif highest is not None and extended < highest and self.highest == highest:
            self.out_of_order += 1
        self.seen.add(extended)
        return True

    def _update_jitter(self, sent_us, arrival_us):
        """A.8, in sixteenths of a microsecond."""
        if self.transit is not None:
            difference = arrival_us - self.transit[1] - round(sent_us - self.transit[0])
            jitter = self.jitter or 0
            self.jitter = jitter + abs(difference) - ((jitter + 8) >> 4)
        self.transit = (sent_us, arrival_us)

    def change_clock(self):
        """The next packet is the first of another clock."""
        self.jitter = self.transit = self.trial = None


def recompute(path, clock_rates):
    """The statistics of all RTP in the capture; `clock_rates` in Hz by payload type."""
    sources = {}
    believed = []
    payload_type = None
    for arrival_us, datagram in datagrams(path):
        _, second, sequence, timestamp, ssrc = struct.unpack_from(">BBHII", datagram)
        if payload_type not in (None, second & 0x7F):
            for source in sources.values():
                source.change_clock()
        payload_type = second & 0x7F
        source = sources.setdefault(ssrc, Source(sequence))
        sent_us = Fraction(timestamp * 1_000_000, clock_rates[payload_type])
        if source.receive(sequence, sent_us, arrival_us) and source not in believed:
            believed.append(source)
    total = {name: sum(getattr(source, name) for source in believed)
             for name in ("received", "duplicates", "out_of_order", "restarts")}
    expected = sum(source.expected() for source in believed)
    jitter = believed[-1].jitter
    return {"RTP_EXPECTED": expected,
            "RTP_RECEIVED": total["received"],
            "RTP_LOST": expected - total["received"],
            "RTP_DUPLICATES": total["duplicates"],
            "RTP_OUT_OF_ORDER": total["out_of_order"],
            "RTP_RESTARTS": total["restarts"],
            "RTP_SOURCE_CHANGES": len(believed) - 1 + total["restarts"],
            "RTP_JITTER": None if jitter is None else jitter >> 4}
