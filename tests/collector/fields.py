# SPDX-License-Identifier: Apache-2.0
"""What the registry says of the fields of a record.

Keys, groups and kinds that the registry does not know are passed over, as every reader has to: a
device may be newer. What it knows never changes its type and its group, so that is wrong in any
version. What a later version may add to, a list of values or the groups of a kind, is only held
against bodies that are not newer than the registry.
"""
import json

from refusal import Refusal

LIMIT = 1 << 53
TEXT_BYTES = 1023
LEVEL_LIMIT = 1 << 31
COUNT_LIMIT = 1 << 32
SCALES = range(-2, 4)
OFFSETS = range(-1, 512)
BUCKETS_MOST = 20


def is_integer(value, least, most):
    return isinstance(value, int) and not isinstance(value, bool) and least <= value <= most


def is_text(value):
    return isinstance(value, str) and len(value.encode()) <= TEXT_BYTES


def is_level(value):
    """[last, least, most, mean, time], and in itself sound."""
    if not isinstance(value, list) or len(value) != 5 \
            or not all(is_integer(each, -LEVEL_LIMIT, LEVEL_LIMIT - 1) for each in value[:4]) \
            or not is_integer(value[4], 0, COUNT_LIMIT - 1):
        return False
    last, least, most, mean, _ = value
    return least <= last <= most and least <= mean <= most


def is_histogram(value):
    """[scale, zeros, offset, counts...], neither empty nor with empty ends."""
    if not isinstance(value, list) or not 3 <= len(value) <= 3 + BUCKETS_MOST \
            or not all(is_integer(each, -LIMIT, LIMIT) for each in value):
        return False
    scale, zeros, offset, *counts = value
    if scale not in SCALES or offset not in OFFSETS \
            or not all(0 <= each < COUNT_LIMIT for each in (zeros, *counts)):
        return False
    return counts[0] > 0 and counts[-1] > 0 if counts else zeros > 0 and offset == 0


TYPES = {
    "counter": (lambda value: is_integer(value, 1, LIMIT), "an integer from 1"),
    "duration": (lambda value: is_integer(value, 1, LIMIT), "an integer from 1"),
    "signed": (lambda value: is_integer(value, -LIMIT, LIMIT), "an integer"),
    "gauge": (lambda value: is_integer(value, 0, LIMIT), "an integer from 0"),
    "enum": (lambda value: is_integer(value, -LIMIT, LIMIT), "an integer"),
    "text": (is_text, f"a text of at most {TEXT_BYTES} bytes"),
    "level": (is_level, "[last, least, most, mean, time]"),
    "histogram": (is_histogram, "[scale, zeros, offset, counts...]"),
}


class Fields:
    """The rules of one registry, as `tally-decode --registry` prints it."""

    def __init__(self, registry):
        self._version = registry["version"]
        self._groups_of = registry["groups_of"]
        self._groups = registry["groups"]
        self._metrics = registry["metrics"]

    @classmethod
    def from_file(cls, path):
        with open(path, encoding="utf-8") as source:
            return cls(json.load(source))

    def check(self, body):
        """Raises Refusal for the first field of the body that is not what the registry says."""
        if body.registry == 0:
            raise Refusal(422, "body v: versions of the registry begin at 1")
        for place, record in enumerate(body.records):
            self._check_record(record, f"record {place}", body.registry > self._version)

    def _check_record(self, record, where, is_newer):
        groups_of_kind = self._groups_of.get(record.kind)
        self._check_capabilities(record.fields.get("c", {}), where)
        for letter in record.fields.keys() & self._groups.keys():
            if groups_of_kind is not None and letter not in groups_of_kind and not is_newer:
                raise Refusal(422, f"{where}: a record of kind {record.kind!r} has no group"
                                   f" {letter!r}")
            self._check_group(letter, record.fields[letter], where, is_newer)

    def _check_capabilities(self, sets, where):
        if not isinstance(sets, dict):
            raise Refusal(422, f"{where} c: a map is wanted")
        for letter, bits in sets.items():
            if not is_integer(bits, 0, LIMIT - 1):
                raise Refusal(422, f"{where} c.{letter}: 53 bits are wanted")

    def _check_group(self, letter, group, where, is_newer):
        if not isinstance(group, dict):
            raise Refusal(422, f"{where} {letter}: a map is wanted")
        for key, value in group.items():
            about = self._metrics.get(key)
            if about is not None:
                self._check_metric(about, value, letter, f"{where} {letter}.{key}", is_newer)

    def _check_metric(self, about, value, letter, where, is_newer):
        if about["group"] != letter:
            raise Refusal(422, f"{where}: {about['name']} is of group {about['group']!r}")
        fits, wanted = TYPES[about["kind"]]
        if not fits(value):
            raise Refusal(422, f"{where}: {about['name']} is a {about['kind']}: {wanted} is wanted")
        most = about.get("most", LIMIT)
        if about["kind"] == "gauge" and value > most:
            raise Refusal(422, f"{where}: {about['name']} is {most} at most")
        if about["kind"] == "enum" and not is_newer and str(value) not in about["values"]:
            raise Refusal(422, f"{where}: {about['name']} has no value {value}")
