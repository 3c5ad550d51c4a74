# SPDX-License-Identifier: Apache-2.0
"""tally-decode, the first argument of the command line, as the tests call it."""
import json
import os
import subprocess
import sys

import scripts

TALLY_DECODE = os.path.abspath(sys.argv.pop(1))
SYSTEMS = ("datazoom", "appinsights", "kaltura", "nanostream", "theoplayer")


def run(*arguments, given=b""):
    return subprocess.run([TALLY_DECODE, *arguments], input=given, timeout=60, check=False,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE)


def registry():
    return scripts.Registry(json.loads(run("--registry").stdout))


def export(system, given):
    """The events of a good input."""
    result = run("--as", system, given=given)
    if result.returncode != 0:
        raise AssertionError(result.stderr.decode())
    if system == "datazoom":
        return json.loads(result.stdout)
    return [json.loads(line) for line in result.stdout.splitlines()]
