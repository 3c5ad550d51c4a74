# SPDX-License-Identifier: Apache-2.0
"""agent/COVERAGE.md has every identifier of other systems once, and names nothing tally lacks."""
import collections
import pathlib
import re
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
TABLE = ROOT / "agent/COVERAGE.md"
LISTS = ROOT / "tests/coverage"
HEADERS = ROOT / "agent/include/tally"
SAMPLE = "datazoom sample"

VERDICTS = ("server:", "not a device concern:")
# Lists that the codes of events are of; what a code means depends on the event.
CODES = {"ec": ("SWITCHES", "AD_ENDS"), "ed": ("ERROR_CLASSES",)}
# One value of a list: X(symbol, number, letter or list, "name", ...
VALUE = re.compile(r'X\((\w+),\s*([^,)]+)(?:,\s*"([^"]*)")?')
NAMED = re.compile(r"(?:\b(record|upload|kind|group|unit) )?`([^`]*)`")


class Vocabulary:
    """What can be named: keys of the registry, values of lists, letters and units."""

    def __init__(self):
        registry = (HEADERS / "metrics.def").read_text()
        enums = (HEADERS / "enums.h").read_text()
        spec = (ROOT / "agent/SPEC.md").read_text()
        values = {}
        for name, body in re.findall(r"#define TALLY_(\w+)\(X\)((?:.*\\\n)+.*)", enums):
            values[name] = VALUE.findall(body)
        names = {of: {name for _, _, name in rows} for of, rows in values.items()}
        lists = {unit: of.removeprefix("TALLY_") for unit, of, _ in values["LISTS"]}
        self.keys = {}
        for key, kind, unit in re.findall(r'^TALLY_METRIC\(\w+,\s*"(\w+)",\s*(\w+),\s*(\w+),',
                                          registry, re.MULTILINE):
            self.keys[key] = names[lists[unit]] if kind == "ENUM" and unit in lists else set()
        for key, lists_of_codes in CODES.items():
            self.keys[key] = set().union(*(names[of] for of in lists_of_codes))
        self.words = {
            "group": set(re.findall(r"^TALLY_GROUP\(\w+, '(.)'", registry, re.MULTILINE)),
            "kind": {letter.strip("'") for _, letter, _ in values["RECORDS"]},
            "unit": {symbol for symbol, _, _ in values["UNITS"] + values["LISTS"]},
            "upload": set(keys_of_section(spec, "Upload")),
            "record": set(keys_of_section(spec, "Record")),
        }

    def complaint(self, word, text):
        """Why this is no name, or None."""
        if word:
            return None if text in self.words[word] else f"no {word} `{text}`"
        key, has_value, value = text.partition("=")
        if key not in self.keys:
            return f"no key `{key}`"
        return f"no value `{text}`" if has_value and value not in self.keys[key] else None


def keys_of_section(spec, title):
    """The first column of the section's first table, where that is one letter."""
    section = spec.split(f"\n## {title}\n")[1].split("\n## ")[0]
    table = section.split("| --- |", 1)[1].split("\n\n", 1)[0]
    return re.findall(r"^\| `(\w)` \|", table, re.MULTILINE)


def lines_of(name):
    lines = (LISTS / name).read_text().splitlines()
    return [line for line in lines if line and not line.startswith("#")]


def identifiers():
    """(system, identifier), as listed."""
    listed = [line.split("\t") for line in lines_of("identifiers.tsv")]
    return [(system, name) for system, _, name in listed] + \
        [(SAMPLE, leaf) for leaf in lines_of("datazoom-leaves.txt")]


def rows_of(page):
    """(system, cells) of each row of a table; the system is the title above it."""
    system = None
    for line in page.splitlines():
        if line.startswith("## "):
            system = line[3:]
        elif line.startswith("|") and not re.match(r"\| (identifier|---) \|", line):
            yield system, [cell.strip() for cell in line.strip("|").split("|")]


def is_leaf_of(name, leaves):
    return any(f".{leaf}".endswith(f".{name}") for leaf in leaves)


def complaints_of_row(cells, vocabulary):
    if len(cells) != 3 or not re.fullmatch("`[^`]+`", cells[0]):
        return ["not a row"]
    verdict = next((v for v in VERDICTS if cells[1].startswith(v)), None)
    found = [vocabulary.complaint(*named) for named in NAMED.findall(" ".join(cells[1:]))]
    if verdict and not cells[1].removeprefix(verdict).strip():
        found.append("no reason")
    if not verdict and not NAMED.search(cells[1]):
        found.append("neither a key nor a verdict")
    return [complaint for complaint in found if complaint]


def complaints(page, listed, vocabulary):
    """All that is wrong with a page, in words."""
    rows = list(rows_of(page))
    found = [f"{system}: {cells[0]}: {complaint}" for system, cells in rows
             for complaint in complaints_of_row(cells, vocabulary)]
    have = collections.Counter((system, cells[0].strip("`")) for system, cells in rows)
    leaves = [name for system, name in have if system == SAMPLE]
    for system, name in have:
        # A leaf of the sample stands for Datazoom's identifier of that name.
        in_sample = system == "datazoom" and is_leaf_of(name, leaves)
        if have[system, name] + in_sample > 1:
            found.append(f"{system}: `{name}`: repeated")
    for system, name in set(have) - set(listed):
        found.append(f"{system}: `{name}`: nobody names it")
    for system, name in set(listed) - set(have):
        if system != "datazoom" or not is_leaf_of(name, leaves):
            found.append(f"{system}: `{name}`: gap")
    return sorted(found)


