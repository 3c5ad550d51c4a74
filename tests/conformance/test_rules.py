# SPDX-License-Identifier: Apache-2.0
"""The rules are those of port.h, in its words, and README.md lists them."""
import pathlib
import re
import subprocess
import sys
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
KIT = ROOT / "port/conformance"
sys.path.insert(0, str(KIT))

import peer  # noqa: E402

ROW = re.compile(r'^    X\((\w+), (\w+), (\w+),\s*\\\n\s*"((?:[^"]|"\s*\\\n\s*")*)",\s*\\\n'
                 r'\s*"((?:[^"]|"\s*\\\n\s*")*)"\)', re.MULTILINE)

# What an OEM has, for the program of README.md.
BOARD = """
#include "tally/port.h"
extern const tally_port_t board_port;
extern const tally_store_t board_store;
extern const tally_transport_t board_transport;
void board_init(void);
void board_put(void *ctx, const char *text);
uint32_t board_wait_ms(void *ctx, uint32_t ms);
void board_sleep(void *ctx, uint32_t most_ms);
int32_t board_begin_others(void *ctx, void (*turn)(void *argument), void *argument);
void board_end_others(void *ctx);
"""


def joined(literal):
    """Adjacent string literals as one."""
    return re.sub(r'"\s*\\\n\s*"', "", literal)


def rules():
    """(symbol, name, needs, wrong, words) in their order."""
    text = (KIT / "tally_conformance_rules.h").read_text()
    found = [(symbol, name, needs, joined(wrong), joined(words))
             for symbol, name, needs, wrong, words in ROW.findall(text)]
    assert len(found) == len(re.findall(r"^    X\(", text, re.MULTILINE))
    return found


class Rules(unittest.TestCase):
    def test_each_rule_quotes_port_h(self):
        contract = (ROOT / "agent/include/tally/port.h").read_text()
        contract = re.sub(r"\s+", " ", re.sub(r"^\s*(/\*|\*/|\*)", "", contract, flags=re.MULTILINE))
        for _, name, _, _, words in rules():
            with self.subTest(rule=name):
                self.assertIn(words, contract)

    def test_names_are_those_of_the_symbols_and_say_a_thing_once(self):
        table = rules()
        self.assertEqual([name for _, name, _, _, _ in table],
                         [symbol.lower() for symbol, _, _, _, _ in table])
        self.assertEqual(len({wrong for _, _, _, wrong, _ in table}), len(table))

    def test_a_rule_needs_one_that_is_checked_before_it(self):
        seen = {"NONE"}
        for symbol, _, needs, _, _ in rules():
            with self.subTest(rule=symbol):
                self.assertIn(needs, seen)
            seen.add(symbol)

    def test_the_readme_lists_all_rules_in_their_order(self):
        listed = re.findall(r"^\| `(\w+)` \| (.*) \|$", (KIT / "README.md").read_text(), re.MULTILINE)
        self.assertEqual(listed, [(name, wrong) for _, name, _, wrong, _ in rules()])

    def test_the_program_of_the_readme_compiles(self):
        program = re.search(r"```c\n(.*?)```", (KIT / "README.md").read_text(), re.DOTALL)[1]
        done = subprocess.run(["cc", "-std=c11", "-Wall", "-Wextra", "-Werror", "-fsyntax-only",
                               f"-I{KIT}", f"-I{ROOT / 'agent/include'}", "-xc", "-"],
                              input=BOARD + program, capture_output=True, text=True, check=False)
        self.assertEqual(done.returncode, 0, done.stderr)

    def test_the_peer_and_the_kit_mean_the_same_number_of_bytes(self):
        header = (KIT / "tally_conformance.h").read_text()
        self.assertIn(f"#define TALLY_CONFORMANCE_ENDING_BYTES {peer.ENDING_BYTES}u\n", header)


if __name__ == "__main__":
    unittest.main()
