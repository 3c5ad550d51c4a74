#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""tallyd from outside: its command line, its exit codes, its manners at a signal."""

import os
import signal
import stat
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
    return subprocess.run([TALLYD, *arguments], capture_output=True, text=True, timeout=60,
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
        path = self.config(key="no.key")
        result = tallyd("--check", path)
        self.assertEqual(result.returncode, 1)
        self.assertEqual(result.stderr,
                         f"{path}:4: key: {self.folder}/no.key: No such file or directory\n")

    def test_an_empty_and_an_enormous_key(self):
        for size, complaint in ((0, "empty"), (65536, "larger than 65535 bytes")):
            with open(os.path.join(self.folder, "odd.key"), "wb") as out:
                out.write(b"k" * size)
            path = self.config(key="odd.key")
            result = tallyd("--check", path)
            self.assertEqual((result.returncode, result.stderr),
                             (1, f"{path}:4: key: {self.folder}/odd.key: {complaint}\n"))

    def test_the_key_of_another_certificate(self):
        result = tallyd("--check", self.config(key="foreign-device.key"))
        self.assertEqual((result.returncode, result.stderr),
                         (1, "tallyd: ca, certificate or key: bad configuration\n"))

    def public_key(self, name, curve):
        """The file of a public key on this curve, PEM."""
        private = subprocess.run(["openssl", "ecparam", "-name", curve, "-genkey", "-noout"],
                                 check=True, capture_output=True).stdout
        subprocess.run(["openssl", "ec", "-pubout", "-out", os.path.join(self.folder, name)],
                       input=private, check=True, capture_output=True)

    def test_the_key_of_remote_configuration(self):
        self.public_key("operator.pem", "prime256v1")
        self.public_key("p384.pem", "secp384r1")
        result = tallyd("--check", self.config(more="config_key = operator.pem\n"))
        self.assertEqual((result.returncode, result.stderr), (0, ""))
        for name in ("p384.pem", "device.pem", "device.key"):
            path = self.config(more=f"config_key = {name}\n")
            result = tallyd("--check", path)
            self.assertEqual((result.returncode, result.stderr),
                             (1, f"{path}:8: config_key: {self.folder}/{name}: "
                                 "not the PEM of a public key on P-256\n"))

    def file_bytes(self, name):
        """Of a file that only its owner may see."""
        found = os.stat(os.path.join(self.folder, name))
        self.assertEqual(stat.S_IMODE(found.st_mode), 0o600)
        return found.st_size

    def refusal(self, more):
        result = tallyd("--run", self.config(more=more))
        self.assertEqual((result.returncode, result.stdout), (1, ""))
        return result.stderr

    def test_spool_and_settings_in_files_are_created_once_and_for_one_tallyd(self):
        more = "spool = a.spool\nspool_bytes = 40000\nsettings = a.settings\n"
        daemon, line = self.start(more=more)
        self.assertIn("listening", line)
        self.assertEqual((self.file_bytes("a.spool"), self.file_bytes("a.settings")),
                         (36864, 8192))
        self.assertEqual(self.refusal("spool = a.spool\nspool_bytes = 36864\n"),
                         f"tallyd: {self.folder}/a.spool: in use by another tallyd, "
                         "or given twice\n")
        self.assertEqual(self.refusal("settings = a.settings\n"),
                         f"tallyd: {self.folder}/a.settings: in use by another tallyd, "
                         "or given twice\n")
        self.assertEqual(tallyd("--check", self.config(more=more)).returncode, 0)
        daemon.kill()
        daemon.wait()
        self.assertIn("listening", self.start(more=more)[1])

    def test_a_check_creates_no_files(self):
        result = tallyd("--check", self.config(more="spool = b.spool\nsettings = b.settings\n"))
        self.assertEqual(result.returncode, 0)
        self.assertFalse([n for n in os.listdir(self.folder) if n.startswith("b.")])

    def test_a_spool_of_another_size_is_refused_and_kept(self):
        path = os.path.join(self.folder, "c.spool")
        with open(path, "wb") as out:
            out.write(b"r" * 65536)
        self.assertEqual(self.refusal("spool = c.spool\nspool_bytes = 32768\n"),
                         f"tallyd: {path}: is not a store of this size; left as it is\n")
        with open(path, "rb") as kept:
            self.assertEqual(kept.read(), b"r" * 65536)

    def test_one_file_cannot_be_both_spool_and_settings(self):
        more = "spool = d.both\nspool_bytes = 32768\nsettings = d.both\n"
        self.assertIn("d.both: in use by another tallyd, or given twice\n", self.refusal(more))

    def test_a_spool_in_a_folder_that_is_not_there(self):
        self.assertIn(f":8: spool: {self.folder}/no: No such file or directory\n",
                      self.refusal("spool = no/spool\n"))

    def test_it_says_which_port_the_kernel_chose(self):
        for listen, shown in (("127.0.0.1:0", r"127\.0\.0\.1"), ("[::1]:0", r"\[::1\]")):
            _, line = self.start(listen=listen)
            self.assertRegex(line, rf"^tallyd: listening on udp://{shown}:[1-9]\d*\n$")

    def test_a_port_that_is_taken(self):
        _, line = self.start()
        result = tallyd("--run", self.config(listen=line.strip().rpartition("/")[2]))
        self.assertEqual((result.returncode, result.stdout), (1, ""))
        self.assertIn("tallyd: listen: Address already in use\n", result.stderr)

    def run_and_stop(self, more):
        """(exit status, what it said on standard error) of a run that a signal ends."""
        daemon, line = self.start(more=more)
        self.assertIn("listening", line)
        daemon.send_signal(signal.SIGTERM)
        _, errors = daemon.communicate(timeout=60)
        return daemon.returncode, errors

    def boots_in(self, name):
        """How many boot records a spool holds."""
        with open(os.path.join(self.folder, name), "rb") as source:
            return source.read().count(b"\x61k\x61b")

    def run_and_kill(self, more):
        daemon, line = self.start(more=more)
        self.assertIn("listening", line)
        daemon.kill()
        daemon.wait()

    def test_a_signal_ends_it_and_what_waits_is_there_at_the_next_start(self):
        more = "log = error\nspool = e.spool\nsettings = e.settings\n"
        self.run_and_kill(more)
        self.assertEqual(self.boots_in("e.spool"), 1)
        status, errors = self.run_and_stop(more)
        self.assertEqual(status, 0)
        self.assertRegex(errors, r"^tallyd: \d+ records wait in the spool\n$")
        self.assertEqual(self.boots_in("e.spool"), 2)

    def assert_blank(self, name):
        with open(os.path.join(self.folder, name), "rb") as source:
            self.assertLessEqual(set(source.read()), {0x00, 0xFF})

    def test_without_consent_nothing_is_collected_and_nothing_kept(self):
        files = "log = error\nspool = f.spool\nsettings = f.settings\n"
        self.assertEqual(self.run_and_stop(files + "consent = no\n"), (0, ""))
        self.assert_blank("f.spool")
        for _ in range(2):
            self.run_and_kill(files + "consent = yes\n")
            self.assertEqual(self.boots_in("f.spool"), 1)
            self.assertEqual(self.run_and_stop(files + "consent = no\n"), (0, ""))
            self.assert_blank("f.spool")
            self.assertEqual(self.run_and_stop(files), (0, ""))  # not asked again: still no
            self.assert_blank("f.spool")

    def test_a_signal_ends_it_and_what_is_lost_is_said(self):
        for number in (signal.SIGTERM, signal.SIGINT):
            daemon, _ = self.start()
            daemon.send_signal(number)
            _, errors = daemon.communicate(timeout=60)
            self.assertEqual(daemon.returncode, 3)
            self.assertRegex(errors, r"tallyd: \d+ records were not taken by the server\n")


if __name__ == "__main__":
    unittest.main()
