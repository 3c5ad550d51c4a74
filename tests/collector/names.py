# SPDX-License-Identifier: Apache-2.0
"""Records in words, by the names of the registry."""

import json

ENVELOPE = {"k", "q", "u", "w", "s", "sn"}


class Names:
    """What the registry calls kinds and metrics; what it does not know stays as it is."""

    def __init__(self, registry=None):
        registry = registry or {}
        self._kinds = registry.get("kinds", {})
        self._metrics = registry.get("metrics", {})

    @classmethod
    def from_file(cls, path):
        with open(path, encoding="utf-8") as source:
            return cls(json.load(source))

    def line(self, boot, record):
        """`boot 12ab.. seq 3 session 1 stream 2 rtp rtp_received=1200 rtp_lost=3`"""
        words = ["boot", short_boot(boot), "seq", str(record.seq)]
        if record.session is not None:
            words += ["session", str(record.session)]
        if record.stream is not None:
            words += ["stream", str(record.stream)]
        words.append(self._kinds.get(record.kind, record.kind))
        for key, value in record.fields.items():
            if isinstance(value, dict):
                words += [self._metric(*item) for item in value.items()]
            elif key not in ENVELOPE:
                words.append(self._metric(key, value))
        return " ".join(words)

    def _metric(self, key, value):
        about = self._metrics.get(key, {})
        named = about.get("values", {}).get(str(value))
        shown = plain(value) + shown_unit(about) if named is None else named
        return f"{about.get('name', key)}={shown}"


def shown_unit(about):
    """The unit of a quantity; a count, a code, a text and an enum's value have none to show."""
    unit = about.get("unit") or ""
    is_quantity = about.get("kind", "").lower() not in ("enum", "text")
    return unit if is_quantity and unit.lower() not in ("count", "code") else ""


def short_boot(boot):
    digits = f"{boot:x}"
    return digits if len(digits) <= 4 else digits[:4] + ".."


def plain(value):
    """Words as they are; anything that could be mistaken for two words as JSON."""
    if isinstance(value, str) and value and value.isprintable() and not set(value) & set(' "='):
        return value
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
