# SPDX-License-Identifier: Apache-2.0
"""One run of the whole line: a sender with a plan, a device, a collector, and what it stored.

Nothing here knows how the agent counts: the plan is the sender's, the report is read back from the
collector's database.
"""
import contextlib
import json
import os
import pathlib
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time

TESTS = pathlib.Path(__file__).resolve().parents[1]
ROOT = TESTS.parent
# The folder of the programs under test; CTest gives its own.
PROGRAMS = pathlib.Path(os.environ.get("TALLY_PROGRAMS", ROOT / "build" / "linux"))
DEVICE_ID = "stb-0001"
PATH = "/v1/records"


class Failed(Exception):
    """A stage did not do what it should; says what was expected, what came, and where to look."""

    def __init__(self, stage, expected, got, log):
        super().__init__(f"{stage}: expected: {expected}; got: {got}; log: {log}")


def check_run(stage, log, *command):
    with open(log, "ab") as out:
        status = subprocess.run([str(c) for c in command], stdout=out, stderr=out,
                                stdin=subprocess.DEVNULL, check=False).returncode
    if status != 0:
        raise Failed(stage, "exit 0", f"exit {status}", log)


def make_certificates(folder, device_id=DEVICE_ID):
    check_run("certificates", folder.parent / "certs.log", TESTS / "certs/make_certs.sh", folder,
              device_id)
    return folder


def share(case):
    """For all tests of a class: a folder `shared`, and in it `certs`."""
    holder = tempfile.TemporaryDirectory(dir=os.environ.get("TALLY_TEST_DIR"))
    case.addClassCleanup(holder.cleanup)
    case.shared = pathlib.Path(holder.name)
    case.certs = make_certificates(case.shared / "certs")


def make_operator(folder):
    """Who signs remote configuration: operator.key, and operator.pem that devices have."""
    log = folder.parent / "certs.log"
    check_run("operator's key", log, "openssl", "ecparam", "-name", "prime256v1", "-genkey",
              "-noout", "-out", folder / "operator.key")
    check_run("operator's key", log, "openssl", "ec", "-in", folder / "operator.key", "-pubout",
              "-out", folder / "operator.pem")


def sign(key, message, operator, version, *options):
    """Writes remote configuration as an operator makes it."""
    check_run("signed configuration", message.parent / "sign.log", sys.executable,
              TESTS / "collector/sign_config.py", "--key", key, "--out", message,
              "--operator", operator, "--version", version, *options)
    return message


def make_media(folder, seconds, kbps):
    media = folder / f"media-{seconds}s-{kbps}k.ts"
    check_run("media", folder / "media.log", TESTS / "media/make_media.sh", media, seconds, kbps)
    return media


