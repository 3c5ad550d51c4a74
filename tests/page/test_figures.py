# SPDX-License-Identifier: Apache-2.0
"""The comparison itself: what a viewer would misread is a difference."""
import unittest

from figures import is_written


class Writing(unittest.TestCase):
    def test_a_number_may_be_short_but_not_wrong(self):
        for text, value, unit in (
                ("702 ms", 702, "ms"), ("2.97 s", 2973, "ms"), ("01:05 min", 65_900, "ms"),
                ("1:00:01 h", 3_601_000, "ms"), ("1,234", 1234, "count"), ("-244 ms", -244, "ms"),
                ("4.62 MiB", 4_844_000, "bytes"), ("4.50 Mbit/s", 4500, "kbps"),
                ("0.62 %", 6205, "ppm"), ("25.0 /s", 24_990, "millihertz"), ("yes", 1, "bool")):
            with self.subTest(text=text):
                self.assertTrue(is_written(text, value, unit))

    def test_what_is_off_by_one_or_by_a_unit_is_wrong(self):
        for text, value, unit in (
                ("703 ms", 702, "ms"), ("2.98 s", 2973, "ms"), ("702 s", 702, "ms"),
                ("01:06 min", 65_900, "ms"), ("1,235", 1234, "count"), ("244 ms", -244, "ms"),
                ("4.62 GiB", 4_844_000, "bytes"), ("n/m", 5, "ms"), ("no", 1, "bool")):
            with self.subTest(text=text):
                self.assertFalse(is_written(text, value, unit))


if __name__ == "__main__":
    unittest.main()
