# SPDX-License-Identifier: Apache-2.0
"""The tests of a board that depend on what is below box.c, on vexpress-a9: a whole run with its
report, and the NOR flash over loss of power and resets."""
import unittest

import devices
import test_board_boots
import test_board_line


class VexpressReport(test_board_line.BoardReport):
    maker = devices.Vexpress


class VexpressBoots(test_board_boots.BoardBoots):
    maker = devices.Vexpress
    # Sectors 2 to 17, see boards/vexpress-a9/tally_config.h.
    spool_at, spool_bytes = 2 * 262144, 16 * 262144
    geometry = ("--block", "262144", "--granularity", "4")
    fast = ("-icount", "shift=7,align=off,sleep=on")


if __name__ == "__main__":
    unittest.main()
