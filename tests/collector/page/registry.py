# SPDX-License-Identifier: Apache-2.0
"""What the registry says of metrics, and whether a device said that it measures one."""

import json

# Whose absence says 0; of all other kinds it says that there never was a value.
COUNTED = ("counter", "duration")
TOLD, ZERO, NEVER, UNMEASURED, UNKNOWN = "told", "zero", "never", "unmeasured", "unknown"


class Registry:
    """The registry as `tally-decode --registry` prints it."""

    def __init__(self, text):
        self.text = text
        self._registry = json.loads(text)
        self.version = self._registry["version"]
        self._bits = {}
        for key, about in self._registry["metrics"].items():
            keys = self._bits.setdefault(about["group"], {})
            keys[key] = len(keys)

    @classmethod
    def from_file(cls, path):
        with open(path, encoding="utf-8") as source:
            return cls(source.read())

    def keys(self, group):
        return self._bits.get(group, {}).keys()

    def groups(self, kind):
        """The letters of the groups that a record of this kind may hold."""
        return self._registry["groups_of"].get(kind, "")

    def is_declared(self, group, key, declared):
        return key in self.keys(group) and declared.get(group, 0) >> self._bits[group][key] & 1 == 1

    def named(self, key, value):
        """What the list of this metric calls the value; None for one that is not listed."""
        return self._registry["metrics"].get(key, {}).get("values", {}).get(str(value))

    def reading(self, fields, group, key, declared):
        """[how it is known, the value if there is one], by SPEC.md's "absent means one thing".
        `declared` is the capability set in force, or None while no record told of it."""
        held = fields.get(group)
        if isinstance(held, dict) and key in held:
            return [TOLD, held[key]]
        if declared is None or key not in self.keys(group):
            return [UNKNOWN]
        if not self.is_declared(group, key, declared):
            return [UNMEASURED]
        kind = self._registry["metrics"][key]["kind"]
        return [ZERO, 0] if kind in COUNTED else [NEVER]

    def readings(self, record, declared, wanted=None):
        """One record's figures, by "group.key"; all that its kind may have if none are named."""
        if wanted is None:
            wanted = self._all_of(record)
        return {name: self.reading(record.fields, *name.split("."), declared) for name in wanted}

    def _all_of(self, record):
        """What its kind may hold, and what it holds that this registry does not know."""
        names = {f"{group}.{key}" for group in self.groups(record.kind) for key in self.keys(group)}
        held = {f"{group}.{key}" for group, fields in record.fields.items()
                if isinstance(fields, dict) and group != "c" for key in fields}
        return sorted(names | {name for name in held if name.count(".") == 1})
