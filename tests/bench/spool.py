# SPDX-License-Identifier: Apache-2.0
"""The spool on a part that counts, its mount, and what it keeps in 2 KiB of RAM."""
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


def figures(run, operations, programs):
    """(name, value, unit) of each; `programs` are on flash and in RAM."""
    flash, small = programs
    yield from printed(run, flash)
    yield ("spool.mount.instructions", instructions.cost(run, flash, "mount", MOUNTS),
           "instructions")
    yield from printed(run, small, heartbeat_bytes(run, operations))
