#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""tally-schema from outside: exit codes, the ledger's rules, a vendor's group.

    test_tally_schema.py TALLY-SCHEMA TALLY-SCHEMA-OF-A-VENDOR
"""
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import unittest

VENDOR = os.path.abspath(sys.argv.pop(2))
TOOL = os.path.abspath(sys.argv.pop(1))
LEDGER = (pathlib.Path(__file__).resolve().parents[2] / "agent/registry.ledger").read_text()
METRIC = re.compile(r"^[0-9a-z]{2} [A-Z0-9_]+ [A-Z]+ [A-Z_]+ [a-z]( vendor)?( retired)?$")


def run(*arguments, tool=TOOL, **how):
    how.setdefault("stdout", subprocess.PIPE)
    return subprocess.run([tool, *arguments], stderr=subprocess.PIPE, stdin=subprocess.DEVNULL,
                          timeout=60, check=False, text=True, **how)


def output(*arguments, tool=TOOL):
    done = run(*arguments, tool=tool)
    assert (done.returncode, done.stderr) == (0, ""), done.stderr
    return done.stdout


class CommandLine(unittest.TestCase):
    def test_anything_else_is_usage(self):
        for arguments in ((), ("--help",), ("cddl", "x"), ("ledger", "a", "b")):
            done = run(*arguments)
            self.assertEqual((done.returncode, done.stdout), (2, ""))
            self.assertIn("usage: tally-schema cddl", done.stderr)

    def test_output_that_did_not_arrive_is_no_success(self):
        for what in ("cddl", "reference", "ledger", "telegraf", "sql"):
            with open("/dev/full", "w", encoding="utf-8") as full:
                done = run(what, stdout=full)
            self.assertEqual(done.returncode, 1)
            self.assertEqual(done.stderr, "tally-schema: output: No space left on device\n")

    def test_a_ledger_that_is_not_there(self):
        done = run("ledger", "no/such")
        self.assertEqual((done.returncode, done.stdout, done.stderr),
                         (1, "", "tally-schema: no/such: No such file or directory\n"))


class Ledger(unittest.TestCase):
    """The registry is as it is; it is the ledger that is made to differ from it."""

    def after(self, old, tool=TOOL):
        with tempfile.NamedTemporaryFile("w", suffix=".ledger") as file:
            file.write(old)
            file.flush()
            return run("ledger", file.name, tool=tool)

    def goes_on(self, old):
        done = self.after(old)
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        return done.stdout

    def breaks(self, old, *complaints):
        done = self.after(old)
        self.assertEqual((done.returncode, done.stdout), (1, ""))
        self.assertEqual(done.stderr.splitlines(), list(complaints))

    def line(self, key):
        return next(line for line in LEDGER.splitlines() if line.startswith(key + " "))

    def test_nothing_changed(self):
        self.assertEqual(self.goes_on(LEDGER), LEDGER)

    def test_it_begins_with_the_registry_alone(self):
        self.assertEqual(output("ledger").splitlines()[3], LEDGER.splitlines()[3])

    def test_one_line_a_key_in_their_order(self):
        lines = [line for line in LEDGER.splitlines() if not line.startswith("#")]
        for line in lines:
            self.assertRegex(line, METRIC)
        keys = [line[:2] for line in lines]
        self.assertEqual(keys, sorted(set(keys)))
        self.assertIn("pt PLAY_TIME DURATION MS p", lines)

    def test_a_key_that_is_gone_is_retired_in_its_place(self):
        after = self.goes_on(LEDGER + "a9 GONE COUNTER COUNT a\nzz WENT TEXT TEXT d\n")
        lines = after.splitlines()
        self.assertEqual((lines[8], lines[-1]),
                         ("a9 GONE COUNTER COUNT a retired", "zz WENT TEXT TEXT d retired"))
        self.assertEqual(self.goes_on(after), after)

    def test_a_new_key_is_added(self):
        line = self.line("pt")
        self.assertIn(line, self.goes_on(LEDGER.replace(line + "\n", "")).splitlines())

    def test_a_key_that_changed_its_symbol_kind_unit_or_group_is_refused_by_name(self):
        now = "PLAY_TIME DURATION MS p"
        for was in ("PLAYED DURATION MS p", "PLAY_TIME COUNTER MS p", "PLAY_TIME DURATION US p",
                    "PLAY_TIME DURATION MS i"):
            self.breaks(LEDGER.replace("pt " + now, "pt " + was),
                        f"pt: a key never changes: it was {was} and is {now}")

    def test_a_retired_key_that_is_back_is_refused_by_name(self):
        line = self.line("sc")
        self.breaks(LEDGER.replace(line, line + " retired"),
                    "sc: a retired key never comes back: it was STALLS COUNTER COUNT p")

    def test_all_that_is_wrong_is_said_at_once(self):
        old = LEDGER.replace("pt PLAY_TIME", "pt PLAYED").replace("sc STALLS", "sc HALTS")
        self.assertEqual(len(self.after(old).stderr.splitlines()), 2)

    def test_a_ledger_with_a_key_twice_or_a_line_that_is_none(self):
        last = len(LEDGER.splitlines())
        line = self.line("ab")
        self.breaks(LEDGER + line + "\n",
                    f"line {last + 1} of the ledger: a key that is there twice: {line}")
        for line in ("", "a", "ab", "ab ", "AB X COUNTER COUNT a", "abc X COUNTER COUNT a"):
            self.breaks(LEDGER + line + "\n",
                        f"line {last + 1} of the ledger: no line of a ledger: {line}")

    def head(self, version, digest):
        return re.sub(r"version \d+, hash \w{16}", f"version {version}, hash {digest}", LEDGER)

    def test_a_changed_registry_needs_a_raised_version(self):
        version = int(re.search(r"version (\d+)", LEDGER)[1])
        other = "0123456789abcdef"
        self.breaks(self.head(version, other),
                    f"the registry is not that of version {version} any more:"
                    " raise TALLY_REGISTRY_VERSION in tally/metrics.h")
        self.breaks(self.head(version + 1, other),
                    f"registry version {version} is behind the ledger's, {version + 1}")
        self.assertEqual(self.goes_on(self.head(version - 1, other)), LEDGER)

    def test_the_ledger_of_version_1_had_no_hash(self):
        old = "".join(line + "\n" for line in LEDGER.splitlines()[:200] if "hash" not in line)
        self.assertEqual(self.goes_on(old), LEDGER)


class Vendor(unittest.TestCase):
    """Group z is in all three, and says whose it is."""

    def test_ledger(self):
        done = output("ledger", tool=VENDOR).splitlines()
        self.assertEqual([line for line in done if line.endswith("vendor")],
                         ["z0 FAN_SPEED GAUGE HZ z vendor",
                          "zk REMOTE_KEYS COUNTER COUNT z vendor",
                          "zl STANDBY_LED GAUGE BOOL z vendor"])

    def test_it_has_no_part_in_the_version(self):
        heads = {output("ledger", tool=tool).splitlines()[3] for tool in (TOOL, VENDOR)}
        self.assertEqual(len(heads), 1)

    def test_cddl(self):
        cddl = output("cddl", tool=VENDOR)
        self.assertIn("; Its keys belong to the vendor 32473 (IANA Private Enterprise Number).\n"
                      "user-group = {\n"
                      '  ? "z0": gauge, ; fan_speed, Hz\n'
                      '  ? "zk": counter, ; remote_keys, count\n'
                      '  ? "zl": 0..1, ; standby_led, 0 or 1\n'
                      "}\n", cddl)
        for record in ("heartbeat", "end"):
            rule = re.search(record + r"-record = \{([^}]*)\}", cddl)[1]
            self.assertTrue(rule.rstrip().endswith('? "z": user-group,'), rule)
        self.assertIn('  ? "z": 1..7,\n', cddl)

    def test_reference(self):
        reference = output("reference", tool=VENDOR)
        self.assertIn("IANA Private Enterprise Number 32473", reference)
        self.assertIn("| `zk` | remote_keys | COUNTER | count | field | viewer |"
                      " keys pressed \\| held on the remote |\n", reference)

    def test_the_database_has_the_common_metrics_only(self):
        common = output("sql")
        self.assertEqual(output("sql", tool=VENDOR), common)
        metrics = re.findall(r"^    \('\{\"\w+\"\}'::text\[\], '(\w\w)',", common, re.M)
        live = [line[:2] for line in LEDGER.splitlines()
                if METRIC.match(line) and not line.endswith("retired")]
        self.assertEqual(sorted(metrics), sorted(live))

    def test_nothing_of_it_without_a_vendor(self):
        for what in ("cddl", "reference", "ledger", "telegraf", "sql"):
            self.assertNotRegex(output(what), r"user-group|group-z|z vendor\n|Number \d")


class Reference(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.reference = output("reference")

    def test_every_key_of_the_ledger_has_a_row(self):
        keys = re.findall(r"^\| `(\w\w)` \|", self.reference, re.MULTILINE)
        self.assertEqual(sorted(keys), [line[:2] for line in LEDGER.splitlines()
                                        if line[0] != "#" and "retired" not in line])

    def test_every_row_has_the_cells_of_its_head(self):
        cells = None
        for line in self.reference.splitlines():
            count = len(re.findall(r"(?<!\\)\|", line)) if line.startswith("|") else None
            if count is not None and cells is not None:
                self.assertEqual(count, cells, line)
            cells = count

    def test_every_link_has_its_place(self):
        for place in re.findall(r"\]\(#([^)]*)\)", self.reference):
            self.assertIn(f'<a id="{place}"></a>', self.reference)

    def test_values_are_published_with_their_meanings(self):
        for row in ("| 5 | zap | the viewer changed the channel |",
                    "| -16 | TLS failed | TLS failed |",
                    "| 2 | authenticated | may judge certificates |",
                    "| 3 | aborted_equal | it is the source that plays already |"):
            self.assertIn(row + "\n", self.reference)


if __name__ == "__main__":
    unittest.main()