class Coverage(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.vocabulary = Vocabulary()
        cls.page = TABLE.read_text()
        cls.listed = identifiers()

    def complaints_after(self, old, new):
        """What is wrong once the only `old` of the page is `new`."""
        self.assertEqual(self.page.count(old), 1, old)
        return complaints(self.page.replace(old, new), self.listed, self.vocabulary)

    def test_the_page_is_complete_and_names_only_what_there_is(self):
        self.assertEqual(complaints(self.page, self.listed, self.vocabulary), [])

    def test_the_lists_have_each_identifier_once(self):
        repeated = [name for name, times in collections.Counter(self.listed).items() if times > 1]
        self.assertEqual(repeated, [])

    def test_the_lists_are_of_all_five_systems(self):
        self.assertLessEqual({"azure", "theoplayer", "kaltura", "nanostream", "datazoom", SAMPLE},
                             {system for system, _ in self.listed})

    def test_keys_are_read_off_registry_and_specification(self):
        self.assertEqual(self.vocabulary.words["upload"], set("vdobmtr"))
        self.assertEqual(self.vocabulary.words["record"], set("kquwsc"))
        self.assertLessEqual(set("abcehrstx"), self.vocabulary.words["kind"])
        self.assertIn("stall_begin", self.vocabulary.keys["et"])
        self.assertEqual(self.vocabulary.keys["sc"], set())

    def test_a_gap_is_found(self):
        row = "| `Seek Time` | `sl` / `sk` | spread: `hc` |\n"
        self.assertEqual(self.complaints_after(row, ""), ["theoplayer: `Seek Time`: gap"])

    def test_a_gap_in_the_sample_is_a_gap_in_datazoom_too(self):
        row = "| `player.loop` | `mo` | |\n"
        self.assertEqual(self.complaints_after(row, ""),
                         ["datazoom sample: `player.loop`: gap", "datazoom: `loop`: gap"])

    def test_a_repeated_row_is_found(self):
        row = "| `fullscreenTime` | `m2` | |\n"
        self.assertEqual(self.complaints_after(row, row + row),
                         ["azure: `fullscreenTime`: repeated"])

    def test_a_row_that_a_leaf_of_the_sample_has_already_is_found(self):
        row = "| `asn` | server: from the address of the upload | |\n"
        self.assertEqual(self.complaints_after(row, row + "| `loop` | `mo` | |\n"),
                         ["datazoom: `loop`: repeated"])

    def test_a_row_that_nobody_names_is_found(self):
        self.assertEqual(self.complaints_after("| `viewed` |", "| `watched` |"),
                         ["azure: `viewed`: gap", "azure: `watched`: nobody names it"])

    def test_wrong_names_are_found(self):
        for old, new, complaint in (
                ("| `Seek Time` | `sl`", "| `Seek Time` | `s9`", "no key `s9`"),
                ("spread: `hc`", "spread: `h9`", "no key `h9`"),
                ("| `Seek Time` | `sl`", "| `Seek Time` | `s`", "no key `s`"),
                ("| `Seek Time` | `sl`", "| `Seek Time` | `sl=long`", "no value `sl=long`"),
                ("| `Seek Time` | `sl`", "| `Seek Time` | `et=seeks`", "no value `et=seeks`"),
                ("| `Seek Time` | `sl`", "| `Seek Time` | `ec=sought`", "no value `ec=sought`"),
                ("| `Seek Time` | `sl`", "| `Seek Time` | kind `y`", "no kind `y`"),
                ("| `Seek Time` | `sl`", "| `Seek Time` | group `k`", "no group `k`"),
                ("| `Seek Time` | `sl`", "| `Seek Time` | upload `q`", "no upload `q`"),
                ("| `Seek Time` | `sl`", "| `Seek Time` | record `d`", "no record `d`"),
                ("| `Seek Time` | `sl`", "| `Seek Time` | unit `HOURS`", "no unit `HOURS`")):
            with self.subTest(new=new):
                self.assertEqual(self.complaints_after(old, new),
                                 [f"theoplayer: `Seek Time`: {complaint}"])

    def test_a_row_that_says_nothing_is_found(self):
        row = "| `Seek Time` | `sl` / `sk` | spread: `hc` |"
        for cells, complaint in (("server: | ", "no reason"),
                                 ("not a device concern: | ", "no reason"),
                                 ("yes | `sl`", "neither a key nor a verdict"),
                                 (" | ", "neither a key nor a verdict"),
                                 ("`sl`", "not a row")):
            with self.subTest(cells=cells):
                self.assertEqual(self.complaints_after(row, f"| `Seek Time` | {cells} |"),
                                 [f"theoplayer: `Seek Time`: {complaint}"])


if __name__ == "__main__":
    unittest.main()
