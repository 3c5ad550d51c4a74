# SPDX-License-Identifier: Apache-2.0
"""Every record once, in SQLite, with the bytes it came in.

One upload is one transaction: it is stored as a whole or leaves nothing but a
line in `uploads` that says why it was refused.
"""

import json
import sqlite3

from refusal import Refusal

SCHEMA = """
CREATE TABLE IF NOT EXISTS uploads(
    id INTEGER PRIMARY KEY,
    received_ms INTEGER NOT NULL,
    device TEXT NOT NULL,      -- by its certificate
    operator TEXT,             -- this and all up to t: only of an accepted body
    boot INTEGER,
    registry INTEGER,
    m INTEGER,                 -- the device's uptime when it sent
    t INTEGER,                 -- its wall time then
    bytes INTEGER NOT NULL,
    records INTEGER NOT NULL,
    status INTEGER NOT NULL,   -- the HTTP status of the answer
    reason TEXT,               -- of a refusal
    body BLOB                  -- of an accepted body, as it came
);
CREATE TABLE IF NOT EXISTS records(
    device TEXT NOT NULL,
    boot INTEGER NOT NULL,
    seq INTEGER NOT NULL,
    kind TEXT NOT NULL,
    session INTEGER,
    stream INTEGER,            -- its number in the session
    uptime_ms INTEGER NOT NULL,
    wall_ms INTEGER,
    wall_quality TEXT NOT NULL CHECK (wall_quality IN ('device', 'upload', 'clock', 'unknown')),
    bytes BLOB NOT NULL,
    json TEXT NOT NULL,
    resends INTEGER NOT NULL DEFAULT 0,
    upload_id INTEGER NOT NULL REFERENCES uploads(id),
    PRIMARY KEY (device, boot, seq)
);
-- Of the page, which asks for the newest of each device.
CREATE INDEX IF NOT EXISTS uploads_of_device ON uploads(device, id, status, boot, m, registry);
CREATE INDEX IF NOT EXISTS records_of_session ON records(device, boot, session, kind, seq);
CREATE INDEX IF NOT EXISTS records_of_stream ON records(device, boot, session, kind, stream, seq)
    WHERE stream IS NOT NULL;
CREATE INDEX IF NOT EXISTS records_arrived ON records(device);
CREATE INDEX IF NOT EXISTS records_resent ON records(device, boot, resends) WHERE resends > 0;
CREATE INDEX IF NOT EXISTS records_declaring ON records(device, boot, seq)
    WHERE json_extract(json, '$.c') IS NOT NULL;
-- Of the store itself: what a later upload may date, or date better.
CREATE INDEX IF NOT EXISTS records_undated ON records(device, boot)
    WHERE wall_quality IN ('unknown', 'clock');
"""

FORMAT = 2  # of these tables; 1 had no streams, and said nothing of itself
CLOCK_KIND = "c"
CLOCK_OFF_MS = 2000  # further away a device makes another clock record (SPEC.md, "Record")
BUSY_S = 1.0  # how long somebody else may be writing; nothing else is answered meanwhile


class OtherFormat(Exception):
    """A database that another version of the collector made."""


