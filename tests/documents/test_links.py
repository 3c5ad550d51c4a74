# SPDX-License-Identifier: Apache-2.0
"""What documents point at is there: files, folders, headings, and the lines that they quote."""
import functools
import pathlib
import re
import subprocess
import unittest

import reading
from reading import ROOT

ROOMS = ("agent", "port", "boards", "tests", "cmake", "toolchains")
SUFFIXES = "c|h|def|py|sh|md|cmake|txt|mk|pin|conf|tsv|cddl|ledger|sql|js|html|css|in|cpp"
# A file by its name alone, or by a path that begins in this repository.
FILE = re.compile(rf"[\w.-]+\.({SUFFIXES})")
PATH = re.compile(rf"({'|'.join(ROOMS)})/[\w./-]*")
# Of other projects, of the reader's own, or made by what the page describes.
STRANGERS = {"player.c", "main.c", "agent.o", "CMakeLists.txt", "tally_config.h"}


@functools.cache
def tracked():
    names = subprocess.run(["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
                           cwd=ROOT, check=True, capture_output=True, text=True).stdout
    return {name for name in names.split("\0") if name and (ROOT / name).exists()}


@functools.cache
def basenames():
    return {pathlib.PurePath(name).name for name in tracked()}


def dead_links(document, text):
    """Links into this repository that lead nowhere."""
    folder = (ROOT / document).parent
    found = []
    for line, target in reading.links(text):
        place, _, heading = target.partition("#")
        if re.match("[a-z]+:", target):
            continue
        path = (folder / place).resolve() if place else ROOT / document
        if not path.exists() or not path.is_relative_to(ROOT):
            found.append(f"{document}:{line}: {target}")
        elif heading and heading not in reading.anchors(path.read_text() if place else text):
            found.append(f"{document}:{line}: {target}: no such heading")
    return found


def missing_files(document, text):
    """Files named in sentences that this repository does not have."""
    folder = (ROOT / document).parent
    found = []
    for quoted in re.findall(r"`([^`\n]+)`", reading.prose(text)):
        word = quoted.split()[0]
        if PATH.fullmatch(word):
            there = (ROOT / word).exists() or (folder / word).exists()
        elif FILE.fullmatch(word):
            there = word in basenames() | STRANGERS
        else:
            continue
        if not there:
            found.append(f"{document}: {word}")
    return found


class Links(unittest.TestCase):
    def test_links_lead_somewhere(self):
        for name in reading.documents():
            with self.subTest(document=name):
                self.assertEqual(dead_links(name, (ROOT / name).read_text()), [])

    def test_files_that_are_named_exist(self):
        for name in reading.documents():
            with self.subTest(document=name):
                self.assertEqual(missing_files(name, (ROOT / name).read_text()), [])

    def test_dead_ones_are_found(self):
        page = ("# Page\n\n"
                "[a](README.md) [b](nowhere.md) [c](#page) [d](#pages) [e](../README.md)\n"
                "`agent/src/hook.c` `agent/src/hock.c` `hook.c` `hock.c`\n")
        self.assertEqual(dead_links("README.md", page),
                         ["README.md:3: nowhere.md", "README.md:3: #pages: no such heading",
                          "README.md:3: ../README.md"])
        self.assertEqual(missing_files("README.md", page),
                         ["README.md: agent/src/hock.c", "README.md: hock.c"])

    def test_every_document_is_reached_from_the_first(self):
        reached, left = set(), ["README.md"]
        while left:
            name = left.pop()
            reached.add(name)
            for _, target in reading.links((ROOT / name).read_text()):
                path = ((ROOT / name).parent / target.partition("#")[0]).resolve()
                inside = path.relative_to(ROOT).as_posix() if path.is_relative_to(ROOT) else ""
                for page in (inside, f"{inside}/README.md"):
                    if page.endswith(".md") and page in tracked() and page not in reached:
                        left.append(page)
        self.assertEqual(set(reading.documents()) - reached, set())


if __name__ == "__main__":
    unittest.main()
