# SPDX-License-Identifier: Apache-2.0
"""A strict reader of the CBOR subset tally speaks (RFC 8949, section 4.2.1).

cbor2 is happy to read what the wire format forbids, and does not say where an
item began. This reader knows the place of every item, accepts one encoding of
every value only, and says what is wrong with anything else.
"""

from dataclasses import dataclass

from refusal import Refusal

UINT, NEGATIVE, BYTES, TEXT, ARRAY, MAP, TAG, SIMPLE = range(8)
INDEFINITE = 31
BREAK = 0xFF
LIMIT = 1 << 53       # integers beyond are not exact in every reader of JSON
DEEPEST = 16          # the wire format needs four levels
SMALLEST = {24: 24, 25: 1 << 8, 26: 1 << 16, 27: 1 << 32}
FORBIDDEN = {BYTES: "a byte string", TAG: "a tag"}


@dataclass(frozen=True)
class Head:
    """The first bytes of an item: its type and its value, length or count."""
    start: int
    major: int
    info: int
    argument: int
    next: int

    @property
    def indefinite(self):
        return self.info == INDEFINITE


def malformed(at, what):
    return Refusal(400, f"not well-formed CBOR: {what} (byte {at})")


def forbidden(at, where, what):
    return Refusal(422, f"{where}: {what} (byte {at})")


def read_head(data, at):
    if at >= len(data):
        raise malformed(at, "ends too early")
    major, info = data[at] >> 5, data[at] & 31
    if info < 24 or info == INDEFINITE:
        return Head(at, major, info, info, at + 1)
    if info > 27:
        raise malformed(at, "reserved additional information")
    end = at + 1 + (1 << (info - 24))
    if end > len(data):
        raise malformed(at, "ends too early")
    return Head(at, major, info, int.from_bytes(data[at + 1:end], "big"), end)


def check_well_formed(data):
    """Any CBOR at all passes, as long as it is exactly one item."""
    end = _skip(data, 0, 0)
    if end != len(data):
        raise malformed(end, "bytes after the end")


def _skip(data, at, depth):
    if depth > DEEPEST:
        raise forbidden(at, "body", f"nested deeper than {DEEPEST}")
    head = read_head(data, at)
    if head.indefinite:
        return _skip_indefinite(data, head, depth)
    if head.major in (BYTES, TEXT):
        if head.next + head.argument > len(data):
            raise malformed(at, "ends too early")
        return head.next + head.argument
    if head.major == SIMPLE and head.info == 24 and head.argument < 32:
        raise malformed(at, "simple value in two bytes")
    children = {ARRAY: head.argument, MAP: 2 * head.argument, TAG: 1}.get(head.major, 0)
    end = head.next
    for _ in range(children):
        end = _skip(data, end, depth + 1)
    return end


def _skip_indefinite(data, head, depth):
    if head.major not in (BYTES, TEXT, ARRAY, MAP):
        raise malformed(head.start, "a break or an indefinite length where none can be")
    end, children = head.next, 0
    while not is_break(data, end):
        if head.major in (BYTES, TEXT):
            chunk = read_head(data, end)
            if chunk.major != head.major or chunk.indefinite:
                raise malformed(end, "not a chunk of the string")
        end = _skip(data, end, depth + 1)
        children += 1
    if head.major == MAP and children % 2:
        raise malformed(end, "a key without a value")
    return end + 1


def is_break(data, at):
    if at >= len(data):
        raise malformed(at, "ends too early")
    return data[at] == BREAK


def strict_head(data, at, where):
    """A head in its shortest form, of a type and length the wire format has."""
    head = read_head(data, at)
    if head.major in FORBIDDEN:
        raise forbidden(at, where, f"{FORBIDDEN[head.major]} is not allowed")
    if head.major == SIMPLE:
        if head.info not in (20, 21):
            what = "a float" if 25 <= head.info <= 27 else "a null, undefined or simple value"
            raise forbidden(at, where, f"{what} is not allowed")
    elif head.indefinite:
        raise forbidden(at, where, "indefinite length is not allowed here")
    elif head.argument < SMALLEST.get(head.info, 0):
        raise forbidden(at, where, "not in the shortest form")
    return head


def read_text(data, at, where):
    """(text, where the next item begins)"""
    head = strict_head(data, at, where)
    if head.major != TEXT:
        raise forbidden(at, where, "a text is wanted here")
    end = head.next + head.argument
    try:
        return bytes(data[head.next:end]).decode(), end
    except UnicodeDecodeError:
        raise malformed(at, "a text that is not UTF-8") from None


def read_value(data, at, where):
    """(value, where the next item begins)"""
    head = strict_head(data, at, where)
    if head.major in (UINT, NEGATIVE):
        return _integer(head, where), head.next
    if head.major == TEXT:
        return read_text(data, at, where)
    if head.major == ARRAY:
        return _read_array(data, head, where)
    if head.major == MAP:
        return _read_map(data, head, where)
    return head.info == 21, head.next


def _integer(head, where):
    value = head.argument if head.major == UINT else -1 - head.argument
    if abs(value) > LIMIT:
        raise forbidden(head.start, where, f"{value} is beyond 2^53")
    return value


def _read_array(data, head, where):
    values, at = [], head.next
    for place in range(head.argument):
        value, at = read_value(data, at, f"{where}[{place}]")
        values.append(value)
    return values, at


def _read_map(data, head, where):
    """A map with short text keys in the order of their encoded bytes."""
    values, at, before = {}, head.next, b""
    for _ in range(head.argument):
        key, end = read_text(data, at, f"{where}, a key")
        if not 1 <= len(key) <= 2:
            raise forbidden(at, where, f"key {key!r} has not one or two characters")
        encoded = bytes(data[at:end])
        if encoded <= before:
            order = "twice" if encoded == before else "out of order"
            raise forbidden(at, where, f"key {key!r} is there {order}")
        before = encoded
        values[key], at = read_value(data, end, f"{where} {key}")
    return values, at
