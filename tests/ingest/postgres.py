# SPDX-License-Identifier: Apache-2.0
"""A PostgreSQL of one's own: a private folder, a Unix socket in it, no network, gone afterwards."""

import glob
import os
import pwd
import shutil
import subprocess
import tempfile

import psycopg2

SQL = os.path.join(os.path.dirname(os.path.abspath(__file__)), "sql")
USER = "postgres"  # who the server runs as if this is root: it refuses to run as root
QUIET = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}


def programs():
    """Debian keeps the server's programs out of the way, a folder a version."""
    folders = glob.glob("/usr/lib/postgresql/*/bin")
    if not folders:
        raise FileNotFoundError("PostgreSQL is not installed: its server is in /usr/lib/postgresql")
    return max(folders, key=lambda folder: int(folder.split(os.sep)[-2]))


class Postgres:
    """One server; databases in it are made from the SQL next door."""

    def __init__(self, schema_tool, settings=None):
        self._schema_tool = schema_tool
        self._settings = QUIET if settings is None else settings
        self._bin = programs()
        self._user = USER if os.getuid() == 0 else pwd.getpwuid(os.getuid()).pw_name
        self.folder = tempfile.mkdtemp(prefix="tally-pg-")
        if os.getuid() == 0:
            shutil.chown(self.folder, USER)
        self._data = os.path.join(self.folder, "data")
        self._count = 0
        self._run("initdb", "-D", self._data, "-U", "owner", "-A", "trust", "-E", "UTF8",
                  "--locale=C.UTF-8", "--no-sync")
        self.start()
        self.connect("postgres").cursor().execute("CREATE ROLE telegraf LOGIN")

    def start(self):
        settings = [f"-c {name}={value}" for name, value in self._settings.items()]
        self._run("pg_ctl", "-D", self._data, "-w", "-t", "300", "-l",
                  os.path.join(self.folder, "log"), "-o",
                  f"-c listen_addresses= -k {self.folder} {' '.join(settings)}", "start")

    def halt(self, mode="fast"):
        """Until start(); "immediate" is a crash, after which it recovers."""
        self._run("pg_ctl", "-D", self._data, "-m", mode, "stop")

    def _run(self, program, *arguments):
        command = [os.path.join(self._bin, program), *arguments]
        done = subprocess.run(command, cwd=self.folder, check=False, text=True,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                              stdin=subprocess.DEVNULL,
                              **({"user": self._user} if os.getuid() == 0 else {}))
        if done.returncode != 0:
            raise RuntimeError(f"{program}: {done.stdout}")

    def address(self, database):
        return {"host": self.folder, "user": "owner", "dbname": database}

    def database(self):
        """A new one with schema and views, as an open connection."""
        self._count += 1
        name = f"tally{self._count}"
        self.connect("postgres").cursor().execute(f"CREATE DATABASE {name}")
        connection = self.connect(name)
        with connection.cursor() as cursor:
            for text in self._sql():
                cursor.execute(text)
        return connection

    def connect(self, database):
        connection = psycopg2.connect(**self.address(database), options="-c timezone=UTC")
        connection.autocommit = True
        return connection

    def _sql(self):
        made = subprocess.run([self._schema_tool, "sql"], check=True, text=True,
                              stdout=subprocess.PIPE).stdout
        yield read("schema.sql")
        yield made
        yield read("views.sql")

    def stop(self):
        self.halt("immediate")
        shutil.rmtree(self.folder, ignore_errors=True)


def read(name):
    with open(os.path.join(SQL, name), encoding="utf-8") as source:
        return source.read()
