# SPDX-License-Identifier: Apache-2.0
"""The board boots, gets an address, and ends when it is told to."""

import subprocess
import unittest

import images
from qemu import Guest

COMPILER = "arm-none-eabi-gcc"


class Boot(unittest.TestCase):
    def test_boots_and_leases_an_address(self):
        with Guest(images.path("network.elf")) as guest:
            guest.wait_for("^network: booted")
            up = guest.wait_for(r"^network: up after ms (\d+)")
            self.assertLess(int(up[1]), 2000)
            guest.send(b"exit")
            self.assertEqual(guest.exit_code(), 0)
            self.assertRegex(guest.text, r"nic: received \d+ errors 0 held 0 dropped 0")

    def test_waits_for_a_cable_that_is_never_put_in(self):
        with Guest(images.path("network.elf"), network=False) as guest:
            guest.wait_for("^network: booted")
            with self.assertRaises(AssertionError):
                guest.wait_for("^network: up", timeout_s=3)


class Product(unittest.TestCase):
    def test_refuses_the_entropy_of_the_emulator(self):
        board = images.ROOT / "boards" / "mps2-an385"
        result = subprocess.run(
            [COMPILER, "-fsyntax-only", "-DTALLY_PRODUCT=1", f"-I{images.ROOT}/agent/include",
             f"-I{images.ROOT}/boards/box", board / "entropy_semihost.c"],
            capture_output=True, text=True, check=False)
        self.assertNotEqual(result.returncode, 0)
        self.assertIn("not fit for products", result.stderr)


if __name__ == "__main__":
    unittest.main()
