# SPDX-License-Identifier: Apache-2.0
"""What the signing tool writes, byte for byte, and in the opinion of OpenSSL."""

import json
import os
import subprocess
import sys
import unittest

import cbor2

import sign_config
from harness import HERE, scratch

TOOL = os.path.join(HERE, "sign_config.py")
EVERYTHING = {
    "operator": "acme", "device": "stb-1", "version": 7, "heartbeat_ms": 30_000,
    "upload_ms": 120_000, "daily_bytes": 1 << 20, "sampling_ppm": 10_000,
    "stop_until_s": 1_778_384_896, "groups_off": "lm", "endpoint": "b.example",
    "thresholds": {"r3": 5, "pt": 1000},
}
# The same as test_remote_map.c reads.
EVERY_KEY = bytes.fromhex(
    "ab 6162 1a00100000 6164 657374622d31 6165 69622e6578616d706c65 6167 626c6d 6168 197530"
    "616f 6461636d65 6170 192710 6173 1a6a000000 6174 a2 627074 1903e8 627233 05"
    "6175 1a0001d4c0 6176 07")
LEAST = {"operator": "acme", "version": 1}


def openssl(*command):
    return subprocess.run(["openssl", *command], check=True, capture_output=True).stdout


class Signing(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = scratch(cls.addClassCleanup)
        for name, curve in (("key", "P-256"), ("other", "P-256"), ("p384", "P-384")):
            openssl("genpkey", "-algorithm", "EC", "-pkeyopt", f"ec_paramgen_curve:{curve}",
                    "-out", cls.path(name))
            openssl("pkey", "-in", cls.path(name), "-pubout", "-out", cls.path(name + ".pub"))

    @classmethod
    def path(cls, name):
        return os.path.join(cls.folder, name)

    def run_tool(self, *switches, key="key"):
        out = self.path("message")
        done = subprocess.run(
            [sys.executable, TOOL, "--key", self.path(key), "--out", out, *switches],
            capture_output=True, text=True, check=False)
        if done.returncode != 0:
            return done.stderr
        with open(out, "rb") as source:
            return source.read()

    def described(self, description):
        with open(self.path("description"), "w", encoding="utf-8") as out:
            json.dump(description, out)
        return "--json", self.path("description")

    def verifies(self, message, public):
        """Whether OpenSSL finds the signature of a message good."""
        protected, _, payload, signature = cbor2.loads(message).value
        with open(self.path("signed"), "wb") as out:
            out.write(cbor2.dumps(["Signature1", protected, b"", payload]))
        with open(self.path("signature"), "wb") as out:
            out.write(der(signature))
        done = subprocess.run(["openssl", "dgst", "-sha256", "-verify", self.path(public),
                               "-signature", self.path("signature"), self.path("signed")],
                              capture_output=True, check=False)
        return done.returncode == 0

    def test_every_byte_but_the_signature_is_known(self):
        message = self.run_tool(*self.described(EVERYTHING))
        head = bytes.fromhex("d284 43a10126 a0 58") + bytes([len(EVERY_KEY)])
        self.assertEqual(message[:-64], head + EVERY_KEY + b"\x58\x40")

    def test_openssl_finds_the_signature_good(self):
        message = self.run_tool(*self.described(LEAST))
        self.assertTrue(self.verifies(message, "key.pub"))
        self.assertFalse(self.verifies(message, "other.pub"))
        self.assertFalse(self.verifies(message[:-67] + b"\x02" + message[-66:], "key.pub"))

    def test_both_halves_of_a_signature_have_32_bytes(self):
        class Key:
            def sign(self, _data, _algorithm):
                return der(bytes(31) + b"\x01" + bytes(30) + b"\x80\x00")
        message = sign_config.message(b"", Key())
        self.assertEqual(message[-66:], b"\x58\x40" + bytes(31) + b"\x01" + bytes(30) + b"\x80\x00")

    def test_options_say_the_same_as_a_description(self):
        switches = ["--operator", "acme", "--device", "stb-1", "--version", "7", "--heartbeat-ms",
                    "30000", "--upload-ms", "120000", "--daily-bytes", "1048576", "--sampling-ppm",
                    "10000", "--stop-until-s", "1778384896", "--groups-off", "lm", "--endpoint",
                    "b.example", "--threshold", "r3=5", "--threshold", "pt=1000"]
        self.assertEqual(cbor2.loads(self.run_tool(*switches)).value[2], EVERY_KEY)

    def test_an_option_counts_before_the_description(self):
        message = self.run_tool(*self.described(LEAST), "--version", "9")
        self.assertEqual(cbor2.loads(cbor2.loads(message).value[2]), {"o": "acme", "v": 9})

    def test_another_curve_is_refused(self):
        self.assertIn("not a P-256 key", self.run_tool(*self.described(LEAST), key="p384"))

    def test_what_is_no_key_is_refused(self):
        self.assertIn("sign_config:", self.run_tool(*self.described(LEAST), key="key.pub"))
        self.assertIn("sign_config:", self.run_tool(*self.described(LEAST), key="nothing"))


class Descriptions(unittest.TestCase):
    def assert_unfit(self, *words, **change):
        sign_config.payload(LEAST)
        with self.assertRaises(sign_config.Unfit) as caught:
            sign_config.payload({**LEAST, **change})
        for word in words:
            self.assertIn(word, str(caught.exception))

    def test_operator_and_version_are_needed(self):
        for name in LEAST:
            with self.assertRaisesRegex(sign_config.Unfit, f"{name} missing"):
                sign_config.payload({key: LEAST[key] for key in LEAST if key != name})

    def test_what_a_device_would_clamp_is_refused(self):
        for name, (key, least, most) in sign_config.NUMBERS.items():
            for value in (least, most):
                encoded = sign_config.payload({**LEAST, name: value})
                self.assertEqual(cbor2.loads(encoded)[key], value)
            self.assert_unfit(name, **{name: least - 1})
            self.assert_unfit(name, **{name: most + 1})
            self.assert_unfit(name, **{name: str(least)})
            self.assert_unfit(name, **{name: True})

    def test_a_budget_may_be_none(self):
        self.assertEqual(cbor2.loads(sign_config.payload({**LEAST, "daily_bytes": 0}))["b"], 0)

    def test_groups_are_letters_each_once(self):
        for wrong in ("ll", "L", "1", "l m", 7):
            self.assert_unfit("groups_off", groups_off=wrong)

    def test_texts_are_texts(self):
        self.assert_unfit("device", device=1)
        self.assert_unfit("endpoint", endpoint="a\0b")

    def test_thresholds_are_few_and_rise(self):
        four = {key: 1 for key in ("pa", "pb", "pc", "pd")}
        sign_config.payload({**LEAST, "thresholds": four})
        self.assert_unfit("thresholds", thresholds={**four, "pe": 1})
        self.assert_unfit("thresholds", thresholds={"p": 1})
        self.assert_unfit("thresholds", thresholds={"pa": 0})
        self.assert_unfit("thresholds", thresholds=["pa"])

    def test_an_unknown_name_is_refused(self):
        self.assert_unfit("unknown name 'heartbeat'", heartbeat=1)

    def test_a_map_has_at_most_1024_bytes(self):
        room = 1024 - len(sign_config.payload({**LEAST, "device": "x" * 256}))
        self.assertEqual(len(sign_config.payload({**LEAST, "device": "x" * (256 + room)})), 1024)
        self.assert_unfit("1025 bytes", device="x" * (257 + room))


def der(signature):
    """r and s as X9.62 has them."""
    halves = b"".join(integer(signature[at:at + 32]) for at in (0, 32))
    return b"\x30" + bytes([len(halves)]) + halves


def integer(number):
    content = number.lstrip(b"\0") or b"\0"
    if content[0] >= 0x80:
        content = b"\0" + content
    return b"\x02" + bytes([len(content)]) + content


if __name__ == "__main__":
    unittest.main()
