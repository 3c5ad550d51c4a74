# SPDX-License-Identifier: Apache-2.0
"""A box for tests: certificates, a collector, tallyd with a socket for players, and its figures."""
import contextlib
import json
import os
import pathlib
import signal
import subprocess
import sys
import tempfile
import time
import unittest

sys.path += [str(pathlib.Path(__file__).resolve().parents[1] / name) for name in ("e2e", "lanes")]
import player  # noqa: E402
import scenario  # noqa: E402

sys.path.append(str(scenario.TESTS / "schema"))
import validator  # noqa: E402

NOBODY_UID = 65534


class Tallyd(scenario.Process):
    """tallyd as this test configures it. Times are short, so that much happens."""

    def __init__(self, box, environment=None, wrapper=(), keep=(), **settings):
        self.box = box
        self.socket = str(box.folder / "tallyd.sock")
        self.configuration = box.folder / "tallyd.conf"
        self.settings = {
            "endpoint": f"https://127.0.0.1:{box.port}{scenario.PATH}",
            "device_id": scenario.DEVICE_ID, "operator_id": "operator-1",
            "ca": box.certs / "ca.pem", "certificate": box.certs / "device.pem",
            "key": box.certs / "device.key", "log": "debug", "socket": self.socket,
            "heartbeat_ms": 1000, "upload_ms": 1000, "spool": box.folder / "spool",
            "settings": box.folder / "settings"}
        self.configure(**settings)
        command = [scenario.PROGRAMS / "tallyd", "--run", self.configuration]
        log = box.folder / "tallyd.log"
        self.starts_before = log.read_text().count("tallyd: players at") if log.exists() else 0
        changes = [f"{key}={value}" for key, value in (environment or {}).items()]
        super().__init__("tallyd", box.folder, *(["env", *changes] if changes else []), *wrapper,
                         *command, keep=keep)

    def configure(self, more="", **settings):
        """Writes the file; None leaves a key out."""
        self.settings |= settings
        lines = [f"{key} = {value}\n" for key, value in self.settings.items() if value is not None]
        self.configuration.write_text("".join(lines) + more)

    @property
    def pid(self):
        return self._process.pid

    def signal(self, number):
        self._process.send_signal(number)

    def lines(self, text):
        return [line for line in self.log.read_text(errors="replace").splitlines() if text in line]

    def await_lines(self, text, count, seconds=60):
        deadline = time.monotonic() + seconds
        while len(self.lines(text)) < count:
            if time.monotonic() > deadline:
                raise scenario.Failed("tallyd", f"{count} lines with '{text}'",
                                      len(self.lines(text)), self.log)
            time.sleep(0.02)

    def reload(self):
        """How it answered: the last word about its file."""
        before = len(self.lines("in force")) + len(self.lines("refused, the one before stays"))
        self.signal(signal.SIGHUP)
        deadline = time.monotonic() + 60
        while True:
            after = self.lines(f"tallyd: {self.configuration}: ")
            told = [line for line in after if "in force" in line or "refused, the one" in line]
            if len(told) > before:
                return told[-1].partition(f"{self.configuration}: ")[2]
            if time.monotonic() > deadline:
                raise scenario.Failed("tallyd", "a reload", "nothing", self.log)
            time.sleep(0.02)

    def cpu_s(self):
        fields = pathlib.Path(f"/proc/{self.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def status(self, name):
        for line in pathlib.Path(f"/proc/{self.pid}/status").read_text().splitlines():
            if line.startswith(name + ":"):
                return int(line.split()[1])
        raise KeyError(name)

    def descriptors(self):
        return len(os.listdir(f"/proc/{self.pid}/fd"))


class Box(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        scenario.share(cls)

    def setUp(self):
        name = self.id().rsplit(".", 1)[-1][:40]
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix=name, dir=self.shared))
        self.store = None
        self.port = 9  # nobody listens there

    def start_collector(self, port=0):
        self.store = scenario.Collector(self.folder, self.certs, port=port)
        self.port = self.store.port
        self.addCleanup(self.assert_schema)
        self.addCleanup(self.store.stop)

    def assert_schema(self):
        for number, body in enumerate(self.store.bodies()):
            with self.subTest(upload=number):
                validator.schema().check_bytes(body)

    def tallyd(self, awaits=True, **settings):
        daemon = Tallyd(self, **settings)
        self.addCleanup(daemon.stop, signal.SIGKILL)
        if awaits:
            daemon.await_lines("tallyd: players at", daemon.starts_before + 1)
        return daemon

    def player(self, daemon, **options):
        connected = player.Player(daemon.socket, **options)
        self.addCleanup(connected.close)
        return connected

    def child(self, task):
        """The process id of a copy of this one that does the task, says so, and waits."""
        told, tell = os.pipe()
        pid = os.fork()
        if pid == 0:
            with contextlib.suppress(BaseException):
                task()
                os.write(tell, b".")
                time.sleep(3600)
            os._exit(1)
        os.close(tell)
        self.addCleanup(reap, pid)
        self.addCleanup(os.close, told)
        self.assertEqual(os.read(told, 1), b".", "the child failed")
        return pid

    def await_records(self, seconds=60, **wanted):
        """The stored records, once there are as many as wanted of each kind."""
        deadline = time.monotonic() + seconds
        while True:
            found = {kind: self.store.records(kind) for kind in wanted}
            if all(len(found[kind]) >= count for kind, count in wanted.items()):
                return found
            if time.monotonic() > deadline:
                counts = {kind: len(records) for kind, records in found.items()}
                raise scenario.Failed("collector", wanted, counts, self.store.log)
            time.sleep(0.05)

    def await_figure(self, kind, group, key, value, seconds=60):
        """Until the last record of this kind has it."""
        deadline = time.monotonic() + seconds
        last = None
        while last != value:
            records = self.store.records(kind)
            last = records[-1].get(group, {}).get(key) if records else None
            if time.monotonic() > deadline:
                raise scenario.Failed("collector", f"{kind}.{group}.{key} = {value}", last,
                                      self.store.log)
            time.sleep(0.05)


def reap(pid):
    with contextlib.suppress(ProcessLookupError, ChildProcessError):
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)


def run_tallyd(*arguments, program=scenario.PROGRAMS / "tallyd", **options):
    return subprocess.run([program, *map(str, arguments)], check=False,
                          capture_output=True, text=True, timeout=60, **options)


def stored(collector):
    """All records, as the collector keeps them, by boot and number."""
    return {(row["boot"], row["seq"]): json.loads(row["json"])
            for row in collector.rows("SELECT boot, seq, json FROM records")}
