# SPDX-License-Identifier: Apache-2.0
"""What a collector's database says, worked out anew from the bytes of its records.

Nothing here is shared with the page or with the collector: records are decoded by cbor2, and what
follows from them is what SPEC.md says.
"""
import collections
import contextlib
import dataclasses
import sqlite3

import cbor2

TOLD, ZERO, NEVER, UNMEASURED, UNKNOWN = "told", "zero", "never", "unmeasured", "unknown"
SUMS = ("counter", "duration")  # these leave out 0
ENVELOPE = {"k", "q", "u", "w", "s", "c"}


@dataclasses.dataclass(frozen=True)
class Told:
    """What is known of a metric: `value` where it was told, or is 0 because it was left out."""
    state: str
    value: object = None


class Registry:
    """The registry in the words of `tally-decode --registry`."""

    def __init__(self, registry):
        self.metrics = registry["metrics"]
        self.kinds = registry["kinds"]
        self._groups_of = registry["groups_of"]
        self._groups = collections.defaultdict(list)
        for key, about in self.metrics.items():
            self._groups[about["group"]].append(key)

    def kinds_with(self, group):
        return {kind for kind, groups in self._groups_of.items() if group in groups}

    def is_declared(self, capabilities, group, key):
        """Bit n of a group is its n-th metric; metrics.def has them in the order of their keys."""
        bit = sorted(self._groups[group]).index(key)
        return bool(capabilities.get(group, 0) >> bit & 1)

    def all_of(self, groups):
        """A capability set with all metrics of these groups."""
        return {group: (1 << len(self._groups[group])) - 1 for group in groups}


class Database:
    """One reading of a collector's database."""

    def __init__(self, path, registry):
        self._registry = registry
        with contextlib.closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as database:
            self.uploads = database.execute(
                "SELECT id, received_ms, device, status FROM uploads ORDER BY id").fetchall()
            rows = database.execute(
                "SELECT device, boot, seq, resends, bytes FROM records ORDER BY rowid").fetchall()
        self.records = {}
        self.resends = collections.Counter()
        for device, boot, seq, resends, encoded in rows:
            self.records[device, boot, seq] = cbor2.loads(encoded)
            self.resends[device] += resends

    def newest(self, device, boot, kinds, session=None):
        """(seq, record) of the newest one of these kinds, of a session or of the boot as a whole."""
        found = [(seq, record) for (of, life, seq), record in self.records.items()
                 if (of, life) == (device, boot) and record["k"] in kinds
                 and record.get("s") == session]
        return max(found, default=(None, None), key=lambda each: each[0])

    def capabilities(self, device, boot, session=None):
        """What was declared last, None if nothing was yet."""
        kinds = {"s"} if session is not None else {"a", "b"}
        declared = [(seq, record["c"]) for (of, life, seq), record in self.records.items()
                    if (of, life) == (device, boot) and record["k"] in kinds and "c" in record
                    and record.get("s") == session]
        return max(declared, key=lambda each: each[0])[1] if declared else None

    def told(self, device, boot, seq, group, key):
        """What one record says of a metric, in the light of what was declared."""
        record = self.records[device, boot, seq]
        if key in record.get(group, {}):
            return Told(TOLD, record[group][key])
        declared = self.capabilities(device, boot, record.get("s"))
        if declared is None:
            return Told(UNKNOWN)
        if not self._registry.is_declared(declared, group, key):
            return Told(UNMEASURED)
        if self._registry.metrics[key]["kind"] in SUMS:
            return Told(ZERO, 0)
        return Told(NEVER)

    # ---- figures of several rows ------------------------------------------------------------

    def devices(self):
        return {device for _, _, device, status in self.uploads if status == 204}

    def boots(self, device):
        return {boot for of, boot, _ in self.records if of == device}

    def newest_boot(self, device):
        """The boot whose first record was stored last."""
        return list(dict.fromkeys(boot for of, boot, _ in self.records if of == device))[-1]

    def sessions(self, device, boot):
        return {record["s"] for (of, life, _), record in self.records.items()
                if (of, life) == (device, boot) and "s" in record}

    def seen_ms(self, device):
        return max(received for _, received, of, _ in self.uploads if of == device)

    def uploads_refused(self, device):
        return sum(of == device and status >= 400 for _, _, of, status in self.uploads)

    def records_stored(self, device, boot=None):
        return sum(of == device and boot in (None, life) for of, life, _ in self.records)

    def records_missing(self, device, boot):
        """Numbers below the highest that never came."""
        seqs = [seq for of, life, seq in self.records if (of, life) == (device, boot)]
        return max(seqs) + 1 - len(seqs)

    def loss_ppm(self, device, boot, session):
        _, record = self.newest(device, boot, {"r"}, session)
        stream = (record or {}).get("r", {})
        expected = stream.get("rx", 0)
        return round(stream.get("rl", 0) * 1_000_000 / expected) if expected else None

    def values(self, device, boot, seq):
        """{"p.su": 702, ...}: all that a record says beyond its envelope."""
        record = self.records[device, boot, seq]
        return {f"{group}.{key}": value for group, values in record.items()
                if group not in ENVELOPE and isinstance(values, dict)
                for key, value in values.items()}
