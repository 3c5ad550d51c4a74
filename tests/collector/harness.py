# SPDX-License-Identifier: Apache-2.0
"""A collector as a process, and a device to upload to it, for the tests in this folder."""

import contextlib
import http.client
import json
import os
import signal
import sqlite3
import ssl
import subprocess
import sys
import tempfile
import time
import unittest

import cbor2

HERE = os.path.dirname(os.path.abspath(__file__))
COLLECTOR = os.path.join(HERE, "collector.py")
MAKE_CERTS = os.path.join(HERE, "..", "certs", "make_certs.sh")
DEVICE = "stb-42"
BOOT = 0x12AB34CD56EF
PATH = "/v1/records"
CBOR = {"Content-Type": "application/cbor"}


def record(seq, kind="e", uptime_ms=1000, **more):
    return {"k": kind, "q": seq, "u": uptime_ms, **more}


def encode(fields):
    return cbor2.dumps(fields, canonical=True)


def body(*records, device=DEVICE, boot=BOOT, uptime_ms=None, unix_ms=None, registry=1):
    """An upload; a record given as bytes is put in as it is."""
    head = {"v": registry, "d": device, "o": "operator-1", "b": boot, "m": uptime_ms, "t": unix_ms}
    head = {key: value for key, value in head.items() if value is not None}
    encoded = bytes([0xA0 + len(head) + 1])
    encoded += b"".join(cbor2.dumps(key) + cbor2.dumps(value) for key, value in head.items())
    raw = (each if isinstance(each, bytes) else encode(each) for each in records)
    return encoded + cbor2.dumps("r") + b"\x9f" + b"".join(raw) + b"\xff"


class CollectorProcess:
    """One collector with a database of its own."""

    def __init__(self, certs, folder, *switches, server="server"):
        self.database = os.path.join(folder, "tally.db")
        self._certs = certs
        self._ready = os.path.join(folder, "ready.json")
        self.out = os.path.join(folder, "stdout")
        self.log = os.path.join(folder, "stderr")
        with open(self.out, "wb") as out, open(self.log, "wb") as log:
            self._process = subprocess.Popen(
                [sys.executable, COLLECTOR, "--ca", self.cert("ca.pem"),
                 "--cert", self.cert(server + ".pem"), "--key", self.cert(server + ".key"),
                 "--db", self.database, "--ready", self._ready, *switches],
                stdout=out, stderr=log)
        ready = self._await_ready()
        self.port, self.page = ready["port"], ready.get("page")

    def _await_ready(self):
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline and self._process.poll() is None:
            with contextlib.suppress(FileNotFoundError), open(self._ready, "rb") as source:
                return json.load(source)
            time.sleep(0.02)
        self.stop()
        raise AssertionError("the collector does not listen: " + self.logged())

    def cert(self, name):
        return os.path.join(self._certs, name)

    def connect(self, client="device", timeout=60):
        """A connection of a device, or of a stranger without a certificate."""
        context = ssl.create_default_context(cafile=self.cert("ca.pem"))
        if client:
            context.load_cert_chain(self.cert(client + ".pem"), self.cert(client + ".key"))
        return http.client.HTTPSConnection("127.0.0.1", self.port, context=context, timeout=timeout)

    def upload(self, data, client="device", path=PATH, headers=CBOR, timeout=60):
        """(status, text) of one upload on a connection of its own."""
        with contextlib.closing(self.connect(client, timeout)) as connection:
            connection.request("POST", path, data, headers)
            answer = connection.getresponse()
            return answer.status, answer.read().decode()

    def execute(self, statement):
        """Changes the database behind the collector's back."""
        with contextlib.closing(sqlite3.connect(self.database)) as database, database:
            database.execute(statement)

    def rows(self, query):
        with contextlib.closing(sqlite3.connect(self.database)) as database:
            return database.execute(query).fetchall()

    def printed(self):
        with open(self.out, encoding="utf-8") as source:
            return source.read().splitlines()

    def logged(self):
        with open(self.log, encoding="utf-8") as source:
            return source.read()

    def memory_kib(self):
        """The most it ever had in use."""
        with open(f"/proc/{self._process.pid}/status", encoding="ascii") as source:
            return next(int(line.split()[1]) for line in source if line.startswith("VmHWM"))

    def stop(self, number=signal.SIGTERM):
        """Asks it to end; returns its exit status."""
        if self._process.poll() is None:
            self._process.send_signal(number)
        return self._process.wait(timeout=60)


class CollectorTest(unittest.TestCase):
    """A test that starts collectors; certificates are made once for all tests of a class."""

    @classmethod
    def setUpClass(cls):
        cls.certs = scratch(cls.addClassCleanup)
        subprocess.run([MAKE_CERTS, cls.certs, DEVICE], check=True)

    def collector(self, *switches, **more):
        started = CollectorProcess(self.certs, scratch(self.addCleanup), *switches, **more)
        self.addCleanup(started.stop)
        return started


class OneCollectorTest(CollectorTest):
    """One collector for all tests of a class; each begins with an empty database."""
    switches = ()

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.started = CollectorProcess(cls.certs, scratch(cls.addClassCleanup), *cls.switches)
        cls.addClassCleanup(cls.started.stop)

    def setUp(self):
        with contextlib.closing(sqlite3.connect(self.started.database)) as database:
            database.executescript("DELETE FROM records; DELETE FROM uploads;")
        self._logged_before = len(self.started.logged())
        self._printed_before = len(self.started.printed())

    def logged(self):
        """What it wrote into its log in this test."""
        return self.started.logged()[self._logged_before:]

    def printed(self):
        return self.started.printed()[self._printed_before:]


def scratch(add_cleanup):
    holder = tempfile.TemporaryDirectory(dir=os.environ.get("TALLY_TEST_DIR"))
    add_cleanup(holder.cleanup)
    return holder.name
