#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Uploads and records against agent/schema.cddl, by a validator that is not ours: zcbor.

    validator.py FILE...      upload bodies; says what is wrong with the first that is refused

zcbor builds an object of everything it reads. Only its verdict is wanted here, and its objects
cannot have some of our keys as names of their members ("if", "in"): so they are not built.
What CDDL, or zcbor, cannot refuse is listed in test_schema.py and left to the strict decoders.
"""
import functools
import os
import pathlib
import sys

import cbor2

ROOT = pathlib.Path(__file__).resolve().parents[2]
SCHEMA = ROOT / "agent" / "schema.cddl"
ZCBOR = pathlib.Path(os.environ.get("TALLY_ZCBOR_DIR") or ROOT / ".deps" / "zcbor")
MOST_RECORDS = 1 << 20  # in one upload; more than fit into it

sys.path.append(str(ZCBOR))
try:
    import zcbor
except ImportError as error:
    raise SystemExit(f"validator: {error}; run: make setup") from None


class Refused(AssertionError):
    """The schema has no such thing; says why, as far as zcbor does."""


class Verdict(zcbor.DataTranslator):
    """zcbor's reader of data without what it would build of it."""
    errors = property(lambda self: [], lambda self, _: None)  # of alternatives not taken

    def _add_if(self, *_, **__):
        """Nothing is built."""

    def _construct_obj(self, _):
        return None

    def __repr__(self):
        """In messages, which it makes for each thing that does not fit: the rule, not all of it."""
        return self.base_stem


class Schema:
    def __init__(self, path=SCHEMA):
        text = pathlib.Path(path).read_text(encoding="utf-8")
        self._rules = Verdict.from_cddl(text, MOST_RECORDS).my_types
        self._rule_of_kind = {child.value: name for name, rule in self._rules.items()
                              if rule.type == "MAP" for child in rule.value
                              if child.key.value == "k"}

    def has_record(self, fields):
        """Whether it is one, without a reason."""
        try:
            self._check("record", fields)
        except Refused:
            return False
        return True

    def check_record(self, fields):
        """A record; of one that is refused, what its own kind has against it."""
        try:
            self._check("record", fields)
        except Refused:
            kind = fields.get("k") if isinstance(fields, dict) else None
            self._check(self._rule_of_kind.get(str(kind), "record"), fields)
            raise

    def check_body(self, body):
        """An upload; of one that is refused, the first record that is to blame."""
        try:
            self._check("upload", body)
        except Refused:
            records = body.get("r") if isinstance(body, dict) else None
            for place, record in enumerate(records if isinstance(records, list) else []):
                try:
                    self.check_record(record)
                except Refused as why:
                    raise Refused(f"record {place}: {why}: {record}") from None
            raise

    def check_bytes(self, data):
        self.check_body(cbor2.loads(data))

    def _check(self, rule, value):
        try:
            self._rules[rule].validate_obj(in_bytes(value))
        except zcbor.CddlValidationError as why:
            raise Refused(str(why)[:2000]) from None


def in_bytes(value):
    """The same with a character for each byte of its texts: CDDL's .size counts bytes (RFC 8610
    3.8.1), and zcbor's characters."""
    if isinstance(value, str):
        return value.encode().decode("latin-1")
    if isinstance(value, list):
        return [in_bytes(each) for each in value]
    if isinstance(value, dict):
        return {in_bytes(key): in_bytes(each) for key, each in value.items()}
    return value


@functools.lru_cache(maxsize=1)
def schema():
    """The checked-in one, read once."""
    return Schema()


def main(names):
    for name in names:
        try:
            schema().check_bytes(pathlib.Path(name).read_bytes())
        except Refused as refused:
            print(f"validator: {name}: {refused}", file=sys.stderr)
            return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
