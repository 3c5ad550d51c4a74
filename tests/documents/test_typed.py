# SPDX-License-Identifier: Apache-2.0
"""Commands of the documents that take a moment."""
import hashlib
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import unittest

import cbor2
from cryptography import x509
from cryptography.hazmat.primitives import serialization

import held
from reading import ROOT
from typing_tests import Typing

sys.path.append(str(ROOT / "tests/spool"))
import image  # noqa: E402

MAKE_CERTS = ROOT / "tests/certs/make_certs.sh"
RECORD = {"k": "c", "q": 0, "u": 10, "w": 1_800_000_000_000}
UPLOAD = {"v": 5, "d": "box-1", "o": "acme", "b": 7, "m": 20, "t": 1_800_000_000_010}


def body(**changes):
    """An upload, its records in an array of indefinite length."""
    head = cbor2.dumps({**UPLOAD, **changes, "r": []})
    return head[:-1] + b"\x9f" + cbor2.dumps(RECORD) + b"\xff"


class Typed(Typing):
    @classmethod
    def setUpClass(cls):
        holder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(holder.cleanup)
        cls.folder = pathlib.Path(holder.name)
        cls.build = held.build_folder()
        subprocess.run([MAKE_CERTS, cls.folder, "box-1"], check=True, timeout=60,
                       capture_output=True)
        (cls.folder / "upload").write_bytes(body())
        (cls.folder / "tallyd.conf").write_text(
            "endpoint = https://127.0.0.1:9/v1/records\nca = ca.pem\ncertificate = device.pem\n"
            "key = device.key\ndevice_id = box-1\noperator_id = acme\nlisten = udp://127.0.0.1:0\n")

    def type_tool(self, command, **places):
        return self.type(command, self.folder, path=self.build, **places)

    def test_help(self):
        self.assertIn("\ndemo ", self.type("make help", ROOT))

    def test_the_maintainers(self):
        self.assertRegex(self.type("git log", ROOT), r"(?m)^Author: .+ <.+@.+>$")

    def test_suites_of_ctest_that_are_named(self):
        for command in sorted(c for c in self.documented if c.startswith("ctest -")):
            with self.subTest(command=command):
                said = self.type(command, self.build, ctest="ctest -N")
                self.assertRegex(said, r"Total Tests: [1-9]")

    def test_the_pin_of_a_certificate(self):
        said = self.type("openssl x509 -in server.pem -noout -pubkey | openssl pkey -pubin "
                         "-outform DER | openssl dgst -sha256 -r", self.folder)
        server = x509.load_pem_x509_certificate((self.folder / "server.pem").read_bytes())
        info = server.public_key().public_bytes(serialization.Encoding.DER,
                                                serialization.PublicFormat.SubjectPublicKeyInfo)
        self.assertEqual(said.split()[0], hashlib.sha256(info).hexdigest())

    def test_tallyd(self):
        self.assertRegex(self.type_tool("tallyd --version"), r"^tallyd \d+\.\d+\.\d+\n$")
        said = self.type_tool("tallyd --check FILE", FILE="tallyd.conf")
        self.assertEqual(said, "tallyd: tallyd.conf: good\n")

    def test_tallyd_is_asked_as_another_user(self):
        command = "runuser -u tally -- tallyd --check FILE"
        with tempfile.TemporaryDirectory() as folder:
            place = shutil.copytree(self.folder, pathlib.Path(folder) / "etc")
            shutil.copy(self.build / "tallyd", folder)
            for path in (pathlib.Path(folder), place, *place.iterdir()):
                path.chmod(0o755)
            (place / "device.key").chmod(0o600)
            said = self.type(command, place, status=1, **{
                "tally ": "nobody ", "tallyd ": f"{folder}/tallyd ", "FILE": "tallyd.conf"})
        is_root = os.geteuid() == 0
        self.assertIn("key: Permission denied" if is_root else "runuser: may not be used", said)

    def test_tools(self):
        registry = json.loads(self.type_tool("tally-decode --registry"))
        self.assertIn("su", registry["metrics"])
        said = json.loads(self.type_tool("tally-decode FILE", FILE="upload").splitlines()[-1])
        self.assertIn(RECORD["w"], said.values())
        self.type_tool("tally-decode --as SYSTEM FILE...", SYSTEM="nanostream",
                       **{"FILE...": "upload"})
        self.assertEqual(self.type_tool("tally-schema reference"),
                         (ROOT / "agent/METRICS.md").read_text())

    def test_an_image_of_a_spool(self):
        store = image.Image(6, 4096)
        urgent, _ = image.rings(store, 3, largest=40)
        urgent.boot(0xB001)
        urgent.put("b", image.record("b", 0, 5))
        (self.folder / "image").write_bytes(bytes(store.data))
        self.assertIn("urgent: 1 put, 0 gone, 1 waiting",
                      self.type_tool("tally-spool IMAGE", IMAGE="image"))
        self.assertRegex(self.type_tool("tally-spool --waiting IMAGE", IMAGE="image"), r"\bb\b")
        (self.folder / "erased").write_bytes(b"\xff" * 8192)
        self.type_tool("tally-spool --settings IMAGE", IMAGE="erased")

    def test_the_validator(self):
        command = "tests/schema/validator.py FILE..."
        self.assertEqual(self.type(command, ROOT, **{"FILE...": self.folder / "upload"}), "")
        (self.folder / "strange").write_bytes(body(d=1))
        self.assertIn("strange", self.type(command, ROOT, status=1,
                                           **{"FILE...": self.folder / "strange"}))

    def test_where_gstreamer_looks_for_plugins(self):
        said = self.type("pkg-config --variable=pluginsdir gstreamer-1.0", ROOT)
        self.assertRegex(said, r"^/.*/gstreamer-1\.0\n$")

    def test_the_peers_of_the_conformance_kit(self):
        command = "python3 port/conformance/peer.py"
        self.assertIn(command, self.documented)
        with subprocess.Popen([*command.split(), "127.0.0.1"], cwd=ROOT, text=True,
                              stdout=subprocess.PIPE) as peer:
            said = [peer.stdout.readline() for _ in range(3)]
            peer.terminate()
        self.assertEqual([re.sub(r"\d+", "PORT", line) for line in said],
                         ["echo PORT\n", "ending PORT\n", "refusing PORT\n"])


if __name__ == "__main__":
    unittest.main()
