#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Commands of the documents that take minutes, in a copy of the repository as a reader has it.

    at_length.py [CLASS.TEST...]
"""
import contextlib
import filecmp
import json
import os
import pathlib
import re
import shutil
import signal
import sqlite3
import subprocess
import tempfile
import time
import unittest
import urllib.request

import held
import reading
from reading import ROOT
from test_specification import registry_hash
from typing_tests import Typing

SOURCES = ("mbedtls", "lwip", "cmocka", "tinycbor")


def tracked():
    names = subprocess.run(["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
                           cwd=ROOT, check=True, capture_output=True, text=True).stdout
    return [name for name in names.split("\0") if name and (ROOT / name).is_file()]


def copy(folder):
    """What a clone would have, with the sources that were fetched for this one."""
    for name in tracked():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, folder / name)
    deps = folder / ".deps"
    deps.mkdir()
    for path in (ROOT / ".deps").glob("*") if (ROOT / ".deps").exists() else ():
        (deps / path.name).symlink_to(path)
    for name in SOURCES:
        given = os.environ.pop(f"TALLY_{name.upper()}_DIR", "")
        if given and not (deps / name).exists():
            (deps / name).symlink_to(given)


class AtLength(Typing):
    @classmethod
    def setUpClass(cls):
        holder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(holder.cleanup)
        cls.tree = pathlib.Path(holder.name) / "tally"
        cls.tree.mkdir()
        copy(cls.tree)

    def make(self, command, timeout_s=1800, **places):
        begun = time.monotonic()
        said = self.type(command, self.tree, timeout_s=timeout_s, **places)
        print(f"{command}: {time.monotonic() - begun:.0f} s", flush=True)
        return said

    def scratch(self):
        holder = tempfile.TemporaryDirectory()
        self.addCleanup(holder.cleanup)
        return pathlib.Path(holder.name)


class Programs(AtLength):
    def install(self):
        """What stands in the stage of an installation."""
        stage = self.scratch()
        os.environ["DESTDIR"] = str(stage)
        self.addCleanup(os.environ.pop, "DESTDIR")
        self.make("cmake --install build/linux")
        return stage

    def test_the_daemon_is_built_and_installed(self):
        self.make("make linux")
        self.assertTrue((self.tree / "build/linux/gstreamer/libgsttally.so").exists())
        stage = self.install()
        page = (ROOT / "boards/linux/README.md").read_text()
        installed = {str(path) for path in stage.rglob("*") if path.is_file()}
        for name in re.findall(r"^\| `((?:bin|share|lib)/\S+?)`", page, re.MULTILINE):
            with self.subTest(file=name):
                self.assertTrue([path for path in installed if path.endswith(f"/{name}")])
        units = stage / "etc/systemd/system"
        units.mkdir(parents=True)
        for path in stage.rglob("tallyd.s*"):
            shutil.copy(path, units)
        # There is no systemd to tell: the units are only enabled.
        self.type("systemctl enable --now tallyd.socket tallyd.service", stage,
                  **{"systemctl ": f"systemctl --root={stage} ", "--now ": ""})
        self.assertTrue((units / "sockets.target.wants/tallyd.socket").is_symlink())
        self.assertTrue((units / "multi-user.target.wants/tallyd.service").is_symlink())

    def test_libtally_client_is_installed_and_a_player_built(self):
        page = "port/client/README.md"
        build, player = (block.text for block in reading.blocks((ROOT / page).read_text())
                         if block.language == reading.SHELL)
        build = build.replace("build/linux", "build/client")
        subprocess.run(["bash", "-ec", build], cwd=self.tree, check=True, capture_output=True)
        shutil.copy(ROOT / "port/client/example/player.c", self.tree)
        stage = self.tree / "stage"
        where, = {path.parent for path in stage.rglob("tally-client.pc")}
        environment = {"PKG_CONFIG_SYSROOT_DIR": str(stage), "PKG_CONFIG_LIBDIR": str(where)}
        subprocess.run(["bash", "-ec", player], cwd=self.tree, check=True,
                       env={**os.environ, **environment})
        self.assertTrue((self.tree / "a.out").exists())

    def test_the_demos(self):
        for command in ("make demo", "make demo-linux"):
            with self.subTest(command=command):
                self.make(command)
                page = self.tree / "build" / command.split()[1] / "report.html"
                self.assertIn("</html>", page.read_text())
                self.assert_is_of_the_registry(page.parent / "collector.db")

    def assert_is_of_the_registry(self, database):
        """Each boot says which registry it has, as a stranger works it out from the two pages."""
        expected = registry_hash((ROOT / "agent/METRICS.md").read_text())
        with contextlib.closing(sqlite3.connect(database)) as records:
            boots = records.execute("SELECT json FROM records WHERE kind = 'b'").fetchall()
        self.assertTrue(boots)
        for (record,) in boots:
            self.assertEqual(json.loads(record)["b"]["rv"], expected)


class Live(AtLength):
    def start(self, command, address=""):
        """Runs as it was typed until this test ends; what it says lies in a file."""
        self.assertIn(command, self.documented)
        command = command.replace("ADDRESS", address)
        said = self.scratch() / "said"
        with open(said, "wb") as out:
            live = subprocess.Popen(command.split(), cwd=self.tree, stdout=out, stderr=out,
                                    start_new_session=True, env=reading.own_environment())
        self.addCleanup(live.wait)
        self.addCleanup(os.killpg, live.pid, signal.SIGINT)
        return live, said

    def await_text(self, live, what, read, limit_s=900):
        """Waits until `read` gives a text that has `what` in it."""
        end = time.monotonic() + limit_s
        text = ""
        while what not in text:
            self.assertIsNone(live.poll(), text)
            self.assertLess(time.monotonic(), end, text)
            time.sleep(0.2)
            with contextlib.suppress(OSError):
                text = read()
        return text

    def test_a_device_shows_what_it_reports(self):
        begun = time.monotonic()
        live, said = self.start("make live DEVICE=mps2-an385")
        self.await_text(live, "http://localhost:8471/", said.read_text)
        page = "http://localhost:8471/api/devices"
        self.await_text(live, "stb-0001",
                        lambda: urllib.request.urlopen(page, timeout=5).read().decode())
        print(f"make live: a record on the page after {time.monotonic() - begun:.0f} s", flush=True)

    def test_what_to_flash_a_device_with(self):
        live, said = self.start("make live HOST=ADDRESS", address="127.0.0.2")
        text = self.await_text(live, "make firmware", said.read_text)
        self.assertRegex(text, r"ENDPOINT=https://127\.0\.0\.2:\d+/\S+ CERTS=build/live/certs\S+")


class Fleet(AtLength):
    def test_some_devices(self):
        said = self.make("make fleet DEVICES=10 SECONDS=30 SEED=7")
        self.assertRegex(said, "10 devices")


class Firmware(AtLength):
    def test_firmware(self):
        certs = self.tree / "certs"
        subprocess.run([ROOT / "tests/certs/make_certs.sh", certs, "box-1"], check=True,
                       capture_output=True)
        for command in (
                "make firmware BOARD=mps2-an385 ENDPOINT=https://HOST:PORT/PATH CERTS=DIR",
                "make firmware BOARD=vexpress-a9 ENDPOINT=https://HOST:PORT/PATH CERTS=DIR"):
            board = re.search("BOARD=([^ ]*)", command)[1]
            with self.subTest(board=board):
                self.make(command, **{"HOST:PORT/PATH": "127.0.0.1:8443/v1/records",
                                      "CERTS=DIR": "CERTS=certs"})
                self.assertTrue((self.tree / f"build/{board}/tally.elf").exists())


class Registry(AtLength):
    def test_the_schema(self):
        self.make("make schema")
        for name in ("schema.cddl", "METRICS.md", "registry.ledger"):
            self.assertTrue(filecmp.cmp(ROOT / "agent" / name, self.tree / "agent" / name, False))
        shutil.copy(ROOT / "agent/registry.ledger", self.tree / "released")
        self.make("make schema LEDGER=file", **{"=file": "=released"})

    def test_the_size(self):
        self.make("make size")
        self.assertEqual((self.tree / "README.md").read_text(), (ROOT / "README.md").read_text())
        self.assertIn("mps2-an385", json.loads((self.tree / "build/size.json").read_text()))


class Cleaning(AtLength):
    def test_nothing_is_left(self):
        (self.tree / "build").mkdir()
        self.make("make distclean")
        self.assertEqual({path.name for path in self.tree.iterdir()},
                         {pathlib.PurePath(name).parts[0] for name in tracked()})
        self.assertTrue((ROOT / "agent").exists())


class Tests(AtLength):
    """Programs of the build folder that this test belongs to."""

    def test_power_cuts(self):
        folder = held.build_folder() / "tests/fault"
        for command in ("./fault_cuts life seed=7", "./fault_cuts life seed=7 trace",
                        "./fault_cuts row seed=7"):
            with self.subTest(command=command):
                self.assertIn('"lost": 0, "corrupt": 0', self.type(command, folder))

    def test_a_finding_of_a_fuzzer(self):
        finding = self.scratch() / "finding"
        finding.write_bytes(b"HTTP/1.1 200 OK\r\n\r\n")
        folder, = {path.parent for path in held.build_folder().glob("tests/fuzz/**/fuzz_http")}
        self.type("fuzz_SUBJECT FILE", folder, path=folder, SUBJECT="http", FILE=finding)

    def test_a_module_of_interop(self):
        os.environ["TALLY_PROGRAMS"] = str(held.build_folder())
        self.addCleanup(os.environ.pop, "TALLY_PROGRAMS")
        self.type("TALLY_INTEROP=whole /usr/bin/python3 -m unittest test_refusals",
                  ROOT / "tests/interop")


if __name__ == "__main__":
    unittest.main()
