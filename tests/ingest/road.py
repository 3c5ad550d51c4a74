# SPDX-License-Identifier: Apache-2.0
"""The road of a test: nginx, Telegraf and PostgreSQL behind one another, and a device in front."""
import contextlib
import http.client
import os
import pathlib
import shutil
import socket
import ssl
import subprocess
import tempfile
import time
import unittest

from engines import DATABASE, HERE, Nginx, Places, Postgres, Telegraf, await_true
import harness
import scenario
from sql_case import SQL, registry_sql

DEVICE = scenario.DEVICE_ID
STRANGER = "foreign-device"
PATH = scenario.PATH


class Road:
    """Started in the order in which each needs the other; a part of it may be stopped by itself."""

    def __init__(self, certs, own=Telegraf.OWN):
        self.certs = certs
        self._own = own
        self.folder = pathlib.Path(tempfile.mkdtemp(dir=os.environ.get("TALLY_TEST_DIR")))
        self.places = Places(tempfile.mkdtemp(prefix="tally-"))
        self._stack = contextlib.ExitStack()
        self._stack.callback(shutil.rmtree, self.places.folder)
        self.database = self._make_database()
        self._stack.callback(self.database.stop)
        self.telegraf = None
        self.start_telegraf()
        self._stack.callback(lambda: self.telegraf.stop())
        self.nginx = Nginx(self.folder, self.places, certs)
        self._stack.callback(self.nginx.stop)

    def _make_database(self):
        for folder in (self.folder, self.places.folder):
            folder.chmod(0o755)  # the server is another user if this is root
        made = Postgres(self.folder, self.places.folder)
        made.load(SQL / "schema.sql", registry_sql(self.folder), SQL / "views.sql")
        return made

    def start_telegraf(self):
        self.telegraf = Telegraf(
            self.folder, self.places, "postgresql.conf", own=self._own,
            TALLY_DATABASE=f"host={self.places.folder} dbname={DATABASE} user=telegraf")

    def stop(self):
        self._stack.close()

    def replay(self):
        return subprocess.run([HERE / "replay.sh", self.places.journal, self.places.telegraf],
                              check=True, capture_output=True, text=True).stdout

    def connect(self, client="device"):
        """A connection of a device; of a stranger without a certificate, if there is none."""
        context = ssl.create_default_context(cafile=self.certs / "ca.pem")
        if client:
            context.load_cert_chain(self.certs / f"{client}.pem", self.certs / f"{client}.key")
        return http.client.HTTPSConnection("127.0.0.1", self.nginx.port, context=context,
                                           timeout=60)

    def upload(self, data, client="device", path=PATH, method="POST", connection=None, **headers):
        """(status, Retry-After or None)"""
        with contextlib.ExitStack() as stack:
            connection = connection or stack.enter_context(
                contextlib.closing(self.connect(client)))
            connection.request(method, path, data, {**harness.CBOR, **headers})
            answer = connection.getresponse()
            answer.read()
            return answer.status, answer.getheader("Retry-After")

    def deliver(self, data, **more):
        """As a device does: again, when it is told to come later; all that it was told."""
        told = []
        while not told or told[-1] in (429, 503):
            status, wait_s = self.upload(data, **more)
            if status in (429, 503):
                time.sleep(int(wait_s))
            told.append(status)
        return told

    def stored(self, boot=harness.BOOT):
        """Numbers of the records of a boot, each as often as it is there."""
        return [row["seq"] for row in self.database.query(
            f"SELECT seq FROM tally.records WHERE boot = {boot} ORDER BY seq")]

    def await_stored(self, count, boot=harness.BOOT, seconds=120):
        return await_true(f"{count} records of boot {boot:x} ({self.telegraf.log})",
                          lambda: len(self.stored(boot)) >= count and self.stored(boot), seconds)

    def refusals(self):
        return self.database.query("SELECT fields FROM tally.refused ORDER BY fields ->> 'seq'")


def post_past_the_front(places, data, device=DEVICE):
    """To Telegraf itself, as nginx does; the status."""
    connection = http.client.HTTPConnection("telegraf")
    connection.sock = socket.socket(socket.AF_UNIX)
    connection.sock.connect(str(places.telegraf))
    with contextlib.closing(connection):
        connection.request("POST", PATH, data, {"X-Tally-Device": device, **harness.CBOR})
        return connection.getresponse().status


class RoadTest(unittest.TestCase):
    """One road for all tests of a class."""
    own = Telegraf.OWN

    @classmethod
    def setUpClass(cls):
        holder = tempfile.TemporaryDirectory(dir=os.environ.get("TALLY_TEST_DIR"))
        cls.addClassCleanup(holder.cleanup)
        certs = scenario.make_certificates(pathlib.Path(holder.name) / "certs")
        cls.road = Road(certs, cls.own)
        cls.addClassCleanup(cls.road.stop)


def body(*records, device=DEVICE, boot=harness.BOOT, **more):
    return harness.body(*records, device=device, boot=boot, **more)


def heartbeat(seq, **more):
    return harness.record(seq, "h", 1000 + seq, **{"s": 1, "p": {"pt": seq + 1}, **more})
