# SPDX-License-Identifier: Apache-2.0
"""MPEG transport streams as the sender needs them: packets, their time, their continuity.

ISO/IEC 13818-1 is the reference for every offset below.
"""

import bisect

PACKET = 188
SYNC = 0x47
NULL_PID = 0x1FFF
PCR_HZ = 27_000_000
PCR_MODULUS = (1 << 33) * 300


class NotATransportStream(Exception):
    """The bytes are not a transport stream with a usable clock."""


def pid_of(packet):
    return (packet[1] & 0x1F) << 8 | packet[2]


def has_payload(packet):
    return bool(packet[3] & 0x10)


def counter_of(packet):
    return packet[3] & 0x0F


def adaptation_flags(packet):
    has_field = packet[3] & 0x20 and packet[4] > 0
    return packet[5] if has_field else 0


def is_discontinuous(packet):
    """The discontinuity_indicator: what follows need not continue what went before."""
    return bool(adaptation_flags(packet) & 0x80)


def pcr_of(packet):
    """The packet's clock reference in 27 MHz ticks, or None."""
    if not adaptation_flags(packet) & 0x10:
        return None
    base = int.from_bytes(packet[6:10], "big") << 1 | packet[10] >> 7
    return base * 300 + ((packet[10] & 1) << 8 | packet[11])


def pcr_span(ticks):
    """Ticks from the first to the last of the given PCRs, across wraps of the counter."""
    return sum((later - earlier) % PCR_MODULUS for earlier, later in zip(ticks, ticks[1:]))


class TransportStream:
    """A whole transport stream in memory, timed by the first PID that carries a clock."""

    def __init__(self, data):
        if not data or len(data) % PACKET:
            raise NotATransportStream(f"{len(data)} bytes are no whole number of packets")
        self._data = memoryview(data)
        self.pcr_pid = None
        self._clock_at = []  # packet numbers that carry a PCR ...
        self._clock = []     # ... and their ticks since the first of them
        self._read_clock()

    def __len__(self):
        return len(self._data) // PACKET

    def packet(self, number):
        return self._data[number * PACKET:(number + 1) * PACKET]

    def bytes_of(self, first, count):
        return self._data[first * PACKET:(first + count) * PACKET]

    def time_of(self, number):
        """Seconds from packet 0 to this one, if the stream leaves at its own rate."""
        return (self._ticks_at(number) - self._ticks_at(0)) / PCR_HZ

    def _ticks_at(self, number):
        """Between two PCRs the rate is constant; before and after all, as at that end."""
        right = bisect.bisect_right(self._clock_at, number)
        right = min(max(right, 1), len(self._clock_at) - 1)
        at, ticks = self._clock_at[right - 1], self._clock[right - 1]
        rate = (self._clock[right] - ticks) / (self._clock_at[right] - at)
        return ticks + (number - at) * rate

    def _read_clock(self):
        previous = None
        for number in range(len(self)):
            packet = self.packet(number)
            if packet[0] != SYNC:
                raise NotATransportStream(f"packet {number} does not begin with 0x47")
            ticks = pcr_of(packet)
            if ticks is None or self.pcr_pid not in (None, pid_of(packet)):
                continue
            self.pcr_pid = pid_of(packet)
            elapsed = self._clock[-1] + (ticks - previous) % PCR_MODULUS if self._clock else 0
            self._clock_at.append(number)
            self._clock.append(elapsed)
            previous = ticks
        if len(self._clock) < 2:
            raise NotATransportStream("a clock needs two PCRs on one PID")


class Continuity:
    """Counts breaks of the continuity counter, one for each PID and gap."""

    def __init__(self):
        self.errors = 0
        self._last = {}      # PID -> counter of its newest packet with payload
        self._repeated = set()  # PIDs whose newest packet has used its one allowed repeat

    def see(self, packet):
        pid = pid_of(packet)
        if pid == NULL_PID:
            return
        if is_discontinuous(packet):
            self._last.pop(pid, None)
        if has_payload(packet):
            self._see_counter(pid, counter_of(packet))

    def _see_counter(self, pid, counter):
        last = self._last.get(pid)
        if counter == last and pid not in self._repeated:
            self._repeated.add(pid)
            return
        if last is not None and counter != (last + 1) % 16:
            self.errors += 1
        self._last[pid] = counter
        self._repeated.discard(pid)
