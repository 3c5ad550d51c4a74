# SPDX-License-Identifier: Apache-2.0
"""What must hold for one box between two fresh flashes, however often its power went.

It is judged by what lay in the flash after each kill, as tally-spool read it, by what the server
has, and by what was done to the box. What the agent says of itself counts in one place: a number
that is missing may be told of by its own counters of drops.
"""
import dataclasses
import json
from typing import Optional

URGENT_KINDS = set("bcsx")
# Events of kind e that agent/SPEC.md, "Record", calls urgent: errors and stalls. The others of
# enum tally_event_type are routine.
DROP_COUNTERS = ("ad", "ud")


@dataclasses.dataclass(frozen=True)
class Record:
    """As it lay in the flash."""
    boot: int
    seq: int
    kind: str
    is_urgent: bool
    data: bytes

    @property
    def key(self):
        return self.boot, self.seq


@dataclasses.dataclass
class Start:
    """The power came, and went. What the campaign knows of it."""
    number: int
    ended: str = ""          # in which phase the power went
    ends_told: int = 0       # how many streams said goodbye before that
    boot: Optional[int] = None  # as what it is known; None: it left nothing
    had_to_begin: bool = False  # it had the time for a first record


@dataclasses.dataclass(frozen=True)
class Look:
    """The flash after a kill: all sound records in it, the keys of those that wait, and the boots
    that began to write urgent ones."""
    records: tuple
    waiting: tuple
    begun: frozenset = frozenset()


@dataclasses.dataclass(frozen=True)
class Row:
    """Of the server's table of records."""
    boot: int
    seq: int
    kind: str
    data: bytes
    fields: dict

    @property
    def key(self):
        return self.boot, self.seq


@dataclasses.dataclass(frozen=True)
class Upload:
    """That the server answered: its status and, if it was accepted, its records as they came."""
    boot: Optional[int]
    status: int
    reason: Optional[str]
    records: tuple  # of (seq, bytes)


@dataclasses.dataclass(frozen=True)
class Violation:
    rule: str
    what: str

    def __str__(self):
        return f"{self.rule}: {self.what}"


@dataclasses.dataclass
class Life:
    """All that happened to a box since its flash was made, with what the flash had in it then: what
    did not wait any more is none of this life's."""
    starts: list
    looks: list
    rows: list
    uploads: list

    def __post_init__(self):
        looks, self.looks, self.durable, self.earlier = self.looks, [], {}, frozenset()
        for look in looks:
            self.add(look)

    def add(self, look):
        """The next look; all records of all of them are `durable`, by key."""
        if not self.looks:
            self.earlier = frozenset(record.key for record in look.records) - set(look.waiting)
        self.looks.append(look)
        for record in look.records:
            if record.key not in self.earlier:
                self.durable.setdefault(record.key, record)

    @property
    def stored(self):
        return {row.key: row for row in self.rows}

    @property
    def waiting(self):
        return set(self.looks[-1].waiting) if self.looks else set()

    def boots(self):
        """All that left anything in the flash or with the server."""
        return ({key[0] for key in self.stored.keys() | self.durable.keys()}
                | set().union(*(look.begun for look in self.looks)))

    def is_urgent(self, row):
        """None where nobody knows."""
        if row.key in self.durable:
            return self.durable[row.key].is_urgent
        return None if row.kind == "e" else row.kind in URGENT_KINDS

    def urgent_boots(self):
        """Boots that had something urgent in the flash, if only the checkpoint before it."""
        return (set().union(*(look.begun for look in self.looks))
                | {record.boot for record in self.durable.values() if record.is_urgent}
                | {row.boot for row in self.rows if self.is_urgent(row)})


def judge(life, is_settled=True):
    """All violations. `is_settled`: the box has delivered whatever was there before its last
    start."""
    rules = [lost, changed, twice, invented, out_of_order, gaps, refused, starts, ends, chain]
    found = [violation for rule in rules for violation in rule(life)]
    return found + (list(undelivered(life)) + list(unended(life)) if is_settled else [])


# ---- records ----------------------------------------------------------------------------------

def lost(life):
    """A record that was durable is with the server, or still waits."""
    for key in sorted(life.durable.keys() - life.stored.keys() - life.waiting):
        yield Violation("lost", f"{shown(key)}, kind {life.durable[key].kind}")


def undelivered(life):
    last = life.starts[-1].boot
    for key in sorted(life.waiting - life.stored.keys()):
        if key[0] != last:
            yield Violation("undelivered", f"{shown(key)} waits after a settle")


def changed(life):
    """Whatever was seen of a record, and as often as it was, is the same to the byte."""
    first = {key: record.data for key, record in life.durable.items()}
    for look in life.looks:
        for record in look.records:
            if first.get(record.key, record.data) != record.data:
                yield Violation("changed", f"{shown(record.key)} in the flash")
    for row in life.rows:
        if first.setdefault(row.key, row.data) != row.data:
            yield Violation("changed", f"{shown(row.key)} as stored")
    for upload in accepted(life):
        for seq, data in upload.records:
            if first.setdefault((upload.boot, seq), data) != data:
                yield Violation("changed", f"{shown((upload.boot, seq))} in an upload")


def twice(life):
    seen = set()
    for row in life.rows:
        if row.key in seen:
            yield Violation("stored twice", shown(row.key))
        seen.add(row.key)


