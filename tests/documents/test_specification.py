# SPDX-License-Identifier: Apache-2.0
"""SPEC.md beside what is made of the registry and what the code is compiled with."""
import re
import unittest

from reading import ROOT

SPEC = "agent/SPEC.md"
METRICS = "agent/METRICS.md"
# Group of a vendor, which METRICS.md has no row of while there is no vendor.
VENDORS = {"z"}


def read(path):
    return (ROOT / path).read_text()


def section(text, title):
    return text.split(f"\n## {title}\n")[1].split("\n## ")[0]


def rows(text, columns):
    """The tables' rows of so many columns, heads left out."""
    found = [re.split(r" \| ", line.strip("| ")) for line in text.splitlines()
             if line.startswith("|") and "---" not in line]
    return [row for row in found if len(row) == columns]


def letters(cell):
    return set(re.findall(r"`(\w)`", cell))


def registry_hash(metrics):
    """What a boot record's `rv` is, by SPEC.md ("Record") and METRICS.md alone."""
    kinds = [row[0] for row in rows(section(metrics, "Kinds of metrics"), 2)][1:]
    value = 2166136261
    for key, kind in re.findall(r"^\| `(\w\w)` \| \w+ \| ([A-Z]+) \|", metrics, re.MULTILINE):
        for byte in (*key.encode(), kinds.index(kind)):
            value = (value ^ byte) * 16777619 & 0xFFFFFFFF
    return value


class Specification(unittest.TestCase):
    def test_kinds_and_their_groups_are_the_registrys(self):
        ours = {row[0].strip("`"): letters(row[2]) - VENDORS
                for row in rows(section(read(SPEC), "Record"), 4) if row[0].startswith("`")}
        theirs = {row[0].strip("`"): set(re.findall(r"\[`(\w)`\]", row[2]))
                  for row in rows(section(read(METRICS), "Records"), 4) if row[0].startswith("`")}
        self.assertEqual(ours, theirs)
        self.assertEqual(set(ours), set("abcdefhjorstvx"))

    def test_numbers_of_the_text_are_those_of_the_code(self):
        """Each with the words around it, so that another 10 is not taken for it."""
        for words, path, pattern in (
                ("{} s\nwithout a byte either way", "agent/src/uplink.c", r"QUIET_MS\s+(\d+)000u"),
                ("{} s to resolve", "agent/src/uplink.c", r"RESOLVE_MS\s+(\d+)000u"),
                ("{} s to connect", "agent/src/uplink.c", r"CONNECT_MS\s+(\d+)000u"),
                ("{} s for\nTLS", "agent/src/uplink.c", r"SECURE_MS\s+(\d+)000u"),
                ("{} s for all of these", "agent/src/uplink.c", r"OPENING_MS\s+(\d+)000u"),
                ("if that comes within {} s", "agent/src/uplink_reply.c",
                 r"KEEP_ALIVE_MS (\d+)000u"),
                ("`TALLY_BATCH_BYTES` together, {} unless", "agent/include/tally/config.h",
                 r"define TALLY_BATCH_BYTES (\d+)"),
                ("with {} for each connection", "agent/src/budget.h",
                 r"TALLY_BUDGET_CONNECTION_BYTES = (\d+)"),
                ("`Date` ({} to", "agent/src/http_date.c", r"YEAR_LEAST\s+(\d+)u"),
                ("to {}) tells the time", "agent/src/http_date.c", r"YEAR_MOST\s+(\d+)u"),
                ("bytes of the payload, 0 to {}", "agent/src/entry.h",
                 r"ENTRY_PAYLOAD_MOST = (\d+)"),
                ("A value has at most {} bytes", "agent/include/tally/settings.h",
                 r"TALLY_SETTING_BYTES_MOST = (\d+)"),
                ("a byte string that holds the map below, at most {} bytes", "agent/src/remote.h",
                 r"TALLY_REMOTE_MAP_MOST = (\d+)"),
                ("map of at most {}, metric key", "agent/src/remote.h",
                 r"TALLY_REMOTE_THRESHOLDS = (\d+)"),
                ("counts; at most {}; the first", "agent/src/histogram.h", r"BUCKETS\w* = (\d+)")):
            with self.subTest(words=words):
                number, = set(re.findall(pattern, read(path)))
                told = f"{int(number):,}"
                page = read(SPEC).replace("counts | at most", "counts; at most")
                self.assertTrue(words.format(told) in page or words.format(number) in page, told)

    def test_numbers_of_settings_are_those_of_the_code(self):
        enum = read("agent/include/tally/settings.h").split("enum tally_setting {")[1].split("}")[0]
        code = set(map(int, re.findall(r"TALLY_SETTING_(?!KEY|BOARD|END)\w+ = (\d+)", enum)))
        table = section(read(SPEC), "Flash").split("Numbers in use:")[1].split("\n\n")[1]
        ours = {row[0] for row in rows(table, 2)}
        self.assertLessEqual({str(number) for number in code}, ours)
        self.assertLessEqual({"16-31", "64-127"}, ours)


if __name__ == "__main__":
    unittest.main()
