# SPDX-License-Identifier: Apache-2.0
"""A firmware that goes wrong says where, and ends with an exit code."""

import unittest

import images
from qemu import Guest

FAULT_EXIT_CODE = 70


class Fault(unittest.TestCase):
    def fault(self, image):
        with Guest(images.path(image), network=False) as guest:
            self.assertEqual(guest.exit_code(), FAULT_EXIT_CODE)
            guest.wait_for("^fault: going wrong")
            return guest.text

    def test_undefined_instruction(self):
        text = self.fault("fault-undefined.elf")
        self.assertRegex(text, r"FAULT cfsr 00010000")  # UNDEFINSTR
        self.assertRegex(text, r"pc [0-9a-f]{8} lr [0-9a-f]{8}")

    def test_stack_overflow_is_caught_at_the_first_word_below_the_stack(self):
        text = self.fault("fault-overflow.elf")
        self.assertRegex(text, r"FAULT \(stack overflow\)")
        self.assertRegex(text, r"address 1fffff[0-9a-f]{2}")


if __name__ == "__main__":
    unittest.main()
