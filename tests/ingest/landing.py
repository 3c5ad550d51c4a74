# SPDX-License-Identifier: Apache-2.0
"""Records as Telegraf lands them in PostgreSQL: for tests that need no Telegraf."""

import io
import json

ENVELOPE = {"d": "device", "o": "operator", "b": "boot", "v": "registry", "m": "sent_uptime_ms",
            "t": "sent_wall_ms"}
OWN = {"k": "kind", "q": "seq", "u": "uptime_ms", "w": "wall_ms", "s": "session",
       "sn": "stream_number"}
ARRAYS = ("LEVEL", "HISTOGRAM")


class Landing:
    """Of one database: the names are those of its registry."""

    def __init__(self, connection):
        self._connection = connection
        self._metrics = {key: rest for key, *rest in self._all(
            "SELECT key, name, kind, role, unit FROM tally.metrics")}
        self._lists = {(name, value): word for name, value, word in self._all(
            "SELECT list, value, name FROM tally.lists")}
        self._groups = dict(self._all("SELECT DISTINCT letter, group_name FROM tally.metrics"))

    def _all(self, query):
        with self._connection.cursor() as cursor:
            cursor.execute(query)
            return cursor.fetchall()

    def row(self, envelope, record):
        """(tags, fields) of a record, both by their keys on the wire."""
        tags, fields = {}, {}
        for keys, source in ((ENVELOPE, envelope), (OWN, record)):
            fields.update({keys[key]: value for key, value in source.items() if key in keys})
        for letter, bits in record.get("c", {}).items():
            fields[f"declared_{self._groups[letter]}"] = bits
        for group in record.values():
            if isinstance(group, dict) and group is not record.get("c"):
                for key, value in group.items():
                    self._put(tags, fields, key, value)
        tags["operator"] = fields.pop("operator")
        return tags, fields

    def _put(self, tags, fields, key, value):
        name, kind, role, unit = self._metrics[key]
        if role == "TAG":
            word = self._lists.get((unit, value), value) if kind == "ENUM" else value
            tags[name] = str(word)
        else:
            fields[name] = json.dumps(value).replace(" ", "") if kind in ARRAYS else value

    def copy(self, rows):
        """Lands rows of (tags, fields) in one COPY."""
        lines = "".join(f"epoch\t{text(tags)}\t{text(fields)}\n" for tags, fields in rows)
        with self._connection.cursor() as cursor:
            cursor.copy_expert("COPY tally.landing FROM STDIN", io.StringIO(lines))


def text(value):
    """JSON as COPY's text format wants it."""
    return json.dumps(value, ensure_ascii=False).replace("\\", "\\\\")
