# SPDX-License-Identifier: Apache-2.0
"""A firmware that goes wrong says where, and is restarted, which the next boot knows."""

import unittest

import images
from qemu import Guest

POWER_ON, WATCHDOG, FAULT = 1, 3, 4
# Each instruction takes 512 ns of the guest's time: the watchdog's is over in a second.
FAST = ("-icount", "shift=9,align=off,sleep=off")
# Where mps2-an385 notes why it restarts itself, and what says that there is a note.
NOTE, NOTE_MAGIC = 0x203FFFF0, 0x52535431


class Fault(unittest.TestCase):
    def fault(self, image, reason, *more):
        with Guest(images.path(image), network=False, more=more) as guest:
            self.assertEqual(guest.exit_code(), 0)
            text = guest.text
            self.assertIn(f"fault: booted, reason {POWER_ON}\nfault: going wrong\n", text)
            self.assertEqual(text.count("fault: booted, reason "), 2)
            guest.wait_for(f"^fault: booted, reason {reason}$")
            return text

    def test_undefined_instruction(self):
        text = self.fault("fault-undefined.elf", FAULT)
        self.assertRegex(text, r"FAULT cfsr 00010000")  # UNDEFINSTR
        self.assertRegex(text, r"pc [0-9a-f]{8} lr [0-9a-f]{8}")

    def test_stack_overflow_is_caught_at_the_first_word_below_the_stack(self):
        text = self.fault("fault-overflow.elf", FAULT)
        self.assertRegex(text, r"FAULT \(stack overflow\)")
        self.assertRegex(text, r"address 1fffff[0-9a-f]{2}")

    def test_a_hang_is_ended_by_the_watchdog_which_says_where_it_was(self):
        text = self.fault("fault-hang.elf", WATCHDOG, *FAST)
        self.assertRegex(text, r"\nWATCHDOG cfsr 00000000 .*\n  pc [0-9a-f]{8} lr [0-9a-f]{8}")

    def test_what_memory_holds_after_power_on_is_no_reason(self):
        for noted in (NOTE_MAGIC, NOTE_MAGIC | FAULT << 32):
            loaded = f"loader,addr={NOTE},data={noted},data-len=8"
            with self.subTest(noted=hex(noted)), \
                 Guest(images.path("fault-undefined.elf"), network=False,
                       more=("-no-reboot", "-device", loaded)) as guest:
                self.assertEqual(guest.exit_code(), 0)
                guest.wait_for(f"^fault: booted, reason {POWER_ON}$")


if __name__ == "__main__":
    unittest.main()
