# SPDX-License-Identifier: Apache-2.0
"""The made stream keeps the promises of its recipe."""

import os
import subprocess
import sys
import tempfile
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))
MAKE_MEDIA = os.path.join(HERE, "make_media.sh")
sys.path.insert(0, os.path.join(HERE, "..", "sender"))

from ts import Continuity, TransportStream, pcr_of, pid_of  # noqa: E402  (needs the path above)

SECONDS = 3
KBPS = 1500
PAT_PID = 0
PMT_PID = 0x1000


def make_media(path, seconds=SECONDS, kbps=KBPS):
    return subprocess.run([MAKE_MEDIA, path, str(seconds), str(kbps)], stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, text=True, check=False)


def contents(path):
    with open(path, "rb") as source:
        return source.read()


class Media(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        holder = tempfile.TemporaryDirectory(dir=os.environ.get("TALLY_TEST_DIR"))
        cls.addClassCleanup(holder.cleanup)
        cls.folder = holder.name
        cls.file = os.path.join(cls.folder, "media.ts")
        cls.made = make_media(cls.file)
        cls.bytes = contents(cls.file)
        cls.stream = TransportStream(cls.bytes)

    def longest_silence(self, is_meant):
        """Seconds between two successive packets that are meant."""
        times = [self.stream.time_of(number) for number in range(len(self.stream))
                 if is_meant(self.stream.packet(number))]
        return max(later - earlier for earlier, later in zip(times, times[1:]))

    def video_packets(self):
        probed = subprocess.run(
            ["ffprobe", "-v", "error", "-select_streams", "v", "-show_entries",
             "packet=flags,pts_time", "-of", "csv=p=0", self.file],
            stdout=subprocess.PIPE, text=True, check=True)
        return [line.split(",")[:2] for line in probed.stdout.split()]

    def test_making_it_says_nothing(self):
        self.assertEqual((self.made.returncode, self.made.stdout), (0, ""))

    def test_the_clock_comes_at_least_every_40_ms(self):
        self.assertLessEqual(self.longest_silence(lambda packet: pcr_of(packet) is not None), 0.040)

    def test_tables_come_every_100_ms(self):
        for table in (PAT_PID, PMT_PID):
            with self.subTest(table):
                silence = self.longest_silence(lambda packet, pid=table: pid_of(packet) == pid)
                self.assertLessEqual(silence, 0.105)

    def test_the_rate_is_constant_and_the_one_asked_for(self):
        bits = len(self.bytes) * 8
        self.assertAlmostEqual(bits / self.stream.time_of(len(self.stream)) / 1000, KBPS, delta=1)
        for number in range(0, len(self.stream), 100):
            expected = number * 188 * 8 / (KBPS * 1000)
            self.assertAlmostEqual(self.stream.time_of(number), expected, delta=0.001)

    def test_it_lasts_as_long_as_asked(self):
        self.assertAlmostEqual(self.stream.time_of(len(self.stream)), SECONDS, delta=0.15)

    def test_its_counters_are_continuous(self):
        continuity = Continuity()
        for number in range(len(self.stream)):
            continuity.see(self.stream.packet(number))
        self.assertEqual(continuity.errors, 0)

    def test_a_group_of_pictures_lasts_one_second(self):
        keys = [float(time) for time, flags in self.video_packets() if "K" in flags]
        self.assertEqual(len(keys), SECONDS)
        for earlier, later in zip(keys, keys[1:]):
            self.assertAlmostEqual(later - earlier, 1)

    def test_picture_and_sound_are_both_there(self):
        probed = subprocess.run(
            ["ffprobe", "-v", "error", "-show_entries", "stream=codec_name", "-of", "csv=p=0",
             self.file], stdout=subprocess.PIPE, text=True, check=True)
        self.assertLessEqual({"h264", "aac"}, set(probed.stdout.split()))

    def test_the_same_recipe_makes_the_same_bytes(self):
        again = os.path.join(self.folder, "again.ts")
        make_media(again)
        self.assertEqual(contents(again), self.bytes)

    def test_a_file_made_by_the_same_recipe_is_left_alone(self):
        before = os.stat(self.file)
        make_media(self.file)
        after = os.stat(self.file)
        self.assertEqual((after.st_ino, after.st_mtime_ns), (before.st_ino, before.st_mtime_ns))

    def test_another_recipe_replaces_the_file(self):
        other = os.path.join(self.folder, "other.ts")
        make_media(other, seconds=1)
        make_media(other, seconds=2)
        self.assertGreater(os.path.getsize(other), 1.8 * KBPS * 1000 / 8)

    def test_nonsense_is_refused(self):
        for seconds, kbps in (("x", 1500), (0, 1500), (3, 100)):
            with self.subTest(seconds=seconds, kbps=kbps):
                refused = make_media(os.path.join(self.folder, "no.ts"), seconds, kbps)
                self.assertEqual(refused.returncode, 1)
        self.assertFalse(os.path.exists(os.path.join(self.folder, "no.ts")))


if __name__ == "__main__":
    unittest.main()
