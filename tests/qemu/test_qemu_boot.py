# SPDX-License-Identifier: Apache-2.0
"""The boards boot, get an address, have what the program asks them for, and end when told to."""

import collections
import os
import signal
import subprocess
import tempfile
import time
import unittest

import images
import qmp
from qemu import Guest

COMPILER = "arm-none-eabi-gcc"
WAIT_FOR_INTERRUPT = 0xBF30  # WFI in Thumb state
SAMPLES = 40
STANDSTILL_S = 3  # the board waits 2 s


class Boot:
    """On a `board`."""

    def guest(self, image, **settings):
        return Guest(self.board, images.path(self.board, image), **settings)

    def probe(self, *more):
        return self.guest("probe.elf", network=False, more=more)

    def test_boots_and_leases_an_address(self):
        with self.guest("network.elf") as guest:
            guest.wait_for("^network: booted")
            up = guest.wait_for(r"^network: up after ms (\d+)")
            self.assertLess(int(up[1]), 2000)
            guest.send(b"exit")
            self.assertEqual(guest.exit_code(), 0)
            self.assertRegex(guest.text, r"nic: received \d+ errors 0 held 0 dropped 0")

    def test_random_numbers_differ_from_boot_to_boot(self):
        words = []
        for _ in range(3):
            with self.probe() as guest:
                words += guest.wait_for("^random: (.*)")[1].split()
        self.assertEqual(len(words), 12)
        self.assertEqual(len(set(words)), 12)

    def test_what_is_typed_arrives_in_lines(self):
        with self.probe() as guest:
            guest.wait_for("^probe: idle")
            for text in ("zap", "a line of 20 letters", ""):
                guest.type(text)
                guest.wait_for(f"^line: {text}$")
            guest.type("exit")
            self.assertEqual(guest.exit_code(), 0)

    def test_an_idle_board_waits_for_interrupts(self):
        with tempfile.TemporaryDirectory() as folder:
            path = f"{folder}/qmp"
            with self.probe(*qmp.switches(path)) as guest:
                hand = qmp.Monitor(path)
                self.addCleanup(hand.close)
                hand.cont()
                guest.wait_for("^probe: idle")
                places = collections.Counter()
                for _ in range(SAMPLES):
                    time.sleep(0.013)
                    places[hand.program_counter()] += 1
                (place, times), = places.most_common(1)
                self.assertGreater(times, SAMPLES * 3 // 4, places)
                self.assertEqual(hand.halfword(place - 2), WAIT_FOR_INTERRUPT)


class Mps2(Boot, unittest.TestCase):
    board = "mps2-an385"

    def test_waits_for_a_cable_that_is_never_put_in(self):
        with self.guest("network.elf", network=False) as guest:
            guest.wait_for("^network: booted")
            with self.assertRaises(AssertionError):
                guest.wait_for("^network: up", timeout_s=3)

    def test_refuses_the_entropy_of_the_emulator_in_a_product(self):
        board = images.ROOT / "boards" / self.board
        result = subprocess.run(
            [COMPILER, "-fsyntax-only", "-DTALLY_PRODUCT=1", f"-I{images.ROOT}/agent/include",
             f"-I{images.ROOT}/boards/box", board / "entropy_semihost.c"],
            capture_output=True, text=True, check=False)
        self.assertNotEqual(result.returncode, 0)
        self.assertIn("not fit for products", result.stderr)


class Vexpress(Boot, unittest.TestCase):
    board = "vexpress-a9"

    def test_mmu_caches_and_branch_prediction_are_on(self):
        with self.probe() as guest:
            control = int(guest.wait_for("^sctlr: ([0-9a-f]{8})$")[1], 16)
        for name, bit in (("MMU", 0), ("data cache", 2), ("prediction", 11), ("code cache", 12)):
            with self.subTest(name):
                self.assertTrue(control >> bit & 1)

    def test_a_machine_that_stood_still_waits_for_random_numbers_all_the_same(self):
        with tempfile.TemporaryDirectory() as folder:
            source = f"{folder}/random"
            os.mkfifo(source)
            with open(source, "rb+", buffering=0) as feed, self.probe(
                    "-object", f"rng-random,id=slow,filename={source}",
                    "-global", "virtio-rng-device.rng=slow") as guest:
                guest.wait_for("^sctlr: ")
                os.kill(guest.pid, signal.SIGSTOP)
                time.sleep(STANDSTILL_S)
                os.kill(guest.pid, signal.SIGCONT)
                feed.write(os.urandom(64))
                guest.wait_for("^random: [0-9a-f]{8} ")

    def test_there_are_no_random_numbers_from_a_source_it_does_not_know(self):
        with self.probe("-global", "virtio-mmio.force-legacy=false") as guest:
            guest.wait_for("^random: none$")


if __name__ == "__main__":
    unittest.main()
