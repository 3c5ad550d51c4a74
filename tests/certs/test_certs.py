# SPDX-License-Identifier: Apache-2.0
"""The minted certificates are as good, and as bad, as their names say."""

import os
import stat
import subprocess
import tempfile
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))
MAKE_CERTS = os.path.join(HERE, "make_certs.sh")
KEYS = ["server", "device", "foreign-device", "wrongname-server", "expired-server", "other-server"]


def openssl(*words):
    return subprocess.run(["openssl", *words], stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          text=True, check=False)


def make_certs(*words, **environment):
    return subprocess.run([MAKE_CERTS, *words], stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          text=True, check=False, env={**os.environ, **environment})


def contents(folder):
    found = {}
    for name in sorted(os.listdir(folder)):
        with open(os.path.join(folder, name), "rb") as source:
            found[name] = source.read()
    return found


class Certificates(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        holder = tempfile.TemporaryDirectory(dir=os.environ.get("TALLY_TEST_DIR"))
        cls.addClassCleanup(holder.cleanup)
        cls.folder = holder.name
        cls.made = make_certs(cls.folder, "stb-42",
                              TALLY_SERVER_NAMES="IP:192.0.2.1,DNS:bench.example")

    def path(self, name):
        return os.path.join(self.folder, name)

    def verify(self, name, purpose, *more):
        return openssl("verify", "-CAfile", self.path("ca.pem"), "-purpose", purpose, *more,
                       self.path(name + ".pem"))

    def assert_accepted(self, verdict):
        self.assertEqual(verdict.returncode, 0, verdict.stdout)

    def assert_refused(self, verdict, reason):
        self.assertNotEqual(verdict.returncode, 0)
        self.assertIn(reason.lower(), verdict.stdout.lower())

    def test_making_them_says_nothing(self):
        self.assertEqual((self.made.returncode, self.made.stdout), (0, ""))

    def test_the_server_is_valid_under_each_of_its_names(self):
        for name in (["-verify_hostname", "localhost"], ["-verify_ip", "127.0.0.1"],
                     ["-verify_ip", "10.0.2.2"], ["-verify_ip", "192.0.2.1"],
                     ["-verify_hostname", "bench.example"]):
            self.assert_accepted(self.verify("server", "sslserver", *name))

    def test_the_server_is_valid_under_no_other_name(self):
        for name in (["-verify_hostname", "other.example"], ["-verify_ip", "192.0.2.2"]):
            self.assert_refused(self.verify("server", "sslserver", *name), "mismatch")

    def test_the_device_is_a_client_and_no_server(self):
        self.assert_accepted(self.verify("device", "sslclient"))
        self.assert_refused(self.verify("device", "sslserver"), "unsuitable certificate purpose")

    def test_the_server_is_no_client(self):
        self.assert_refused(self.verify("server", "sslclient"), "unsuitable certificate purpose")

    def test_a_device_is_named_by_its_subject(self):
        for name, identity in (("device", "stb-42"), ("foreign-device", "foreign-device")):
            subject = openssl("x509", "-in", self.path(name + ".pem"), "-noout", "-subject")
            self.assertEqual(subject.stdout.strip(), f"subject=CN = {identity}")

    def test_the_foreign_device_is_of_the_same_ca(self):
        self.assert_accepted(self.verify("foreign-device", "sslclient"))

    def test_the_other_server_is_of_another_ca(self):
        self.assert_refused(self.verify("other-server", "sslserver"), "unable to get local issuer")
        self.assert_accepted(openssl("verify", "-CAfile", self.path("other-ca.pem"),
                                     "-verify_hostname", "localhost",
                                     self.path("other-server.pem")))

    def test_the_server_of_the_wrong_name_is_otherwise_valid(self):
        self.assert_accepted(self.verify("wrongname-server", "sslserver"))
        self.assert_refused(
            self.verify("wrongname-server", "sslserver", "-verify_hostname", "localhost"),
            "hostname mismatch")

    def test_the_expired_server_is_only_expired(self):
        self.assert_refused(self.verify("expired-server", "sslserver"), "certificate has expired")
        self.assert_accepted(self.verify("expired-server", "sslserver", "-no_check_time",
                                         "-verify_hostname", "localhost"))

    def test_certificates_are_valid_since_yesterday_and_for_years(self):
        for name in ("ca", "server", "device"):
            nine_years = openssl("x509", "-in", self.path(name + ".pem"), "-noout",
                                 "-checkend", str(9 * 365 * 86400))
            self.assert_accepted(nine_years)

    def test_keys_fit_their_certificates_and_are_private(self):
        for name in KEYS:
            key, cert = self.path(name + ".key"), self.path(name + ".pem")
            public = openssl("pkey", "-in", key, "-pubout")
            certified = openssl("x509", "-in", cert, "-noout", "-pubkey")
            self.assertEqual(public.stdout, certified.stdout)
            self.assertEqual(stat.S_IMODE(os.stat(key).st_mode), 0o600)

    def test_keys_are_p256(self):
        described = openssl("pkey", "-in", self.path("device.key"), "-noout", "-text")
        self.assertIn("prime256v1", described.stdout)

    def test_only_the_set_is_left_behind(self):
        expected = {"ca.pem", "other-ca.pem", "device-id", ".lock"}
        expected.update(f"{name}.{kind}" for name in KEYS for kind in ("pem", "key"))
        self.assertEqual(set(os.listdir(self.folder)), expected)


class MakingAgain(unittest.TestCase):
    def setUp(self):
        holder = tempfile.TemporaryDirectory(dir=os.environ.get("TALLY_TEST_DIR"))
        self.addCleanup(holder.cleanup)
        self.folder = holder.name
        make_certs(self.folder, "stb-42")
        self.before = contents(self.folder)

    def test_a_complete_set_is_left_alone(self):
        make_certs(self.folder, "stb-42")
        self.assertEqual(contents(self.folder), self.before)

    def test_an_incomplete_set_is_made_anew_as_a_whole(self):
        os.remove(os.path.join(self.folder, "device.key"))
        make_certs(self.folder, "stb-42")
        after = contents(self.folder)
        self.assertEqual(set(after), set(self.before))
        self.assertNotEqual(after["ca.pem"], self.before["ca.pem"])

    def test_another_device_id_makes_another_set(self):
        make_certs(self.folder, "stb-43")
        self.assertNotEqual(contents(self.folder)["device.pem"], self.before["device.pem"])

    def test_a_device_id_unfit_for_a_subject_is_refused(self):
        for unfit in ("a/CN=b", "", "x" * 65, "foreign-device"):
            with self.subTest(unfit):
                self.assertEqual(make_certs(self.folder, unfit).returncode, 1)
        self.assertEqual(contents(self.folder), self.before)

    def names(self):
        return set(os.listdir(self.folder))

    def test_there_may_be_more_devices_each_as_good_as_the_first(self):
        make_certs(self.folder, "stb-42", "box-1", "box-2")
        for name in ("device", "box-1", "box-2"):
            verdict = openssl("verify", "-CAfile", os.path.join(self.folder, "ca.pem"), "-purpose",
                              "sslclient", os.path.join(self.folder, name + ".pem"))
            self.assertEqual(verdict.returncode, 0, verdict.stdout)
        subject = openssl("x509", "-in", os.path.join(self.folder, "box-2.pem"), "-noout",
                          "-subject")
        self.assertEqual(subject.stdout.strip(), "subject=CN = box-2")
        made = contents(self.folder)
        make_certs(self.folder, "stb-42", "box-1", "box-2")
        self.assertEqual(contents(self.folder), made)

    def test_devices_that_are_no_longer_asked_for_are_gone(self):
        before = self.names()
        make_certs(self.folder, "stb-42", "box-1", "box-2")
        make_certs(self.folder, "stb-42", "box-2")
        self.assertEqual(self.names() - before, {"box-2.pem", "box-2.key"})

    def test_more_devices_have_names_of_their_own(self):
        for names in (["box-1", "box-1"], ["server"], ["other-ca"], ["foreign-device"], ["a b"]):
            with self.subTest(names):
                self.assertEqual(make_certs(self.folder, "stb-42", *names).returncode, 1)
        self.assertEqual(contents(self.folder), self.before)


if __name__ == "__main__":
    unittest.main()
