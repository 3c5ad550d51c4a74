# SPDX-License-Identifier: Apache-2.0
"""What the page reads of the collector's database."""

import collections
import contextlib
import json
import pathlib
import sqlite3

Record = collections.namedtuple(
    "Record",
    "id boot seq kind session stream uptime_ms wall_ms wall_quality resends upload_id fields")
RECORD = ("rowid, boot, seq, kind, session, stream, uptime_ms, wall_ms, wall_quality, resends,"
          " upload_id, json")
RECENT_UPLOADS = 12
MOST_BOOTS, MOST_SESSIONS, MOST_EVENTS = 20, 100, 300
MOST_STREAMS = 32  # of a kind in a session
# An index of one column's values with gaps is walked value by value: no table is read through.
DEVICES = """
WITH RECURSIVE found(device) AS (
    SELECT MIN(device) FROM uploads
    UNION ALL
    SELECT (SELECT MIN(device) FROM uploads WHERE device > found.device) FROM found
    WHERE found.device IS NOT NULL
) SELECT device FROM found WHERE device IS NOT NULL
"""
OF_KIND = "device = ?1 AND boot = ?2 AND session = ?3 AND kind = ?4 AND stream IS NOT NULL"
STREAMS = f"""
WITH RECURSIVE found(stream) AS (
    SELECT MAX(stream) FROM records WHERE {OF_KIND}
    UNION ALL
    SELECT (SELECT MAX(stream) FROM records WHERE {OF_KIND} AND stream < found.stream) FROM found
    WHERE found.stream IS NOT NULL LIMIT ?5
) SELECT stream FROM found WHERE stream IS NOT NULL ORDER BY stream
"""


