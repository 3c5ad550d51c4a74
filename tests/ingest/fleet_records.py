# SPDX-License-Identifier: Apache-2.0
"""What a bench collector stored, as the uploads it came in: to be landed in another database."""

import contextlib
import itertools
import json
import sqlite3

QUERY = ("SELECT r.upload_id, u.device, u.operator, u.boot, u.registry, u.m, u.t, r.json"
         " FROM records r JOIN uploads u ON u.id = r.upload_id ORDER BY r.upload_id, r.seq")


def uploads(path):
    """(envelope, records) of each upload, as a record's keys have them on the wire."""
    with contextlib.closing(sqlite3.connect(path)) as database:
        for _, rows in itertools.groupby(database.execute(QUERY), key=lambda row: row[0]):
            rows = list(rows)
            envelope = {key: value for key, value in zip("dobvmt", rows[0][1:7])
                        if value is not None}
            yield envelope, [json.loads(row[7]) for row in rows]
