# SPDX-License-Identifier: Apache-2.0
"""Faults put into a transport stream, each known to whoever put it in.

The stream keeps its length and pace: what is taken out becomes a null packet.
"""
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "sender"))

from ts import (NULL_PID, PACKET, adaptation_flags, counter_of, has_payload,  # noqa: E402
                pcr_of, pid_of)

PAT, PMT, VIDEO, AUDIO = 0, 0x1000, 0x100, 0x101
NULL = bytes([0x47, 0x1F, 0xFF, 0x10]) + b"\xff" * (PACKET - 4)
DISCONTINUITY, HAS_PCR = 0x80, 0x10


class Stream:
    def __init__(self, data, kbps):
        self.packets = [bytearray(data[at:at + PACKET]) for at in range(0, len(data), PACKET)]
        self.per_second = kbps * 1000 / (PACKET * 8)

    def bytes(self):
        return b"".join(self.packets)

    def numbers(self, pid, begin=0.0, end=float("inf")):
        """The packets of a PID within these seconds."""
        last = min(len(self.packets), end * self.per_second)
        return [n for n in range(int(begin * self.per_second), int(last))
                if pid_of(self.packets[n]) == pid]

    def lose(self, numbers):
        for number in numbers:
            self.packets[number] = bytearray(NULL)

    def leave_out(self, numbers):
        """As if they had never been: the counters behind them close up."""
        pid = pid_of(self.packets[numbers[0]])
        missing = 0
        gone = set(numbers)
        for number in self.numbers(pid):
            packet = self.packets[number]
            if number in gone:
                missing += has_payload(packet)
                self.packets[number] = bytearray(NULL)
            else:
                packet[3] = packet[3] & 0xF0 | (counter_of(packet) - missing) & 0x0F

    def repeat(self, number):
        """Writes the packet once more over the null packet behind it; False if there is none."""
        if not has_payload(self.packets[number]) or pid_of(self.packets[number + 1]) != NULL_PID:
            return False
        self.packets[number + 1] = bytearray(self.packets[number])
        return True

    def scramble(self, numbers):
        for number in numbers:
            self.packets[number][3] |= 0x80

    def damage(self, numbers):
        for number in numbers:
            self.packets[number][1] |= 0x80

    def break_section(self, numbers):
        """One bit of the second byte behind the section's length, its table_id_extension."""
        for number in numbers:
            self.packets[number][9] ^= 0x04

    def clocks(self, begin=0.0, end=float("inf")):
        return [n for n in self.numbers(VIDEO, begin, end) if pcr_of(self.packets[n]) is not None]

    def move_clock(self, begin, ticks, announced):
        """PCR of a later time from `begin` on."""
        for place, number in enumerate(self.clocks(begin)):
            packet = self.packets[number]
            base, extension = divmod(pcr_of(packet) + ticks, 300)
            packet[6:12] = (base << 15 | 0x7E00 | extension).to_bytes(6, "big")
            if announced and place == 0:
                packet[5] |= DISCONTINUITY

    def stop_clock(self, begin, end):
        for number in self.clocks(begin, end):
            self.packets[number][5] &= ~HAS_PCR

    def strip_pts(self, pid, begin, end):
        for number in self.numbers(pid, begin, end):
            packet = self.packets[number]
            if packet[1] & 0x40 and has_payload(packet):
                at = 4 + (1 + packet[4] if packet[3] & 0x20 else 0)
                packet[at + 7] &= 0x3F

    def lose_sync(self, number):
        for packet in self.packets[number:number + 2]:
            packet[0] = 0x12

    def is_plain(self, number):
        """Media that nothing but the continuity counter misses: no clock, no begin of a unit."""
        packet = self.packets[number]
        return has_payload(packet) and not packet[1] & 0x40 and not adaptation_flags(packet)