def invented(life):
    """What the server has is what came, and it has all that it accepted."""
    accepted_keys = came(life)
    for key in sorted(life.stored.keys() - accepted_keys):
        yield Violation("invented", f"{shown(key)} is stored and was in no upload")
    for key in sorted(accepted_keys - life.stored.keys()):
        yield Violation("forgotten", f"{shown(key)} was accepted and is not stored")


def out_of_order(life):
    """Within a class records arrive in the order they were made, boots included."""
    order = {start.boot: start.number for start in life.starts}
    rows = life.stored
    newest = {}
    seen = set()
    for upload in accepted(life):
        for seq, _ in upload.records:
            key = (upload.boot, seq)
            if key in seen or key not in rows or upload.boot not in order:
                continue
            seen.add(key)
            is_urgent = life.is_urgent(rows[key])
            place = (order[upload.boot], seq)
            if is_urgent is not None:
                if place < newest.get(is_urgent, place):
                    yield Violation("out of order", f"{shown(key)} came late")
                newest[is_urgent] = max(place, newest.get(is_urgent, place))


def gaps(life):
    """Numbers are missing only where the boot's own counters say so, or at its end."""
    known = {}
    for boot, seq in life.durable.keys() | life.stored.keys() | life.earlier:
        known.setdefault(boot, set()).add(seq)
    for start in life.starts:
        seqs = known.get(start.boot, set())
        missing = sorted(set(range(max(seqs, default=-1) + 1)) - seqs)
        told = drops(life, start.boot)
        if len(missing) > told:
            yield Violation("gap", f"boot {start.boot:014x} lacks {missing}; it told of {told}")


def drops(life, boot):
    told = [row.fields.get("a", {}) for row in sorted(life.rows, key=lambda row: row.seq)
            if row.boot == boot and row.kind == "a"]
    return sum(told[-1].get(key, 0) for key in DROP_COUNTERS) if told else 0


def refused(life):
    for upload in life.uploads:
        if upload.status != 204:
            yield Violation("refused", f"an upload, {upload.status}: {upload.reason}")


# ---- boots and sessions -----------------------------------------------------------------------

def starts(life):
    known = {start.boot for start in life.starts}
    for boot in sorted(life.boots() - known):
        yield Violation("unknown boot", f"{boot:014x}")
    for start in life.starts:
        if start.ended == "itself":
            yield Violation("boot failed", f"start {start.number} ended by itself")
        elif start.had_to_begin and start.boot is None:
            yield Violation("boot failed", f"start {start.number} came to no first record")


def ends(life):
    """A session has an end record only if its stream said that it ended; at most one."""
    for start in life.starts:
        rows = [row for row in life.rows if row.boot == start.boot]
        told = [row.fields.get("s") for row in rows if row.kind == "x"]
        if len(told) > start.ends_told:
            yield Violation("made-up end", f"boot {start.boot:014x}, sessions {told}; "
                                           f"{start.ends_told} streams said that they ended")
        began = {row.fields.get("s") for row in rows if row.kind == "s"}
        for session in sorted({row.fields["s"] for row in rows if row.kind in "hx"} - began):
            yield Violation("session without start", f"boot {start.boot:014x}, {session}")


def chain(life):
    """A boot record ends the sessions of the boot before: it names that one, whichever last had
    something urgent in the flash. The counts of boots rise."""
    urgent = life.urgent_boots()
    before, count = None, 0
    for start in life.starts:
        told = [row for row in life.rows if row.boot == start.boot and row.kind == "b"]
        for row in told:
            fields = row.fields["b"]
            if fields.get("bb") != before:
                yield Violation("wrong boot before", f"{shown(row.key)} names "
                                f"{name(fields.get('bb'))}, not {name(before)}")
            if "bc" in fields:
                if not count < fields["bc"]:
                    yield Violation("boots miscounted", f"{shown(row.key)}: {fields['bc']}")
                count = fields["bc"]
        if start.boot in urgent:
            before = start.boot


def unended(life):
    """Behind a session that the power cut comes a boot record, and its last heartbeat stands."""
    order = {start.boot: start.number for start in life.starts}
    last = max((order.get(row.boot, 0) for row in life.rows if row.kind == "b"), default=0)
    for boot, session, _ in cut_sessions(life):
        if last <= order.get(boot, 0) < life.starts[-1].number:
            yield Violation("unended", f"session {session} of boot {boot:014x}")


def cut_sessions(life):
    """Of sessions that the power ended: (boot, session, its last heartbeat's uptime or None)."""
    ended = {(row.boot, row.fields.get("s")) for row in life.rows if row.kind == "x"}
    beats = {}
    for row in life.rows:
        if row.kind == "h":
            key = (row.boot, row.fields["s"])
            beats[key] = max(beats.get(key, 0), row.fields["u"])
    return [(row.boot, row.fields["s"], beats.get((row.boot, row.fields["s"])))
            for row in life.rows
            if row.kind == "s" and (row.boot, row.fields["s"]) not in ended]


# ---- words ------------------------------------------------------------------------------------

def accepted(life):
    return (upload for upload in life.uploads if upload.status == 204)


def came(life):
    """The keys of all records that the server said it has."""
    return {(upload.boot, seq) for upload in accepted(life) for seq, _ in upload.records}


def shown(key):
    return f"boot {key[0]:014x} record {key[1]}"


def name(boot):
    return "none" if boot is None else f"{boot:014x}"


def row_of(boot, seq, kind, data, text):
    return Row(boot, seq, kind, data, json.loads(text))
