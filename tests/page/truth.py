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
NONE = "none"  # there is no record that could tell
SUMS = ("counter", "duration")  # these leave out 0
# The state that an event leaves a session in.
AFTER = {"first_frame": "playing", "stall_begin": "stalled", "stall_end": "playing"}
FAILURES = ("an", "at", "af", "ar", "u0")
ENVELOPE = {"k", "q", "u", "w", "s", "c"}


@dataclasses.dataclass(frozen=True)
class Told:
    """What is known of a metric: `value` where it was told, or is 0 because it was left out."""
    state: str
    value: object = None


class Registry:
    """The registry in the words of `tally-decode --registry`."""

    def __init__(self, registry):
        self.told = registry
        self.version = registry["version"]
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
                "SELECT id, received_ms, device, status, boot, registry FROM uploads"
                " ORDER BY id").fetchall()
            rows = database.execute(
                "SELECT device, boot, seq, resends, bytes FROM records ORDER BY rowid").fetchall()
        self.records = {}
        self._of_boot = collections.defaultdict(dict)
        self.resends = collections.Counter()
        for device, boot, seq, resends, encoded in rows:
            record = cbor2.loads(encoded)
            self.records[device, boot, seq] = self._of_boot[device, boot][seq] = record
            self.resends[device, boot] += resends

    def newest(self, device, boot, kinds, session=None):
        """(seq, record) of the newest one of these kinds, of a session or of the boot as a whole."""
        found = [(seq, record) for seq, record in self._of_boot[device, boot].items()
                 if record["k"] in kinds and record.get("s") == session]
        return max(found, default=(None, None), key=lambda each: each[0])

    def capabilities(self, device, boot, session=None):
        """What was declared last, None if nothing was yet."""
        kinds = {"s"} if session is not None else {"a", "b"}
        declared = [(seq, record["c"]) for seq, record in self._of_boot[device, boot].items()
                    if record["k"] in kinds and "c" in record and record.get("s") == session]
        return max(declared, key=lambda each: each[0])[1] if declared else None

    def told(self, device, boot, seq, group, key):
        """What one record says of a metric, in the light of what was declared."""
        record = self.records[device, boot, seq]
        if key in record.get(group, {}):
            return Told(TOLD, record[group][key])
        declared = self.capabilities(device, boot, record.get("s"))
        # Which bit is whose is known of this registry only.
        if declared is None or self._registry_of(device, boot) != self._registry.version:
            return Told(UNKNOWN)
        if not self._registry.is_declared(declared, group, key):
            return Told(UNMEASURED)
        if self._registry.metrics[key]["kind"] in SUMS:
            return Told(ZERO, 0)
        return Told(NEVER)

    def _registry_of(self, device, boot):
        return max(registry for _, _, of, _, life, registry in self.uploads
                   if (of, life) == (device, boot))

    # ---- figures of several rows ------------------------------------------------------------

    def devices(self):
        return {upload[2] for upload in self.uploads}

    def boots(self, device):
        """In the order in which their first records were stored."""
        return [boot for of, boot in self._of_boot if of == device]

    def newest_boot(self, device):
        return self.boots(device)[-1]

    def sessions(self, device, boot):
        return {record["s"] for record in self._of_boot[device, boot].values() if "s" in record}

    def seen_ms(self, device):
        return max(received for _, received, of, *_ in self.uploads if of == device)

    def uploads_refused(self, device):
        return sum(of == device and status >= 400 for _, _, of, status, *_ in self.uploads)

    def records_stored(self, device, boot):
        return len(self._of_boot[device, boot])

    def records_missing(self, device, boot):
        """Numbers below the highest that never came."""
        return max(self._of_boot[device, boot]) + 1 - len(self._of_boot[device, boot])

    def streams(self, device, boot, session, kind):
        """What was said of each stream of a session, by its number, as it was made."""
        found = collections.defaultdict(list)
        for record in self.of_session(device, boot, session):
            if record["k"] == kind:
                found[record["sn"]].append(record)
        return found

    def loss_ppm(self, device, boot, session):
        """Lost of those expected, in the last words on the session's RTP streams and tracks."""
        rtp, tracks = ([said[-1].get(kind, {}) for said in
                        self.streams(device, boot, session, kind).values()] for kind in "rj")
        lost = sum(told.get("rl", 0) for told in rtp) + sum(told.get("jl", 0) for told in tracks)
        expected = sum(told.get("rx", 0) for told in rtp) + sum(
            told.get("jp", 0) + told.get("jl", 0) for told in tracks)
        return round(lost * 1_000_000 / expected) if expected > 0 else None

    def received_kbps(self, device, boot, session):
        """Payload between the last two words on each RTP stream, per time between them: of those
        that were heard of with the last heartbeat."""
        beat, _ = self.newest(device, boot, {"h"}, session)
        rates = []
        for said in self.streams(device, boot, session, "r").values():
            if len(said) > 1 and said[-1]["q"] > (beat or 0) and said[-1]["u"] > said[-2]["u"]:
                added = said[-1]["r"].get("ry", 0) - said[-2]["r"].get("ry", 0)
                rates.append(8 * added / (said[-1]["u"] - said[-2]["u"]))
        return sum(rates) if rates else None

    def uploads_failed(self, device, boot):
        """As the agent has it in its newest word on itself; None before that."""
        _, record = self.newest(device, boot, {"a"})
        return sum(record["a"].get(key, 0) for key in FAILURES) if record else None

    def state(self, device, boot, session):
        """What a session is in by its end, else by its newest heartbeat or what happened since."""
        seq, record = self.newest(device, boot, {"h", "x"}, session)
        if record and record["k"] == "x":
            return self.named("se", record["p"]["se"])
        if boot != self.newest_boot(device):
            return "cut"
        event = self.newest(device, boot, {"e"}, session)
        changes = [(at, AFTER[self.named("et", told["e"]["et"])])
                   for at, told in [event] if told and at > (seq or 0)
                   and self.named("et", told["e"]["et"]) in AFTER]
        return changes[0][1] if changes else self.named("se", record["p"]["se"])

    def named(self, key, value):
        return self._registry.metrics[key]["values"][str(value)]

    def of_session(self, device, boot, session):
        """A session's records, or those outside of all, as they were made."""
        return [record for _, record in sorted(self._of_boot[device, boot].items())
                if record.get("s") == session]

    def stalls(self, device, boot, session):
        """[(begin, end)] by the events, in ms of uptime."""
        edges = [(record["u"], self.named("et", record["e"]["et"]))
                 for record in self.of_session(device, boot, session) if record["k"] == "e"]
        begins, ends = ([at for at, what in edges if what == name]
                        for name in ("stall_begin", "stall_end"))
        return list(zip(begins, ends))

    def values(self, device, boot, seq):
        """{"p.su": 702, ...}: all that a record says beyond its envelope."""
        record = self.records[device, boot, seq]
        return {f"{group}.{key}": value for group, values in record.items()
                if group not in ENVELOPE and isinstance(values, dict)
                for key, value in values.items()}
