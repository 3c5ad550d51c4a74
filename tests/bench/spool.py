# SPDX-License-Identifier: Apache-2.0
"""The spool on a part that counts, its mount, what it keeps in 2 KiB of RAM, and its power cuts."""
import json

import instructions

MOUNTS = 20


def printed(run, program, *arguments):
    """(name, value, unit) of each line of JSON that a program prints."""
    for line in run(program, *arguments).splitlines():
        row = json.loads(line)
        yield row["name"], row["value"], row["unit"]


def heartbeat_bytes(run, operations):
    sizes = dict(line.split() for line in run(operations, "bytes").splitlines())
    return sizes["report.quiet_heartbeat.bytes"]


def cut_figures(run, cuts):
    """Both halves of what `make test` plays."""
    halves = [json.loads(run(cuts, "quick", half).splitlines()[-1]) for half in ("1", "2")]
    for name in ("scenarios", "lost", "corrupt", "stuck", "refused"):
        yield f"spool.cuts.{name}", sum(half[name] for half in halves), "images"


def figures(run, operations, programs):
    """(name, value, unit) of each; `programs` are on flash, in RAM, and the power cuts."""
    flash, small, cuts = programs
    yield from printed(run, flash)
    yield ("spool.mount.instructions", instructions.cost(run, flash, "mount", MOUNTS),
           "instructions")
    yield from printed(run, small, heartbeat_bytes(run, operations))
    yield from cut_figures(run, cuts)
