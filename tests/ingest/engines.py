# SPDX-License-Identifier: Apache-2.0
"""The engines of the road as processes: PostgreSQL, Telegraf and nginx, on this machine alone.

Each runs with the configuration that an operator has; only places and ports are those of a test.
"""
import contextlib
import json
import os
import pathlib
import pwd
import shutil
import signal
import socket
import subprocess
import sys
import time

HERE = pathlib.Path(__file__).resolve().parent
TESTS = HERE.parent
ROOT = TESTS.parent
sys.path[:0] = [str(TESTS / "e2e"), str(TESTS / "collector")]
import scenario  # noqa: E402

TELEGRAF = pathlib.Path(os.environ.get("TALLY_TELEGRAF_DIR", ROOT / ".deps/telegraf")) / "telegraf"
POSTGRES = pathlib.Path("/usr/lib/postgresql/15/bin")
DATABASE = "tally"
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


class Postgres:
    """A cluster of its own, reached by a socket only. It refuses to run as root."""

    def __init__(self, folder, sockets):
        self._data = folder / "postgresql"
        self._sockets = sockets
        self._log = folder / "postgresql.log"
        self._process = None
        self._user = {}
        if os.getuid() == 0:
            owner = pwd.getpwnam("postgres")
            self._user = {"user": owner.pw_uid, "group": owner.pw_gid, "extra_groups": []}
            self._data.mkdir()
            for mine in (self._data, sockets):
                shutil.chown(mine, owner.pw_uid, owner.pw_gid)
        self._run(POSTGRES / "initdb", "--auth=trust", "--username=tally", "--encoding=UTF8",
                  "--locale=C.UTF-8", "--pgdata", self._data)
        self.start()
        self._run(POSTGRES / "createdb", "-h", sockets, "-U", "tally", DATABASE)

    def _run(self, *command):
        with open(self._log, "ab") as log:
            subprocess.run([str(word) for word in command], check=True, stdin=subprocess.DEVNULL,
                           stdout=log, stderr=log, cwd="/", **self._user)

    def start(self):
        with open(self._log, "ab") as log:
            self._process = subprocess.Popen(
                [str(POSTGRES / "postgres"), "-D", str(self._data), "-c", "listen_addresses=",
                 "-c", f"unix_socket_directories={self._sockets}", "-c", "log_statement=none"],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd="/", **self._user)
        await_true(f"PostgreSQL is ready ({self._log})", self.is_ready)

    def is_ready(self):
        return subprocess.run([POSTGRES / "pg_isready", "-q", "-h", self._sockets],
                              check=False).returncode == 0

    def stop(self, number=signal.SIGINT):
        """SIGINT: orderly, at once; SIGQUIT: as in a crash."""
        if self._process.poll() is None:
            self._process.send_signal(number)
        self._process.wait(timeout=WAIT_S)

    def kill_connection(self, pid):
        """The server takes that for a crash: all connections die, and it recovers."""
        crashes = self._crashes()
        os.kill(pid, signal.SIGKILL)
        await_true("the server notices", lambda: self._crashes() > crashes)
        await_true("the database is back", self.is_ready)

    def _crashes(self):
        return self._log.read_text(errors="replace").count("terminated; reinitializing")

    def load(self, *files):
        self.query("CREATE ROLE telegraf LOGIN")
        self._psql(*(word for file in files for word in ("-f", file)))

    def query(self, statement):
        """Rows as dictionaries."""
        if not statement.lstrip().upper().startswith(("SELECT", "WITH", "TABLE")):
            self._psql("-c", statement)
            return []
        as_json = f"SELECT coalesce(json_agg(q), '[]') FROM ({statement}) q"
        return json.loads(self._psql("-A", "-t", "-c", as_json))

    def value(self, statement):
        (row,) = self.query(statement)
        (value,) = row.values()
        return value

    @contextlib.contextmanager
    def hold(self, statement):
        """A transaction that has said this and stays open."""
        session = subprocess.Popen(
            ["psql", "-X", "-q", "-h", str(self._sockets), "-U", "tally", "-d", DATABASE],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        try:
            session.stdin.write(f"BEGIN; {statement}; SELECT 'held';\n")
            session.stdin.flush()
            while "held" not in session.stdout.readline():
                assert session.poll() is None, statement
            yield
        finally:
            session.kill()
            session.communicate()

    def _psql(self, *words):
        done = subprocess.run(
            [str(word) for word in ("psql", "-X", "-q", "-v", "ON_ERROR_STOP=1", "-h",
                                    self._sockets, "-U", "tally", "-d", DATABASE, *words)],
            capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL)
        if done.returncode != 0:
            raise AssertionError(done.stderr)
        return done.stdout


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


MAIN = """
daemon off;
master_process off;
pid {folder}/nginx.pid;
events {{ worker_connections 512; }}
http {{
    access_log off;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    include {folder}/tally.conf;
}}
"""
