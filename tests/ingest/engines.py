# SPDX-License-Identifier: Apache-2.0
"""The engines of the road as processes: PostgreSQL, Telegraf and nginx, on this machine alone.

Each runs with the configuration that an operator has; only places and ports are those of a test.
"""
import contextlib
import os
import pathlib
import socket
import sys
import time

import psycopg2.extras

from postgres import Postgres

HERE = pathlib.Path(__file__).resolve().parent
TESTS = HERE.parent
ROOT = TESTS.parent
sys.path[:0] = [str(TESTS / "e2e"), str(TESTS / "collector")]
import scenario  # noqa: E402

TELEGRAF = pathlib.Path(os.environ.get("TALLY_TELEGRAF_DIR", ROOT / ".deps/telegraf")) / "telegraf"
WAIT_S = 60


def await_true(what, condition, seconds=WAIT_S):
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        found = condition()
        if found:
            return found
        time.sleep(0.05)
    raise AssertionError(f"not in {seconds} s: {what}")


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return probe.getsockname()[1]


class Places:
    """Where the engines meet: they come and go, these stay. Names of sockets are short."""

    def __init__(self, folder):
        self.folder = pathlib.Path(folder)
        self.telegraf = self.folder / "telegraf.sock"
        self.journal_socket = self.folder / "journal.sock"
        self.journal = self.folder / "journal"
        self.health_port, self.port = free_port(), free_port()


class Database:
    """PostgreSQL with the schema in it; unlike that of the unit tests it writes as a real one does."""

    def __init__(self):
        self._server = Postgres(scenario.PROGRAMS / "tally-schema", settings={})
        with contextlib.closing(self._server.database()) as made:
            self._name = made.info.dbname
        self.connection = (f"host={self._server.folder} dbname={self._name} user=telegraf")
        self.start, self.halt, self.stop = (self._server.start, self._server.halt,
                                            self._server.stop)

    def rows(self, query, *values):
        """As dictionaries; on a connection of its own, for the server comes and goes."""
        with contextlib.closing(self._server.connect(self._name)) as connection:
            cursor = connection.cursor(cursor_factory=psycopg2.extras.RealDictCursor)
            cursor.execute(query, values)
            return cursor.fetchall() if cursor.description else []

    def value(self, query, *values):
        ((value,),) = (row.values() for row in self.rows(query, *values))
        return value


class Telegraf(scenario.Process):
    """With the input, the gate and the outputs named."""
    OWN = ("agent.conf", "input.conf", "gate.conf")

    def __init__(self, folder, places, *outputs, own=OWN, **environment):
        places.telegraf.unlink(missing_ok=True)
        settings = {"TALLY_LISTEN": f"unix://{places.telegraf}",
                    "TALLY_HEALTH": f"http://127.0.0.1:{places.health_port}", **environment}
        files = [HERE / "telegraf" / name for name in (*own, *outputs)]
        super().__init__("telegraf", folder, "env",
                         *(f"{name}={value}" for name, value in settings.items()),
                         TELEGRAF, "--strict-env-handling",
                         *(word for file in files for word in ("--config", file)))
        await_true(f"Telegraf listens ({self.log})",
                   lambda: places.telegraf.exists() or not self.is_running())
        assert self.is_running(), self.log.read_text(errors="replace")[-2000:]


class Nginx(scenario.Process):
    """The operator's file with the places of a test in it."""

    def __init__(self, folder, places, certs, retry_s=2):
        self.port = places.port
        site = (HERE / "nginx/tally.conf").read_text(encoding="utf-8")
        for there, here in (("listen 443 ssl;", f"listen 127.0.0.1:{self.port} ssl;"),
                            ("/etc/tally/", f"{certs}/"),
                            ("/run/tally/", f"{places.folder}/"),
                            ("/var/lib/tally/", f"{places.folder}/"),
                            ("127.0.0.1:8687", f"127.0.0.1:{places.health_port}"),
                            ("Retry-After 30", f"Retry-After {retry_s}")):
            assert there in site, there
            site = site.replace(there, here)
        places.journal.mkdir(exist_ok=True)
        places.journal_socket.unlink(missing_ok=True)
        self.folder = folder / "nginx"
        self.folder.mkdir(exist_ok=True)
        (self.folder / "tally.conf").write_text(site, encoding="utf-8")
        (self.folder / "nginx.conf").write_text(MAIN.format(folder=self.folder), encoding="utf-8")
        super().__init__("nginx", folder, "/usr/sbin/nginx", "-p", self.folder, "-c",
                         self.folder / "nginx.conf", "-e", "stderr")
        await_true(f"nginx listens ({self.log})", self._is_listening)

    def _is_listening(self):
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", self.port)):
            return True
        return False

    def statuses(self):
        """Of all requests it has answered, in their order."""
        return [int(line) for line in (self.folder / "access.log").read_text().split()]


MAIN = """
daemon off;
master_process off;
pid {folder}/nginx.pid;
events {{ worker_connections 512; }}
http {{
    log_format told '$status';
    access_log {folder}/access.log told;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    include {folder}/tally.conf;
}}
"""
