# SPDX-License-Identifier: Apache-2.0
"""What is known of a guest that ends, with a script in the emulator's place."""

import os
import pathlib
import tempfile
import unittest
from unittest import mock

from qemu import Guest, Silence


class Ending(unittest.TestCase):
    def guest(self, script):
        holder = tempfile.TemporaryDirectory()
        self.addCleanup(holder.cleanup)
        emulator = pathlib.Path(holder.name) / "qemu-system-arm"
        emulator.write_text(f"#!/bin/sh\n{script}\n")
        emulator.chmod(0o755)
        with mock.patch.dict(os.environ, PATH=f"{holder.name}:{os.environ['PATH']}"):
            guest = Guest("mps2-an385", "none.elf")
        self.addCleanup(guest.__exit__)
        return guest

    def test_the_last_line_is_read_though_errors_have_ended_before(self):
        guest = self.guest("exec 2>&-; sleep 0.3; echo the last line")
        self.assertTrue(guest.wait_for("the last line", timeout_s=60))

    def test_a_guest_that_ends_is_not_waited_for_and_says_how_it_ended(self):
        with self.assertRaisesRegex(Silence, "before the emulator ended with 3;(.|\n)*a line"):
            self.guest("echo a line; exit 3").wait_for("another", timeout_s=600)

    def test_a_guest_that_goes_on_in_silence_is_waited_for_so_long(self):
        with self.assertRaisesRegex(Silence, "in 0.2 s"):
            self.guest("exec sleep 600").wait_for("a line", timeout_s=0.2)


if __name__ == "__main__":
    unittest.main()