class Tables:
    """A connection that can only read; what is read within snapshot() is of one moment."""

    def __init__(self, path):
        uri = pathlib.Path(path).absolute().as_uri() + "?mode=ro"
        self._db = sqlite3.connect(uri, uri=True, isolation_level=None)
        self._db.row_factory = sqlite3.Row

    def close(self):
        self._db.close()

    @contextlib.contextmanager
    def snapshot(self):
        self._db.execute("BEGIN")
        try:
            yield self
        finally:
            self._db.execute("ROLLBACK")

    def version(self):
        """Another number after every change that anybody else made."""
        return self._db.execute("PRAGMA data_version").fetchone()[0]

    def newest_upload(self):
        return self._db.execute("SELECT COALESCE(MAX(id), 0) FROM uploads").fetchone()[0]

    def uploaders_since(self, upload_id):
        return {row[0] for row in self._db.execute(
            "SELECT DISTINCT device FROM uploads WHERE id > ?", (upload_id,))}

    def devices(self):
        return [row[0] for row in self._db.execute(DEVICES)]

    def uploads(self, device, most=RECENT_UPLOADS):
        """The newest ones, newest first."""
        return self._db.execute(
            "SELECT id, received_ms, operator, boot, registry, m, t, bytes, records, status, reason"
            " FROM uploads WHERE device = ? ORDER BY id DESC LIMIT ?", (device, most)).fetchall()

    def refusals(self, device, most):
        return self._db.execute(
            "SELECT id, received_ms, bytes, status, reason FROM uploads"
            " WHERE device = ? AND status > 299 ORDER BY id DESC LIMIT ?",
            (device, most)).fetchall()

    def refused(self, device):
        return self._db.execute("SELECT COUNT(*) FROM uploads WHERE device = ? AND status > 299",
                                (device,)).fetchone()[0]

    def current_boot(self, device):
        """The boot that ran at its last upload; else, as none did, the one heard of last."""
        ran = "SELECT boot, registry FROM uploads WHERE device = ? AND {} ORDER BY id DESC LIMIT 1"
        return (self._db.execute(ran.format("m IS NOT NULL"), (device,)).fetchone()
                or self._db.execute(ran.format("boot IS NOT NULL"), (device,)).fetchone())

    def boots(self, device, most=MOST_BOOTS):
        """(boot, registry, last upload that it ran at), newest first: a boot that is over sends no
        uptime, and what waited of it may come behind the next."""
        return self._db.execute(
            "SELECT boot, MAX(registry) AS registry,"
            " MAX(CASE WHEN m IS NOT NULL THEN id END) AS running FROM uploads"
            " WHERE device = ? AND boot IS NOT NULL GROUP BY boot"
            " ORDER BY COALESCE(running, 0) DESC, MAX(id) DESC LIMIT ?",
            (device, most)).fetchall()

    def boot_count(self, device):
        return self._db.execute("SELECT COUNT(DISTINCT boot) FROM uploads WHERE device = ?",
                                (device,)).fetchone()[0]

    def stored(self, device, boot):
        """(records of a boot, numbers below its highest that are not there)."""
        count, highest = self._db.execute(
            "SELECT COUNT(*), MAX(seq) FROM records WHERE device = ? AND boot = ?",
            (device, boot)).fetchone()
        return count, 0 if highest is None else highest + 1 - count

    def resends(self, device, boot):
        return self._db.execute(
            "SELECT COALESCE(SUM(resends), 0) FROM records"
            " WHERE device = ? AND boot = ? AND resends > 0", (device, boot)).fetchone()[0]

    def newest(self, device, boot, kinds, session=None):
        """The last record that was made of one of these kinds, in a session or outside of all. Each
        kind is asked for by itself, for then the index has them in order; of several all would be
        read and sorted."""
        found = [record for kind in kinds for record in self._records(
            "device = ? AND boot = ? AND session IS ? AND kind = ? ORDER BY seq DESC LIMIT 1",
            device, boot, session, kind)]
        return max(found, key=lambda record: record.seq, default=None)

    def streams(self, device, boot, session, kind, most=1):
        """Of each stream of this kind its newest records, newest first; the streams themselves by
        their numbers, the highest ones of many."""
        given = (device, boot, session, kind)
        return [self._records("device = ? AND boot = ? AND session = ? AND kind = ? AND stream = ?"
                              " ORDER BY seq DESC LIMIT ?", *given, row["stream"], most)
                for row in self._db.execute(STREAMS, (*given, MOST_STREAMS)).fetchall()]

    def declarations(self, device, boot):
        """The records of a boot that say what is measured, oldest first, sessions' own left out."""
        return self._records("device = ? AND boot = ? AND json_extract(json, '$.c') IS NOT NULL"
                             " AND kind IN ('a', 'b') ORDER BY seq", device, boot)

    def sessions(self, device, boot, most=MOST_SESSIONS):
        """The numbers of a boot's sessions, highest first."""
        return [row[0] for row in self._db.execute(
            "SELECT DISTINCT session FROM records WHERE device = ? AND boot = ?"
            " AND session IS NOT NULL ORDER BY session DESC LIMIT ?", (device, boot, most))]

    def has_session(self, device, boot, session):
        return self._db.execute(
            "SELECT 1 FROM records WHERE device = ? AND boot = ? AND session = ? LIMIT 1",
            (device, boot, session)).fetchone() is not None

    def session_count(self, device, boot):
        return self._db.execute("SELECT COUNT(DISTINCT session) FROM records"
                                " WHERE device = ? AND boot = ?", (device, boot)).fetchone()[0]

    def thinned(self, device, boot, session, kinds, most):
        """(records of these kinds, oldest first, of how many): at most about `most` moments, evenly
        spread, with the first and the last one, and each stream's last. Records of one moment stay
        together."""
        marks = ", ".join("?" * len(kinds))
        what = f"device = ? AND boot = ? AND session IS ? AND kind IN ({marks})"
        given = (device, boot, session, *kinds)
        moments = self._db.execute(
            f"SELECT COUNT(DISTINCT uptime_ms) FROM records WHERE {what}", given).fetchone()[0]
        step = max(1, -(-moments // most))
        records = self._records(
            f"rowid IN (SELECT rowid FROM (SELECT rowid, DENSE_RANK() OVER (ORDER BY uptime_ms)"
            f" AS place, stream IS NOT NULL AND seq = MAX(seq) OVER (PARTITION BY kind, stream)"
            f" AS ends FROM records WHERE {what}) WHERE place % ? = 1 % ? OR place = ? OR ends)"
            " ORDER BY uptime_ms, seq", *given, step, step, moments)
        return records, moments

    def events(self, device, boot, session, most=MOST_EVENTS):
        """The newest ones, oldest first."""
        return self._records("device = ? AND boot = ? AND session IS ? AND kind = 'e'"
                             " ORDER BY seq DESC LIMIT ?", device, boot, session, most)[::-1]

    def latest(self, device, boot, before, most):
        """Records as they arrived, newest first: of a device, or of one boot of it."""
        what, given = "device = ?", [device]
        if boot is not None:
            what, given = f"{what} AND +boot = ?", [*given, boot]  # the order is worth the index
        if before is not None:
            what, given = f"{what} AND rowid < ?", [*given, before]
        return self._records(f"{what} ORDER BY rowid DESC LIMIT ?", *given, most)

    def _records(self, condition, *given):
        rows = self._db.execute(f"SELECT {RECORD} FROM records WHERE {condition}", given)
        return [Record(*row[:-1], json.loads(row["json"])) for row in rows]
