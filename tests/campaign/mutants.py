#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Servers and a firmware that were broken on purpose (broken/): a few kills find each of them."""
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
sys.path.append(str(HERE.parent / "e2e"))
import aims  # noqa: E402
import campaign  # noqa: E402
import scenario  # noqa: E402

BOARD = "vexpress-a9"
SOURCES = ("CMakeLists.txt", "agent", "boards", "cmake", "port", "tests", "toolchains")
PHASES = (aims.STREAM, aims.ACK, aims.STREAM)
SETTLE_S = 10  # what is broken may never deliver everything
# What is broken, the rule that it breaks, and the mishap that shows it.
SERVERS = {"forgets": ("lost", None), "doubles": ("stored twice", "server: answers cut")}
FIRMWARE = {"premature": ("lost", "server: answers 500")}


def rules(home, only, collector=None):
    """The rules that a few kills find to be broken."""
    played = home.lane("mutants", print, collector, only=only, settle_s=SETTLE_S)
    try:
        played.play(PHASES)
    finally:
        played.close()
    return {found.rule for found in played.account.violations}


def broken_tree(name, folder):
    """A copy of the sources, with one text in the agent replaced."""
    tree = folder / "source"
    for each in SOURCES:
        copy = shutil.copytree if (scenario.ROOT / each).is_dir() else shutil.copy
        tree.mkdir(exist_ok=True)
        copy(scenario.ROOT / each, tree / each)
    fetched = scenario.ROOT / ".deps"
    if fetched.exists():
        (tree / ".deps").symlink_to(fetched.resolve())
    what = HERE / "broken" / f"{name}.txt"
    files = [line[4:] for line in what.read_text().splitlines() if line.startswith("--- ")]
    subprocess.run([sys.executable, scenario.TESTS / "fault/break.py", what,
                    scenario.ROOT / "agent/src", tree / "agent/src", *files], check=True)
    return tree


def caught(name, rule, found):
    print(f"broken on purpose: {name}: {'caught' if rule in found else 'NOT CAUGHT'}, {rule}",
          flush=True)
    return rule in found


def play(folder):
    """Whether all are caught."""
    results = []
    home, = campaign.prepare(folder, [BOARD])
    for name, (rule, only) in SERVERS.items():
        results.append(caught(name, rule, rules(home, only, HERE / "broken" / f"{name}.py")))
    for name, (rule, only) in FIRMWARE.items():
        place = folder / name
        place.mkdir()
        home, = campaign.prepare(place, [BOARD], broken_tree(name, place))
        results.append(caught(name, rule, rules(home, only)))
    return all(results)


def main():
    with tempfile.TemporaryDirectory(dir=os.environ.get("TALLY_TEST_DIR")) as holder:
        return 0 if play(pathlib.Path(holder)) else 1


if __name__ == "__main__":
    sys.exit(main())
