# SPDX-License-Identifier: Apache-2.0
"""One application that plays and stops, again and again: nothing is left behind, nothing slows down,
and each time it played is told.

TALLY_CYCLES=n plays n times, as `make long` does.
"""
import concurrent.futures
import os
import statistics
import unittest

import cycles
from box import Daemon, scenario, scratch

CYCLES = int(os.environ.get("TALLY_CYCLES", "300"))
# Of a cycle, beside what GStreamer itself holds on to.
MOST_HEAP_BYTES = 24 if CYCLES > 3000 else 200
MOST_SLOWER = 1.25


def growth(told, key):
    """Of a cycle, from the third tenth on: before, pools and caches fill."""
    return (told[-1][key] - told[2][key]) / (told[-1]["cycles"] - told[2]["cycles"])


def tenths_ns(told):
    return [after["cpu_ns"] - before["cpu_ns"] for before, after in zip(told, told[1:])]


class Cycles(unittest.TestCase):
    def setUp(self):
        self.folder = scratch(self.addCleanup)
        certs = scenario.make_certificates(self.folder / "certs")
        self.collector = scenario.Collector(self.folder, certs)
        self.addCleanup(self.collector.stop)
        self.daemon = Daemon(self.folder, certs, self.collector.port)
        self.addCleanup(self.daemon.clear)
        self.addCleanup(self.daemon.stop)

    def test_each_is_told_and_none_leaves_anything_behind(self):
        cycles.warm_registry(self.folder)
        with concurrent.futures.ThreadPoolExecutor() as both:
            bare = both.submit(cycles.play, self.folder, CYCLES, cycles.environment(self.folder))
            told = cycles.play(self.folder, CYCLES, cycles.with_plugin(
                self.folder, scenario.PROGRAMS / "gstreamer", self.daemon.socket))
            bare = bare.result()
        # A pipeline that has just ended may still be on its way out; what each left would be dozens.
        for key, most_more in (("files", 4), ("threads", 2)):
            least = min(entry[key] for entry in told[:3])
            self.assertLessEqual(max(entry[key] for entry in told), least + most_more, key)
        heap = growth(told, "heap") - growth(bare, "heap")
        print(f"heap of a cycle: {growth(told, 'heap'):.1f} bytes, without the plugin "
              f"{growth(bare, 'heap'):.1f}", flush=True)
        self.assertLess(heap, MOST_HEAP_BYTES)
        times, bare_times = tenths_ns(told), tenths_ns(bare)
        slower = statistics.median(times[-3:]) / statistics.median(times[:3])
        bare_slower = statistics.median(bare_times[-3:]) / statistics.median(bare_times[:3])
        print(f"CPU of the last cycles over the first: {slower:.2f}, without the plugin "
              f"{bare_slower:.2f}", flush=True)
        self.assertLess(slower, MOST_SLOWER * max(1, bare_slower))
        self.assert_told(told[-1]["unseen"])

    def assert_told(self, unseen):
        """Sessions that begin that fast are mostly told in sums: there is a limit to records."""
        self.assertEqual(self.daemon.stop(), 0)
        viewing = self.collector.records("v")[-1]["g"]
        ends = len(self.collector.records("x"))
        self.assertEqual((viewing["go"], ends + viewing.get("gi", 0)), (CYCLES, CYCLES))
        # A sink drops what comes late; whether its last frame did is open until it has stopped.
        print(f"cycles without a frame on screen: {unseen}", flush=True)
        self.assertLess(unseen, CYCLES / 10)
        print(f"first frames told: {viewing.get('gc', 0)}", flush=True)
        self.assertLessEqual(CYCLES - unseen, viewing.get("gc", 0))
        self.assertLessEqual(viewing.get("gc", 0), CYCLES)


if __name__ == "__main__":
    unittest.main()
