# SPDX-License-Identifier: Apache-2.0
"""Values that a metric may and may not have, and records made of them.

What a kind of metric is on the wire is said here a second time, in Python and by hand, so that a
mistake in the schema's generator does not excuse itself.
"""
import pathlib
import re

HEADER = pathlib.Path(__file__).resolve().parents[2] / "agent" / "include" / "tally" / "metrics.h"
VERSION = int(re.search(r"TALLY_REGISTRY_VERSION (\d+)", HEADER.read_text(encoding="utf-8"))[1])
SESSION_KINDS = "efhjorstx"
STREAM_KINDS = "fjort"
CAPABLE_KINDS = "abs"
LIMIT = 1 << 53
TEXT_BYTES = 1023
WRONG_TYPES = (None, 1.5, b"\x01", True, {}, [], [[1]])


def good_values(metric):
    """The ends of what is allowed, and all values of a list."""
    most = metric.get("most", LIMIT)
    return {
        "counter": [1, LIMIT],
        "duration": [1, LIMIT],
        "signed": [-LIMIT, 0, LIMIT],
        "gauge": [0, most],
        "enum": [int(value) for value in metric.get("values", {})],
        "text": ["", "x" * TEXT_BYTES, "\u00e4" * (TEXT_BYTES // 2), "\U0001f4fa"],
        "level": [[1, 1, 1, 1, 0], [-5, -(1 << 31), (1 << 31) - 1, 0, (1 << 32) - 1]],
        "histogram": [[3, 1, 0], [-2, 0, -1, 1], [1, (1 << 32) - 1, 511, *[(1 << 32) - 1] * 20],
                      [0, 0, 4, 1, 0, 0, 2]],
    }[metric["kind"]]


def bad_values(metric):
    """One step beyond what is allowed, and other types."""
    most = metric.get("most", LIMIT)
    values = [int(value) for value in metric.get("values", {"0": ""})]
    level, buckets = [1, 1, 1, 1, 0], [1, 1]
    bad = {
        "counter": [0, -1, LIMIT + 1, "1"],
        "duration": [0, -1, LIMIT + 1, "1"],
        "signed": [-LIMIT - 1, LIMIT + 1, "1"],
        "gauge": [-1, most + 1, "1"],
        "enum": [min(values) - 1, max(values) + 1, "0"],
        "text": ["x" * (TEXT_BYTES + 1), "\u00e4" * (TEXT_BYTES // 2 + 1), 1],
        "level": [level[:4], [*level, 1], [*level[:4], -1], [*level[:4], 1 << 32],
                  [1 << 31, *level[1:]], [1, -(1 << 31) - 1, *level[2:]], [1, "1", *level[2:]],
                  [1, None, *level[2:]], [1, 1.0, *level[2:]], 1, "1"],
        "histogram": [[3, 1], [3, 0, 0], [3, 1, 1], [4, 0, 0, *buckets], [-3, 0, 0, *buckets],
                      [1, -1, 0, *buckets], [1, 1 << 32, 0, *buckets], [1, 0, -2, *buckets],
                      [1, 0, 512, *buckets], [1, 0, 0, 0, 1], [1, 0, 0, 1 << 32],
                      [1, 0, 0, 1, -1], [1, 0, 0, 1, 1 << 32], [1, 0, 0, *[1] * 21],
                      [1, 0, 0, 1, 1.0], [1, 0, 0, 1, "1"], [1, 0, 0, 1, None], 1, "1"],
    }[metric["kind"]]
    return bad + list(WRONG_TYPES)


class Registry:
    """What `tally-decode --registry` says."""

    def __init__(self, registry):
        self.kinds = list(registry["kinds"])
        self.groups = list(registry["groups"])
        self.metrics = registry["metrics"]
        self._groups_of = registry["groups_of"]

    def groups_of(self, kind):
        return [letter for letter in self._groups_of[kind] if letter in self.groups]

    def kind_with(self, group):
        """One of the kinds that have it: a group is the same in all of them."""
        return next(kind for kind in self.kinds if group in self._groups_of[kind])

    def metrics_of(self, group):
        return {key: about for key, about in self.metrics.items() if about["group"] == group}

    def record(self, kind, **groups):
        """A record with all its own keys, and these groups, in the order of the wire."""
        fields = {"k": kind, "q": 3, "u": 1400, "w": 1760936591360, **groups}
        if kind in SESSION_KINDS:
            fields["s"] = 1
        if kind in CAPABLE_KINDS:
            fields["c"] = {group: (1 << len(self.metrics_of(group))) - 1 for group in self.groups}
        if kind in STREAM_KINDS:
            fields["sn"] = 1
        return in_order(fields)

    def full(self, kind, turn=0):
        """A record with every metric it may have; what they are depends on the turn."""
        groups = {}
        for letter in self.groups_of(kind):
            groups[letter] = {key: good_values(about)[turn % len(good_values(about))]
                              for key, about in self.metrics_of(letter).items()}
        return self.record(kind, **groups)

    def turns(self, kind):
        """How many turns it takes until every good value was there."""
        metrics = (about for letter in self.groups_of(kind)
                   for about in self.metrics_of(letter).values())
        return max((len(good_values(about)) for about in metrics), default=1)


def in_order(fields):
    """By RFC 8949 4.2.1: the shorter key first."""
    return dict(sorted(fields.items(), key=lambda field: (len(field[0]), field[0])))


def required(fields):
    """Its own keys that a record cannot do without."""
    own = "kqus" if fields["k"] == "a" else "kqusc"
    return set(fields) & {*own, "sn"}


def without(fields, key):
    return {each: value for each, value in fields.items() if each != key}


def with_item(fields, key, value):
    """With one more key, or another value of one, in the order of the wire."""
    return in_order({**fields, key: value})


def body(*records, **changes):
    return {"v": VERSION, "d": "stb-0001", "o": "operator-1", "b": LIMIT - 1, "m": 7,
            "t": 1760936591360, "r": list(records), **changes}
