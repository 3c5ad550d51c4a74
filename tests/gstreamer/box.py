# SPDX-License-Identifier: Apache-2.0
"""tallyd as it serves the players of a box, for tests in which it really reports."""
import pathlib
import shutil
import sys
import tempfile
import time

TESTS = pathlib.Path(__file__).resolve().parents[1]
sys.path += [str(TESTS / "e2e"), str(TESTS / "collector")]
import harness  # noqa: E402
import scenario  # noqa: E402


def scratch(add_cleanup):
    """A folder that goes with its test."""
    return pathlib.Path(harness.scratch(add_cleanup))


class Daemon(scenario.Process):
    """Started anew in the same folder it is the same device, with what it kept."""

    def __init__(self, folder, certs, port, **settings):
        # Names of sockets have 107 bytes, and the folder's may be longer.
        self._place = pathlib.Path(settings.pop("place", None) or tempfile.mkdtemp(prefix="tally"))
        self.socket = self._place / "tallyd.sock"
        self.spool = folder / "spool"
        values = {"endpoint": f"https://127.0.0.1:{port}{scenario.PATH}",
                  "device_id": scenario.DEVICE_ID, "operator_id": "operator-1",
                  "ca": certs / "ca.pem", "certificate": certs / "device.pem",
                  "key": certs / "device.key", "socket": self.socket, "spool": self.spool,
                  "spool_bytes": 1 << 20, "log": "info", "heartbeat_ms": 1000, "upload_ms": 1000,
                  "players_per_user": 16, **settings}
        configuration = folder / "tallyd.conf"
        configuration.write_text("".join(f"{key} = {value}\n" for key, value in values.items()))
        super().__init__("tallyd", folder, scenario.PROGRAMS / "tallyd", "--run", configuration)
        self.await_socket()

    @property
    def place(self):
        """For the next one's `place`: players look for it where the last one was."""
        return self._place

    @property
    def pid(self):
        return self._process.pid

    def await_socket(self, seconds=60):
        deadline = time.monotonic() + seconds
        while not self.socket.exists():
            if self._process.poll() is not None or time.monotonic() > deadline:
                raise scenario.Failed(self.name, "a socket for players", self._state(), self.log)
            time.sleep(0.02)

    def clear(self):
        """Once no daemon uses its place any more."""
        shutil.rmtree(self._place, ignore_errors=True)


def start_line(case):
    """A collector and a daemon for all tests of a class: their folder, and the two."""
    folder = scratch(case.addClassCleanup)
    certs = scenario.make_certificates(folder / "certs")
    collector = scenario.Collector(folder, certs)
    case.addClassCleanup(collector.stop)
    daemon = Daemon(folder, certs, collector.port)
    case.addClassCleanup(daemon.clear)
    case.addClassCleanup(daemon.stop)
    return folder, collector, daemon


def await_ends(collector, count, seconds):
    """Waits until so many sessions' ends are stored."""
    deadline = time.monotonic() + seconds
    while True:
        stored = len(collector.records("x"))
        if stored >= count:
            return
        if time.monotonic() > deadline:
            raise scenario.Failed("collector", f"{count} ends of sessions", stored, collector.log)
        time.sleep(0.1)
