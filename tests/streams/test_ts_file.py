#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""The agent's statistics of a real transport stream with planned faults, against the plan and, for
continuity, against tshark."""

import json
import os
import random
import re
import struct
import subprocess
import sys
import tempfile
import unittest

from faults import AUDIO, NULL, PAT, PMT, VIDEO, Stream, counter_of, has_payload, pid_of

TS_STATS = os.path.abspath(sys.argv.pop(1))
MAKE_MEDIA = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "media",
                          "make_media.sh")
SECONDS, KBPS = 20, 1500
PACKET_US = 188 * 8 * 1000 / KBPS
ERRORS = ("SYNC_LOSSES", "SYNC_BYTE_ERRORS", "PAT_ERRORS", "PMT_ERRORS", "PID_ERRORS", "CAT_ERRORS",
          "CONTINUITY_ERRORS", "TRANSPORT_ERRORS", "CRC_ERRORS", "PCR_REPETITIONS",
          "PCR_DISCONTINUITIES", "PTS_ERRORS", "SCRAMBLED", "DUPLICATES", "PIDS_UNTRACKED")
MISSING = re.compile(r"^\s*(\d+)\s+Sequence\s+MP2T\s+Detected (\d+) missing TS frames", re.MULTILINE)


def write_capture(path, data):
    """Datagrams of seven packets, in pcap (link type 101: IP as it is)."""
    with open(path, "wb") as out:
        out.write(struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 65535, 101))
        for number, at in enumerate(range(0, len(data), 7 * 188)):
            payload = data[at:at + 7 * 188]
            datagram = struct.pack(">HHHH", 5004, 5004, 8 + len(payload), 0) + payload
            packet = struct.pack(">BBHHHBBH4s4s", 0x45, 0, 20 + len(datagram), 0, 0, 64, 17, 0,
                                 bytes([192, 0, 2, 1]), bytes([192, 0, 2, 2])) + datagram
            out.write(struct.pack("<IIII", number // 1000, number % 1000 * 1000, len(packet),
                                  len(packet)) + packet)


class File(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        holder = tempfile.TemporaryDirectory(dir=os.environ.get("TALLY_TEST_DIR"))
        cls.addClassCleanup(holder.cleanup)
        cls.folder = holder.name
        media = os.path.join(cls.folder, "media.ts")
        subprocess.run([MAKE_MEDIA, media, str(SECONDS), str(KBPS)], check=True)
        with open(media, "rb") as source:
            cls.media = source.read()

    def setUp(self):
        self.stream = Stream(self.media, KBPS)
        seed = int(os.environ.get("TALLY_SEED", random.SystemRandom().getrandbits(32)))
        print(f"{self.id()}: TALLY_SEED={seed}", flush=True)
        self.dice = random.Random(seed)

    def statistics(self, data=None, packet_bytes=188):
        path = os.path.join(self.folder, "played.ts")
        with open(path, "wb") as out:
            out.write(self.stream.bytes() if data is None else data)
        told = subprocess.run([TS_STATS, path, str(packet_bytes), str(KBPS * 1000)],
                              stdout=subprocess.PIPE, check=True, timeout=60).stdout
        return {name.removeprefix("TS_"): value for name, value in json.loads(told).items()}

    def expect(self, **planned):
        """These errors and no others."""
        found = self.statistics()
        self.assertEqual({name: found[name] for name in ERRORS if found[name]}, planned)
        return found

    def tshark_continuity(self):
        path = os.path.join(self.folder, "played.pcap")
        write_capture(path, self.stream.bytes())
        told = subprocess.run(["tshark", "-r", path, "-d", "udp.port==5004,mp2t", "-q", "-z",
                               "expert"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                              text=True, check=True, timeout=50).stdout
        return sum(int(times) for times, _ in MISSING.findall(told))

    def gaps_before_no_payload(self):
        """Losses told by a packet that has no payload: its counter must be that of the one before,
        and is not. tshark takes it as it comes and says nothing."""
        last, gaps = {}, 0
        for packet in self.stream.packets:
            pid, counter = pid_of(packet), counter_of(packet)
            gaps += not has_payload(packet) and last.get(pid, counter) != counter
            last[pid] = counter
        return gaps

    def plain(self, pid, count, begin=1.0, end=SECONDS - 1.0):
        """Packets of media far enough from each other that each loss is one by itself."""
        numbers = [n for n in self.stream.numbers(pid, begin, end) if self.stream.is_plain(n)]
        return sorted(self.dice.sample(numbers[::4], count))

    def test_an_undisturbed_stream_has_no_errors_and_its_packets_are_told_apart(self):
        found = self.expect()
        pids = [pid_of(packet) for packet in self.stream.packets]
        self.assertEqual(found["PACKETS"], len(pids))
        self.assertEqual(found["VIDEO_PACKETS"], pids.count(VIDEO))
        self.assertEqual(found["AUDIO_PACKETS"], pids.count(AUDIO))
        self.assertEqual(found["NULL_PACKETS"], pids.count(pid_of(NULL)))
        self.assertEqual(found["PSI_PACKETS"], sum(map(pids.count, (PAT, PMT, 17))))
        self.assertLess(found["PCR_INTERVAL_LONGEST"], 40000)
        self.assertLess(found["PCR_JITTER"], 50)
        self.assertAlmostEqual(found["DELAY_FACTOR_MOST"], PACKET_US, delta=50)
        self.assertEqual(found["MEDIA_LOSS_MOST"], 0)

    def test_sizes_of_192_and_204_bytes_change_nothing(self):
        expected = self.statistics()
        packets = self.stream.packets
        stamped = b"".join(b"\x12\x34\x56\x78" + packet for packet in packets)
        protected = b"".join(packet + b"\x47" * 16 for packet in packets)
        self.assertEqual(self.statistics(stamped, 192), expected)
        self.assertEqual(self.statistics(protected, 204), expected)

    def test_losses_are_the_planned_ones_and_those_that_tshark_finds(self):
        self.stream.lose(self.plain(VIDEO, 40) + self.plain(AUDIO, 7))
        self.expect(CONTINUITY_ERRORS=47)
        self.assertEqual(self.tshark_continuity(), 47 - self.gaps_before_no_payload())

    def test_whatever_is_lost_tshark_finds_the_same(self):
        total = len(self.stream.packets)
        self.stream.lose(n for n in range(total // 20, total) if self.dice.random() < 0.02)
        found = self.statistics()
        self.assertGreater(found["CONTINUITY_ERRORS"], 100)
        self.assertEqual(found["CONTINUITY_ERRORS"],
                         self.tshark_continuity() + self.gaps_before_no_payload())

    def test_packets_lost_in_one_second_are_its_media_loss(self):
        numbers = [n for n in self.stream.numbers(VIDEO, 5.2, 5.6) if self.stream.is_plain(n)]
        at = next(i for i in range(len(numbers)) if numbers[i + 8] - numbers[i] < 40)
        run = [n for n in self.stream.numbers(VIDEO) if numbers[at] <= n][:5]
        lost = sum(has_payload(self.stream.packets[n]) for n in run)
        self.stream.lose(run)
        self.assertEqual(self.statistics()["MEDIA_LOSS_MOST"], lost)

    def test_repeated_packets(self):
        repeated = sum(map(self.stream.repeat, self.stream.numbers(VIDEO, 1, SECONDS - 1)))
        self.assertGreater(repeated, 20)
        self.expect(DUPLICATES=repeated)
        self.assertEqual(self.tshark_continuity(), 0)

    def test_a_packet_with_a_transport_error_is_marked_and_missing(self):
        self.stream.damage(self.plain(VIDEO, 9))
        self.expect(TRANSPORT_ERRORS=9, CONTINUITY_ERRORS=9)

    def test_broken_tables(self):
        self.stream.break_section(self.stream.numbers(PAT)[50:53])
        self.stream.break_section(self.stream.numbers(PMT)[80:82])
        self.expect(CRC_ERRORS=5)

    def test_a_pat_that_is_away_for_800_ms(self):
        self.stream.leave_out(self.stream.numbers(PAT, 8.0, 8.8))
        self.expect(PAT_ERRORS=1)

    def test_a_pmt_that_is_away_for_800_ms(self):
        self.stream.leave_out(self.stream.numbers(PMT, 8.0, 8.8))
        self.expect(PMT_ERRORS=1)

    def test_a_pid_that_is_away_for_6_s_owes_its_pts_too(self):
        self.stream.leave_out(self.stream.numbers(AUDIO, 5.0, 11.0))
        found = self.expect(PID_ERRORS=1, PTS_ERRORS=1)
        self.assertAlmostEqual(found["PTS_INTERVAL_LONGEST"], 6000, delta=500)

    def test_a_clock_that_jumps_10_s(self):
        self.stream.move_clock(8.0, 270000000, announced=False)
        found = self.expect(PCR_DISCONTINUITIES=1)
        self.assertLess(found["PCR_JITTER"], 50)

    def test_an_announced_jump(self):
        self.stream.move_clock(8.0, 270000000, announced=True)
        self.expect()

    def test_a_clock_that_rests_for_200_ms(self):
        self.stream.stop_clock(8.0, 8.2)
        found = self.expect(PCR_REPETITIONS=1, PCR_DISCONTINUITIES=1)
        self.assertAlmostEqual(found["PCR_INTERVAL_LONGEST"], 220000, delta=20000)

    def test_a_second_without_pts(self):
        self.stream.strip_pts(VIDEO, 8.0, 9.0)
        found = self.expect(PTS_ERRORS=1)
        self.assertAlmostEqual(found["PTS_INTERVAL_LONGEST"], 1040, delta=60)

    def test_scrambled_packets_without_a_cat(self):
        self.stream.scramble(self.plain(VIDEO, 20, 8.1, 8.8))
        self.expect(SCRAMBLED=20, CAT_ERRORS=1)

    def test_lost_sync_costs_six_packets(self):
        number = self.plain(VIDEO, 1)[0]
        gone = self.stream.packets[number:number + 6]
        self.stream.lose_sync(number)
        pids = {pid_of(packet) for packet in gone if has_payload(packet)} - {pid_of(NULL)}
        found = self.expect(SYNC_BYTE_ERRORS=2, SYNC_LOSSES=1, CONTINUITY_ERRORS=len(pids))
        self.assertEqual(found["PACKETS"], len(self.stream.packets) - 6)


if __name__ == "__main__":
    unittest.main()
