# SPDX-License-Identifier: Apache-2.0
"""What the plugin takes and does not give back, by the word of others: the sanitizers, under a plugin
that was built with them, and GStreamer's own tracer of objects."""
import os
import pathlib
import subprocess
import unittest

import cycles
from box import scratch

CYCLES = 10
SANITIZED = os.environ.get("TALLY_SANITIZED")
NO_DAEMON = "@tally-nobody-listens-here"


def libasan():
    return subprocess.run(["gcc", "-print-file-name=libasan.so"], check=True, capture_output=True,
                          text=True).stdout.strip()


class Leaks(unittest.TestCase):
    def setUp(self):
        self.folder = scratch(self.addCleanup)
        cycles.warm_registry(self.folder)

    @unittest.skipUnless(SANITIZED, "built without sanitizers")
    def test_no_memory_of_the_plugins_is_lost_and_none_misused(self):
        self.assertEqual(self.lost_by("libgsttally.so"), [])

    @unittest.skipUnless(SANITIZED, "built without sanitizers")
    def test_memory_that_is_lost_is_found(self):
        self.assertNotEqual(self.lost_by("tally_cycles", TALLY_CYCLES_LEAK="1"), [])

    def lost_by(self, module, **more):
        """What LeakSanitizer found whose way has this module in it. GStreamer keeps things for the
        life of a process; errors other than leaks end the application."""
        reports = self.folder / "asan"
        cycles.play(self.folder, CYCLES, cycles.with_plugin(
            self.folder, SANITIZED, NO_DAEMON, LD_PRELOAD=libasan(),
            ASAN_OPTIONS=f"log_path={reports}:fast_unwind_on_malloc=0:exitcode=99",
            LSAN_OPTIONS="exitcode=0", UBSAN_OPTIONS="halt_on_error=1", G_SLICE="always-malloc",
            **more))
        found = []
        for report in self.folder.glob("asan.*"):
            blocks = report.read_text(errors="replace").split("\n\n")
            found += [block for block in blocks if " leak of " in block and module in block]
        return found

    def test_no_object_lives_on(self):
        alive = self.alive_after("leaks;tally")
        self.assertEqual(alive, self.alive_after("leaks"))
        lost = self.alive_after("leaks", TALLY_CYCLES_LEAK="1")
        self.assertEqual(lost, alive + CYCLES)

    def alive_after(self, tracers, **more):
        """How many objects GStreamer's own tracer finds alive in the end."""
        log = self.folder / "leaks.log"
        log.unlink(missing_ok=True)
        cycles.play(self.folder, CYCLES, cycles.with_plugin(
            self.folder, pathlib.Path(os.environ["TALLY_LINUX"]) / "gstreamer", NO_DAEMON,
            GST_TRACERS=tracers, GST_DEBUG="GST_TRACER:7", GST_DEBUG_NO_COLOR="1",
            GST_DEBUG_FILE=log, **more))
        lines = log.read_text(errors="replace").splitlines()
        told = [line for line in lines if "object-alive, " in line]
        described = [line for line in told if "new format string" in line]
        self.assertTrue(described)  # the tracer was there
        return len(told) - len(described)


if __name__ == "__main__":
    unittest.main()
