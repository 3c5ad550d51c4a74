# SPDX-License-Identifier: Apache-2.0
"""A project of somebody else's that takes tally in, as its developer would."""
import os
import pathlib
import re
import shutil
import subprocess
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
ACME = pathlib.Path(__file__).resolve().parent / "acme"
GUIDE = ROOT / "boards/README.md"
# Unoptimised is what compiles in the least time.
ENVIRONMENT = {"CMAKE_GENERATOR": "Ninja", "CMAKE_BUILD_PARALLEL_LEVEL": "2", "MAKEFLAGS": "-j2",
               "LC_ALL": "C"}


def run(*command, cwd, status=0, **environment):
    """What it says, both streams; it has to end with `status`."""
    done = subprocess.run([str(c) for c in command], cwd=cwd, text=True, check=False, timeout=600,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          env=os.environ | ENVIRONMENT | environment)
    if done.returncode != status:
        raise AssertionError(f"{command}: status {done.returncode}\n{done.stdout[-6000:]}")
    return done.stdout


def blocks(section, language):
    """The fenced blocks of a section of the guide."""
    text = re.search(rf"^### {re.escape(section)}\n(.*?)(?=^##)", GUIDE.read_text(),
                     re.DOTALL | re.MULTILINE)
    if text is None:
        raise AssertionError(f"no section '{section}' in {GUIDE}")
    return re.findall(rf"^```{language}\n(.*?)^```", text[1], re.DOTALL | re.MULTILINE)


def follow(section, folder, **environment):
    """Types what the guide says, in the folder of the project; what came of it."""
    (script,) = blocks(section, "sh")
    return run("bash", "-ec", script, cwd=folder, **environment)


class Way(unittest.TestCase):
    """One copy of the project for a whole class."""

    @classmethod
    def setUpClass(cls):
        scratch = tempfile.TemporaryDirectory()
        cls.addClassCleanup(scratch.cleanup)
        cls.scratch = pathlib.Path(scratch.name)
        cls.box = cls.scratch / "box"
        shutil.copytree(ACME, cls.box)
        (cls.box / "tally").symlink_to(ROOT)

    def folder(self):
        scratch = tempfile.TemporaryDirectory()
        self.addCleanup(scratch.cleanup)
        return pathlib.Path(scratch.name)

    def assert_zaps(self, program):
        """The program makes its four records."""
        self.assertIn("records waiting: 4\n", run(program, cwd=self.box))

    def assert_quotes(self, section, language, path):
        """What the guide shows of a file stands in it, line by line."""
        lines = [line.strip() for line in (self.box / path).read_text().splitlines()]
        for block in blocks(section, language):
            for line in block.splitlines():
                with self.subTest(line=line):
                    self.assertIn(line.strip(), lines)
