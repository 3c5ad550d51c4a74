# SPDX-License-Identifier: Apache-2.0
"""What the tests of this folder share: how much of the matrix is played, and servers that end."""
import os
import time
import unittest

import device

# `make long` sets it; `make test` plays a share of each table.
IS_WHOLE = os.environ.get("TALLY_INTEROP") == "whole"
YEAR_S = 365 * 86400


def share(rows, of):
    """All rows, or every so many of them."""
    return rows if IS_WHOLE else rows[::of]


def now_s():
    return int(time.time())


class InteropTest(unittest.TestCase):
    def start(self, server, *arguments, **more):
        started = server(*arguments, **more)
        self.addCleanup(started.stop)
        return started

    def assert_ends(self, words, port, **switches):
        """A device whose uploads end with these words; returns its run."""
        run = device.run(port, uploads=len(words), **switches)
        self.assertEqual(run.words, words, run)
        return run

    def assert_taken(self, port, **switches):
        return self.assert_ends(["ok"], port, **switches)
