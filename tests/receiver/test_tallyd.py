#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""tallyd from outside: its command line, its exit codes, its manners at a signal."""

import os
import signal
import subprocess
import sys
import tempfile
import unittest

TALLYD = os.path.abspath(sys.argv.pop(1))
MAKE_CERTS = os.path.join(os.path.dirname(os.path.abspath(__file__)),
                          "..", "certs", "make_certs.sh")
NOBODY = 9  # a port of the loopback that nobody listens to

CONFIG = """\
endpoint = https://127.0.0.1:{port}/v1/records
ca = ca.pem
certificate = device.pem
key = {key}
device_id = box-1
operator_id = acme
listen = udp://{listen}
"""


def tallyd(*arguments):
    return subprocess.run([TALLYD, *arguments], capture_output=True, text=True, timeout=20,
                          check=False)


class CommandLine(unittest.TestCase):

    def test_version(self):
        result = tallyd("--version")
        self.assertEqual((result.returncode, result.stderr), (0, ""))
        self.assertRegex(result.stdout, r"^tallyd \d+\.\d+\.\d+\n$")

    def test_anything_else_is_usage(self):
        for arguments in ((), ("--help",), ("--run",), ("--check", "a", "b"), ("a.conf",)):
            result = tallyd(*arguments)
            self.assertEqual((result.returncode, result.stdout), (2, ""))
            self.assertIn("usage: tallyd --run CONFIG", result.stderr)


class Configured(unittest.TestCase):

    @classmethod
    def setUpClass(cls):
        scratch = tempfile.TemporaryDirectory()
        cls.addClassCleanup(scratch.cleanup)
        cls.folder = scratch.name
        subprocess.run([MAKE_CERTS, cls.folder, "box-1"], check=True, timeout=60)

    def config(self, key="device.key", listen="127.0.0.1:0", more=""):
        path = os.path.join(self.folder, f"{self.id()}.conf")
        with open(path, "w", encoding="utf-8") as out:
            out.write(CONFIG.format(port=NOBODY, key=key, listen=listen) + more)
        return path

    def start(self, *arguments, **changes):
        daemon = subprocess.Popen([TALLYD, "--run", self.config(*arguments, **changes)],
                                  stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        self.addCleanup(daemon.stdout.close)
        self.addCleanup(daemon.stderr.close)
        self.addCleanup(daemon.wait)
        self.addCleanup(daemon.kill)
        return daemon, daemon.stdout.readline()

    def test_a_good_configuration(self):
        path = self.config()
        result = tallyd("--check", path)
        self.assertEqual((result.returncode, result.stdout, result.stderr),
                         (0, f"tallyd: {path}: good\n", ""))

    def test_a_bad_configuration_is_refused_by_check_and_run(self):
        path = self.config(more="colour = blue\n")
        for how in ("--check", "--run"):
            result = tallyd(how, path)
            self.assertEqual((result.returncode, result.stderr),
                             (1, f"{path}:8: colour: unknown key\n"))

    def test_a_key_that_is_not_there(self):
        result = tallyd("--check", self.config(key="no.key"))
        self.assertEqual(result.returncode, 1)
        self.assertEqual(result.stderr,
                         f"tallyd: {self.folder}/no.key: No such file or directory\n")

    def test_an_empty_and_an_enormous_key(self):
        for size, complaint in ((0, "empty"), (65536, "larger than 65535 bytes")):
            with open(os.path.join(self.folder, "odd.key"), "wb") as out:
                out.write(b"k" * size)
            result = tallyd("--check", self.config(key="odd.key"))
            self.assertEqual((result.returncode, result.stderr),
                             (1, f"tallyd: {self.folder}/odd.key: {complaint}\n"))

    def test_the_key_of_another_certificate(self):
        result = tallyd("--check", self.config(key="foreign-device.key"))
        self.assertEqual((result.returncode, result.stderr),
                         (1, "tallyd: ca, certificate or key: bad configuration\n"))

    def test_it_says_which_port_the_kernel_chose(self):
        for listen, shown in (("127.0.0.1:0", r"127\.0\.0\.1"), ("[::1]:0", r"\[::1\]")):
            _, line = self.start(listen=listen)
            self.assertRegex(line, rf"^tallyd: listening on udp://{shown}:[1-9]\d*\n$")

    def test_a_port_that_is_taken(self):
        _, line = self.start()
        result = tallyd("--run", self.config(listen=line.strip().rpartition("/")[2]))
        self.assertEqual((result.returncode, result.stdout), (1, ""))
        self.assertIn("tallyd: listen: Address already in use\n", result.stderr)

    def test_a_signal_ends_it_and_what_is_lost_is_said(self):
        for number in (signal.SIGTERM, signal.SIGINT):
            daemon, _ = self.start()
            daemon.send_signal(number)
            _, errors = daemon.communicate(timeout=15)
            self.assertEqual(daemon.returncode, 3)
            self.assertRegex(errors, r"tallyd: \d+ records were not taken by the server\n")


if __name__ == "__main__":
    unittest.main()
