# SPDX-License-Identifier: Apache-2.0
"""The body of an upload: a head about the device and the boot, then its records."""

import json
from dataclasses import dataclass
from typing import Optional

import cbor2

from refusal import Refusal
from strict_cbor import (ARRAY, MAP, check_well_formed, forbidden, is_break, read_head, read_text,
                         read_value, strict_head)

HEAD_ORDER = ["v", "d", "o", "b", "m", "t", "r"]
OPTIONAL = {"m", "t"}
BOOT_LIMIT = 1 << 53
SESSION_KINDS = {"s": "a session start", "h": "a heartbeat", "x": "a session end"}
STREAM_KINDS = "rtfjo"
OTHER_KINDS = "abcdehsvx"  # of those that a later version adds nobody knows
STREAM_LIMIT = 1 << 16


class Disagreement(AssertionError):
    """Two independent decoders see different things: the collector itself is wrong."""


@dataclass(frozen=True)
class Record:
    """One record and the very bytes it came in."""
    raw: bytes
    fields: dict

    @property
    def kind(self):
        return self.fields["k"]

    @property
    def seq(self):
        return self.fields["q"]

    @property
    def uptime_ms(self):
        return self.fields["u"]

    @property
    def session(self):
        return self.fields.get("s")

    @property
    def stream(self):
        """The number of its stream in the session; None in a record of no stream."""
        return self.fields["sn"] if self.kind in STREAM_KINDS else None

    @property
    def wall_ms(self):
        return self.fields.get("w")


@dataclass(frozen=True)
class Body:
    """A whole upload."""
    registry: int
    device: str
    operator: str
    boot: int
    uptime_ms: Optional[int]
    unix_ms: Optional[int]
    records: list


def parse(data):
    """The body in `data`; raises Refusal if it breaks any rule."""
    check_well_formed(data)
    head = _read_body(data)
    records = head["r"]
    _check_head(head)
    for place, record in enumerate(records):
        _check_record(record.fields, f"record {place}")
    _check_agreement(data, head)
    return Body(head["v"], head["d"], head["o"], head["b"], head.get("m"), head.get("t"), records)


def _read_body(data):
    body = strict_head(data, 0, "body")
    if body.major != MAP:
        raise forbidden(0, "body", "a map is wanted here")
    head, at = {}, body.next
    for _ in range(body.argument):
        key, value_at = read_text(data, at, "body, a key")
        _check_key(key, head, at)
        read = _read_records if key == "r" else read_value
        head[key], at = read(data, value_at, f"body {key}")
    missing = [key for key in HEAD_ORDER if key not in head and key not in OPTIONAL]
    if missing:
        raise Refusal(422, f"body: {', '.join(missing)} missing")
    return head


def _check_key(key, head, at):
    if key not in HEAD_ORDER:
        raise forbidden(at, "body", f"unknown key {key!r}")
    if head and HEAD_ORDER.index(key) <= HEAD_ORDER.index(list(head)[-1]):
        raise forbidden(at, "body", f"key {key!r} is there twice or out of order")


def _read_records(data, at, where):
    array = read_head(data, at)
    if array.major != ARRAY or not array.indefinite:
        raise forbidden(at, where, "an array of indefinite length is wanted here")
    records, at = [], array.next
    while not is_break(data, at):
        place = f"record {len(records)}"
        fields, end = read_value(data, at, place)
        if not isinstance(fields, dict):
            raise forbidden(at, place, "a map is wanted here")
        records.append(Record(bytes(data[at:end]), fields))
        at = end
    return records, at + 1


def _check_head(head):
    for key in ("v", "b", "m", "t"):
        if key in head:
            _want_count(head[key], f"body {key}")
    if head["b"] >= BOOT_LIMIT:
        raise Refusal(422, "body b: a boot id has 53 bits")
    for key in ("d", "o"):
        if not isinstance(head[key], str) or not head[key]:
            raise Refusal(422, f"body {key}: a text that is not empty is wanted")


def _check_record(fields, where):
    for key in ("k", "q", "u"):
        if key not in fields:
            raise Refusal(422, f"{where}: {key} missing")
    kind = fields["k"]
    if not isinstance(kind, str) or len(kind) != 1:
        raise Refusal(422, f"{where} k: a text of one letter is wanted")
    if kind in SESSION_KINDS and "s" not in fields:
        raise Refusal(422, f"{where}: s missing in {SESSION_KINDS[kind]}")
    for key in ("q", "u", "w", "s"):
        if key in fields:
            _want_count(fields[key], f"{where} {key}")
    _check_stream(fields, where)


def _check_stream(fields, where):
    """Records of one stream are known by its number."""
    kind, number = fields["k"], fields.get("sn")
    if kind in STREAM_KINDS:
        if number is None:
            raise Refusal(422, f"{where}: sn missing in a record of a stream")
        _want_count(number, f"{where} sn", 1)
        if number >= STREAM_LIMIT:
            raise Refusal(422, f"{where} sn: a stream's number has 16 bits")
    elif kind in OTHER_KINDS and number is not None:
        raise Refusal(422, f"{where} sn: a record of kind {kind!r} is of no stream")


def _want_count(value, where, least=0):
    if not isinstance(value, int) or isinstance(value, bool) or value < least:
        raise Refusal(422, f"{where}: an integer from {least} is wanted")


def _check_agreement(data, head):
    """cbor2 has to decode the same values, and to encode every record to the same bytes."""
    theirs = cbor2.loads(data)
    ours = {**head, "r": [record.fields for record in head["r"]]}
    if json.dumps(ours) != json.dumps(theirs):  # as JSON, so that true is not 1
        raise Disagreement("cbor2 decodes this body otherwise")
    for place, record in enumerate(head["r"]):
        if cbor2.dumps(record.fields, canonical=True) != record.raw:
            raise Disagreement(f"cbor2 encodes record {place} otherwise")
