# SPDX-License-Identifier: Apache-2.0
"""Tests of the database alone: one cluster a run, one empty database with all its views a test."""

import atexit
import functools
import itertools
import os
import pathlib
import shutil
import signal
import subprocess
import tempfile
import unittest

import psycopg2

import engines
from landing import Landing

PROGRAMS = pathlib.Path(os.environ.get("TALLY_PROGRAMS", engines.ROOT / "build" / "linux"))
SQL = engines.HERE / "sql"
QUICK = ("fsync", "synchronous_commit", "full_page_writes")  # a test's database may die with it
W = 1_800_000_000_000  # unix ms at which a boot begins: a full hour
numbers = itertools.count(1)


def record(seq, kind="a", uptime_ms=None, **rest):
    """A record by its keys on the wire; a second a record unless told otherwise."""
    return {"k": kind, "q": seq, "u": seq * 1000 if uptime_ms is None else uptime_ms, **rest}


def registry_sql(folder):
    """registry.sql as tally-schema makes it."""
    path = folder / "registry.sql"
    with open(path, "wb") as out:
        subprocess.run([PROGRAMS / "tally-schema", "sql"], check=True, stdout=out)
    return path


@functools.cache
def cluster():
    """(PostgreSQL, the folder of its socket); database `tally` is the model of all others."""
    folder = pathlib.Path(tempfile.mkdtemp(prefix="tally-sql-"))
    folder.chmod(0o777)
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    postgres = engines.Postgres(folder, folder)
    atexit.register(postgres.stop, signal.SIGQUIT)
    for name in QUICK:
        postgres.query(f"ALTER SYSTEM SET {name} = off")
    postgres.query("ALTER SYSTEM SET timezone = 'UTC'")
    postgres.query("DO 'BEGIN PERFORM pg_reload_conf(); END'")
    postgres.load(SQL / "schema.sql", registry_sql(folder), SQL / "views.sql")
    return postgres, folder


def connect(name, user="tally"):
    connection = psycopg2.connect(host=str(cluster()[1]), user=user, dbname=name)
    connection.autocommit = True
    return connection


def new_database():
    name = f"test{next(numbers)}"
    connection = connect("postgres")
    with connection.cursor() as cursor:
        cursor.execute(f"CREATE DATABASE {name} TEMPLATE {engines.DATABASE}")
    connection.close()
    return name


class SqlCase(unittest.TestCase):
    maxDiff = None

    def setUp(self):
        self.name = new_database()
        self.connection = connect(self.name)
        self.addCleanup(self.connection.close)
        self.landing = Landing(self.connection)

    def rows(self, query, *values):
        with self.connection.cursor() as cursor:
            cursor.execute(query, values or None)
            return cursor.fetchall() if cursor.description else []

    def dictionaries(self, statement):
        with self.connection.cursor() as cursor:
            cursor.execute(statement)
            names = [column.name for column in cursor.description]
            return [dict(zip(names, row)) for row in cursor.fetchall()]

    def row(self, query, *values):
        (row,) = self.rows(query, *values)
        return row

    def value(self, query, *values):
        (value,) = self.row(query, *values)
        return value

    def land(self, *told, **envelope):
        """Records of one upload, in one COPY."""
        head = {"d": "stb-1", "o": "operator-1", "b": 1, "v": 5, **envelope}
        self.landing.copy([self.landing.row(head, record) for record in told])