class Store:
    """The database of one collector. OtherFormat, sqlite3.Error."""

    def __init__(self, path):
        self._db = sqlite3.connect(path, timeout=BUSY_S)
        try:
            self._check_format(path)
        except (OtherFormat, sqlite3.Error):
            self._db.close()
            raise
        self._db.execute("PRAGMA journal_mode = WAL")  # others read while the collector writes
        self._db.execute("PRAGMA synchronous = FULL")  # what is acknowledged outlives a power cut
        self._db.executescript(SCHEMA)

    def _check_format(self, path):
        found, = self._db.execute("PRAGMA user_version").fetchone()
        tables, = self._db.execute("SELECT count(*) FROM sqlite_master").fetchone()
        if tables > 0 and found != FORMAT:
            raise OtherFormat(f"{path} was made by another version of the collector: move it away")
        self._db.execute(f"PRAGMA user_version = {FORMAT}")

    def close(self):
        self._db.close()

    def accept(self, body, received_ms, data):
        """Stores the records of `body`, which came as `data`; returns those not seen before."""
        with self._db:
            upload_id = self._db.execute(
                "INSERT INTO uploads(received_ms, device, operator, boot, registry, m, t,"
                " bytes, records, body, status) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 204)",
                (received_ms, body.device, body.operator, body.boot, body.registry,
                 body.uptime_ms, body.unix_ms, len(data), len(body.records), data)).lastrowid
            fresh = [record for record in body.records
                     if not self._is_resent(body, record, upload_id)]
            self._date_by_clock(body)
        return fresh

    def refuse(self, device, received_ms, size, refusal):
        with self._db:
            self._db.execute(
                "INSERT INTO uploads(received_ms, device, bytes, records, status, reason)"
                " VALUES (?, ?, ?, 0, ?, ?)",
                (received_ms, device, size, refusal.status, refusal.reason))

    def _is_resent(self, body, record, upload_id):
        """Counts a resend, or inserts what was not there."""
        key = (body.device, body.boot, record.seq)
        stored = self._db.execute(
            "SELECT bytes FROM records WHERE device = ? AND boot = ? AND seq = ?", key).fetchone()
        if stored is None:
            self._insert(key, body, record, upload_id)
            return False
        if stored[0] != record.raw:
            raise Refusal(409, f"boot {body.boot} seq {record.seq} was sent before"
                               " with other bytes")
        self._db.execute("UPDATE records SET resends = resends + 1"
                         " WHERE device = ? AND boot = ? AND seq = ?", key)
        self._db.execute("UPDATE records SET wall_ms = ?1, wall_quality = ?2 WHERE ?1 IS NOT NULL"
                         " AND device = ?3 AND boot = ?4 AND seq = ?5"
                         " AND wall_quality IN ('unknown', 'clock')", (*wall_time(body, record), *key))
        return True

    def _insert(self, key, body, record, upload_id):
        self._db.execute(
            "INSERT INTO records(device, boot, seq, kind, session, stream, uptime_ms, wall_ms,"
            " wall_quality, bytes, json, upload_id) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (*key, record.kind, record.session, record.stream, record.uptime_ms,
             *wall_time(body, record), record.raw,
             json.dumps(record.fields, ensure_ascii=False), upload_id))

    def _date_by_clock(self, body):
        """By the boot's newest clock record, whichever came first: what nothing better dates, and what
        was made before it by a clock that it says was wrong."""
        boot = (body.device, body.boot)
        clock = self._db.execute(
            "SELECT wall_ms - uptime_ms, seq FROM records WHERE device = ? AND boot = ?"
            " AND session IS NULL AND kind = ? AND wall_quality = 'device'"
            " ORDER BY seq DESC LIMIT 1", (*boot, CLOCK_KIND)).fetchone()
        if clock is None:
            return
        date = ("UPDATE records SET wall_ms = uptime_ms + ?1, wall_quality = 'clock'"
                " WHERE device = ?3 AND boot = ?4 AND ")
        self._db.execute(date + "wall_quality IN ('unknown', 'clock')"
                                " AND wall_ms IS NOT uptime_ms + ?1", (*clock, *boot))
        self._db.execute(date + "seq < ?2 AND wall_quality IN ('device', 'upload')"
                                f" AND abs(wall_ms - uptime_ms - ?1) > {CLOCK_OFF_MS}",
                         (*clock, *boot))


def wall_time(body, record):
    """(unix ms, how it is known) as far as this upload alone can tell."""
    if record.wall_ms is not None:
        return record.wall_ms, "device"
    if body.uptime_ms is not None and body.unix_ms is not None:
        return body.unix_ms - (body.uptime_ms - record.uptime_ms), "upload"
    return None, "unknown"
