# SPDX-License-Identifier: Apache-2.0
"""held.tsv: which test types each command of the documents, and whether it does."""
import collections
import json
import os
import pathlib
import re
import subprocess

import reading

TABLE = pathlib.Path(__file__).resolve().parent / "held.tsv"
# What a page has typed to be somewhere, and not for its own sake.
MOVES = re.compile(r"(cd|export) ")

Entry = collections.namedtuple("Entry", "command holder file words")


def entries(text):
    """The lines of the table; what is left out at a line's end is empty."""
    rows = [line.split("\t") for line in text.splitlines() if line and not line.startswith("#")]
    return [Entry(*row, *[""] * (len(Entry._fields) - len(row))) for row in rows]


def suites(build):
    """The command of each test that CTest has, by name."""
    said = subprocess.run(["ctest", "--test-dir", build, "--show-only=json-v1"], check=True,
                          capture_output=True, text=True).stdout
    tests = json.loads(said)["tests"]
    found = {test["name"]: test.get("command", []) for test in tests}
    if len(found) < len(tests):
        raise ValueError("two tests have one name; CTest tells them apart by nothing else")
    return found


def recipe(command, root=reading.ROOT):
    """What `make ...` would run; raises if it would run nothing of the kind."""
    words = [word for word in command.split() if word != "make"]
    done = subprocess.run(["make", "-n", *words], cwd=root, capture_output=True, text=True,
                          check=False, env=reading.own_environment())
    if done.returncode != 0:
        raise LookupError(f"{command}: {done.stderr.strip()}")
    return done.stdout


def plain(text):
    """Words with one blank between them, whatever quotes and breaks a language puts around."""
    return " ".join(re.sub(r"[\"',()\[\]\\]", " ", text).split())


def is_run_by(command, path):
    """Whether a test's command is this file, or all modules of its folder, or a helper's in it."""
    path = pathlib.Path(path)
    words = [pathlib.Path(word) for word in command]
    return path in words or path.parent in words or path.parent in {w.parent for w in words}


def own_command(command):
    """A test's command as it would be typed in the folder of its program."""
    return " ".join([f"./{pathlib.Path(command[0]).name}", *command[1:]])


class Judge:
    """Says what is wrong with an entry, None if nothing is."""

    def __init__(self, build, root=reading.ROOT):
        self._suites = suites(build)
        self._root = root

    def complaint(self, entry):
        how, _, name = entry.holder.partition(" ")
        judges = {"ctest": self._of_a_suite, "make": self._of_a_target, "ci": self._of_ci}
        return judges[how](entry, name) if how in judges else f"nobody knows a '{how}'"

    def _of_a_suite(self, entry, name):
        if name not in self._suites:
            return f"no test '{name}'"
        command = self._suites[name]
        if not entry.file:
            is_own = own_command(command) == entry.command
            return None if is_own else f"'{name}' runs {own_command(command)}"
        if not is_run_by(command, self._root / entry.file):
            return f"'{name}' has nothing to do with {entry.file}"
        return self._in_file(entry)

    def _of_a_target(self, entry, name):
        is_itself = entry.command.startswith("make ")
        try:
            said = recipe(entry.command if is_itself else f"make {name}", self._root)
        except LookupError as error:
            return str(error)
        what = str(pathlib.Path(entry.file).parent) if entry.file else entry.words
        if not what or what not in said:
            return f"it does not run '{what}'"
        return self._in_file(entry) if entry.file else None

    def _of_ci(self, entry, _name):
        return self._in_file(entry)

    def _in_file(self, entry):
        path = self._root / entry.file
        if not path.is_file():
            return f"no file {entry.file}"
        words = entry.words or entry.command
        return None if plain(words) in plain(path.read_text()) else f"{entry.file} has no '{words}'"


def keys_of(command, sections):
    """What the table may call a command: itself, or the section that it stands in."""
    return [command.text, f"{command.document}: {sections[command]}"]


def sections_of(commands, root=reading.ROOT):
    """The heading above each command."""
    found = {}
    for command in commands:
        page = reading.prose((root / command.document).read_text()).splitlines()
        above = [line for line in page[:command.line] if re.match("#+ ", line)]
        found[command] = above[-1].lstrip("# ") if above else ""
    return found


def unaccounted(commands, table, root=reading.ROOT):
    """(commands that no entry holds, entries that hold no command)."""
    sections = sections_of(commands, root)
    named = {entry.command for entry in table}
    missing = [command for command in commands if not MOVES.match(command.text)
               and not named & set(keys_of(command, sections))]
    held = {key for command in commands for key in keys_of(command, sections)}
    return missing, sorted(named - held)


def build_folder():
    return pathlib.Path(os.environ.get("TALLY_BUILD", reading.ROOT / "build/test"))