class Process:
    """A program of ours with a log; ended by pid, never by name."""

    def __init__(self, name, folder, *command, before=None, keep=(), stdin=subprocess.DEVNULL,
                 errors=None):
        """`before` is called in the new process, ahead of the program, which gets the descriptors
        in `keep`; it can be typed to if `stdin` is a pipe, and says what is wrong to `errors`."""
        self.name = name
        self.log = folder / f"{name}.log"
        with open(self.log, "ab") as out:
            self._process = subprocess.Popen([str(c) for c in command], stdout=out,
                                             stderr=errors or out, stdin=stdin,
                                             preexec_fn=before, pass_fds=keep)

    def type(self, text):
        self._process.stdin.write(text.encode())
        self._process.stdin.flush()

    def await_file(self, path, seconds=60):
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline and self._process.poll() is None:
            with contextlib.suppress(FileNotFoundError, json.JSONDecodeError):
                return json.loads(path.read_text())
            time.sleep(0.02)
        raise Failed(self.name, f"{path.name} written", self._state(), self.log)

    def await_line(self, text, seconds=60):
        """What follows the text in the first line of the log that has it."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            for line in self.log.read_text(errors="replace").splitlines():
                if text in line:
                    return line.partition(text)[2].strip()
            if self._process.poll() is not None:
                break
            time.sleep(0.02)
        raise Failed(self.name, f"a line with '{text}'", self._state(), self.log)

    def is_running(self):
        return self._process.poll() is None

    def wait(self, seconds):
        try:
            return self._process.wait(timeout=seconds)
        except subprocess.TimeoutExpired:
            raise Failed(self.name, f"its end within {seconds} s", "still running",
                         self.log) from None

    def stop(self, number=signal.SIGTERM):
        if self._process.poll() is None:
            self._process.send_signal(number)
            try:
                self._process.wait(timeout=60)
            except subprocess.TimeoutExpired:
                self._process.kill()
        if self._process.stdin is not None:
            self._process.stdin.close()
        return self._process.wait()

    def _state(self):
        status = self._process.poll()
        return "still running" if status is None else f"exit {status}"


class Collector(Process):
    """Stores what devices upload; the same port and database when it is started again."""

    def __init__(self, folder, certs, *switches, server="server", port=0,
                 program=TESTS / "collector/collector.py"):
        ready = folder / "collector.ready"
        ready.unlink(missing_ok=True)
        registry = folder / "registry.json"
        if not registry.exists():
            registry.write_bytes(subprocess.run([PROGRAMS / "tally-decode", "--registry"],
                                                check=True, capture_output=True).stdout)
        self.database = folder / "collector.db"
        super().__init__("collector", folder, sys.executable, program, "--port", port,
                         "--ca", certs / "ca.pem",
                         "--cert", certs / f"{server}.pem", "--key", certs / f"{server}.key",
                         "--db", self.database, "--ready", ready, "--registry", registry, *switches)
        self.port = self.await_file(ready)["port"]

    def rows(self, query, *values):
        with contextlib.closing(sqlite3.connect(self.database)) as database:
            database.row_factory = sqlite3.Row
            return database.execute(query, values).fetchall()

    def bodies(self):
        """The accepted uploads as they came, oldest first."""
        return [row["body"] for row in
                self.rows("SELECT body FROM uploads WHERE status = 204 ORDER BY id")]

    def records(self, kind=None):
        """The stored records as maps, oldest first, of one kind or of all."""
        rows = self.rows("SELECT json FROM records WHERE kind LIKE ? ORDER BY seq", kind or "%")
        return [json.loads(row["json"]) for row in rows]

    def streams(self, kind):
        """The last record of each stream of a kind, as maps."""
        rows = self.rows("SELECT json, MAX(seq) FROM records WHERE kind = ?"
                         " GROUP BY device, boot, session, stream", kind)
        return [json.loads(row["json"]) for row in rows]


class Tallyd(Process):
    """The Linux daemon as the device under test."""
    pace = None  # the kernel holds what comes while the daemon does not run

    def __init__(self, folder, certs, endpoint, **settings):
        values = {
            "endpoint": endpoint, "device_id": DEVICE_ID, "operator_id": "operator-1",
            "ca": certs / "ca.pem", "certificate": certs / "device.pem",
            "key": certs / "device.key", "listen": "udp://127.0.0.1:0", "log": "debug",
            "heartbeat_ms": 1000, "upload_ms": 1000, "end_after_ms": 2000,
            "exit_when_ended": "yes", "device_model": "test-bench", **settings}
        configuration = folder / "tallyd.conf"
        configuration.write_text("".join(f"{key} = {value}\n" for key, value in values.items()))
        super().__init__("tallyd", folder, PROGRAMS / "tallyd", "--run", configuration)
        self.address = self.await_line("tallyd: listening on udp://")

    def unread(self):
        """Datagrams for which its socket had no room so far: it did not run. 0 once it is gone."""
        port = int(self.address.rpartition(":")[2])
        lines = pathlib.Path("/proc/net/udp").read_text().splitlines()[1:]
        return sum(int(line.split()[-1]) for line in lines
                   if line.split()[1].endswith(f":{port:04X}"))


class Sender(Process):
    def __init__(self, folder, media, device, *switches):
        self.plan = folder / "plan.json"
        self.plan.unlink(missing_ok=True)
        super().__init__("sender", folder, sys.executable, TESTS / "sender/sender.py", media,
                         "--to", device.address, "--plan", self.plan, *switches,
                         before=device.pace)

    def finish(self, seconds):
        status = self.wait(seconds)
        if status != 0:
            raise Failed("sender", "exit 0", f"exit {status}", self.log)
        return json.loads(self.plan.read_text())
