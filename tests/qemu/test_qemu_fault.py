# SPDX-License-Identifier: Apache-2.0
"""A firmware that goes wrong says where, and is restarted, which the next boot knows."""

import unittest

import images
from qemu import Guest

POWER_ON, WATCHDOG, FAULT = 1, 3, 4
# Each instruction takes 512 ns of the guest's time: the watchdog's is over in a second or two.
FAST = ("-icount", "shift=9,align=off,sleep=off")
# What says that there is a note of why the box restarted itself.
NOTE_MAGIC = 0x52535431
REGISTERS = r"\n  pc [0-9a-f]{8} lr [0-9a-f]{8} "


class Faults:
    """On a `board`; `note` is where that keeps why it restarts."""

    def fault(self, kind, reason, *more):
        image = images.path(self.board, f"fault-{kind}.elf")
        with Guest(self.board, image, network=False, more=more) as guest:
            self.assertEqual(guest.exit_code(30), 0)
            text = guest.text
            self.assertIn(f"fault: booted, reason {POWER_ON}\nfault: going wrong\n", text)
            self.assertEqual(text.count("fault: booted, reason "), 2)
            guest.wait_for(f"^fault: booted, reason {reason}$")
            return text

    def test_undefined_instruction(self):
        text = self.fault("undefined", FAULT)
        self.assertRegex(text, r"\nFAULT " + self.undefined + ".*" + REGISTERS)

    def test_division_by_zero(self):
        self.assertRegex(self.fault("divide", FAULT), r"\nFAULT .*" + REGISTERS)

    def test_stack_overflow_is_caught_at_the_first_words_below_the_stack(self):
        text = self.fault("overflow", FAULT)
        self.assertRegex(text, r"\nFAULT \(stack overflow\)")
        self.assertRegex(text, "address " + self.below_the_stack)

    def test_a_hang_is_ended_by_the_watchdog_which_says_where_it_was(self):
        for kind in ("hang", "masked"):
            with self.subTest(kind=kind):
                self.assertRegex(self.fault(kind, WATCHDOG, *FAST), r"\nWATCHDOG .*" + REGISTERS)

    def test_what_memory_holds_after_power_on_is_no_reason(self):
        for noted in (NOTE_MAGIC, NOTE_MAGIC | FAULT << 32):
            loaded = f"loader,addr={self.note},data={noted},data-len=8"
            image = images.path(self.board, "fault-undefined.elf")
            with self.subTest(noted=hex(noted)), \
                 Guest(self.board, image, network=False,
                       more=("-no-reboot", "-device", loaded)) as guest:
                self.assertEqual(guest.exit_code(), 0)
                guest.wait_for(f"^fault: booted, reason {POWER_ON}$")


class Mps2(Faults, unittest.TestCase):
    board, note = "mps2-an385", 0x203FFFF0
    undefined = "cfsr 00010000"  # UNDEFINSTR
    below_the_stack = "1fffff[0-9a-f]{2}"

    def test_an_exception_nobody_asked_for_is_a_fault_with_its_number(self):
        text = self.fault("supervisor", FAULT)
        self.assertRegex(text, r"\nFAULT cfsr 00010000 hfsr 40000000 .*" + REGISTERS
                         + "psr [0-9a-f]{5}00b ")  # SVCall is number 11


class Vexpress(Faults, unittest.TestCase):
    board, note = "vexpress-a9", 0x604FFFF0
    undefined = r"\(undefined instruction\)"
    below_the_stack = "601fff[0-9a-f]{2}"

    def assert_fault(self, kind, what, address):
        """`what` the core says, of an address with these digits."""
        self.assertRegex(self.fault(kind, FAULT), rf"\nFAULT {what} address {address} .*"
                         + REGISTERS)

    # Statuses are those of the ARMv7-A Architecture Reference Manual, table B3-23.

    def test_nothing_is_at_address_zero(self):
        self.assert_fault("null", "dfsr 00000005", "00000000")  # section translation

    def test_code_is_not_written(self):
        self.assert_fault("write", "dfsr 0000080d", "600[0-9a-f]{5}")  # section permission, a write

    def test_data_is_not_executed(self):
        self.assert_fault("execute", "ifsr 0000000d", "602[0-9a-f]{5}")


if __name__ == "__main__":
    unittest.main()
