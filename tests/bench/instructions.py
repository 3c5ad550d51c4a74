# SPDX-License-Identifier: Apache-2.0
"""Instructions of the agent's operations on this machine, and the sizes of its records."""
import re

OPERATIONS = ("hook.counter", "rtp.packet", "ts.packet", "frames.rendered", "report.heartbeat",
              "spool.record150")
COUNT = 7000  # a multiple of the 7 TS packets of a datagram


def instructions(run, program, name, count):
    out = run("valgrind", "--tool=callgrind", "--callgrind-out-file=/dev/null", program, name,
              count)
    return int(re.search(r"Collected : (\d+)", out).group(1))


def cost(run, program, name):
    """Instructions of one operation: the difference of two runs leaves out all that is fixed."""
    more = instructions(run, program, name, 2 * COUNT) - instructions(run, program, name, COUNT)
    return round(more / COUNT, 1)


def encode_figures(run, program):
    """One record of 61 fields, and what TinyCBOR takes for the same bytes."""
    name = "report.encode61"
    ours, others = (cost(run, program, encoder) for encoder in ("tally", "tinycbor"))
    yield f"{name}.instructions", ours, "instructions"
    yield f"{name}.tinycbor_instructions", others, "instructions"
    yield f"{name}.tinycbor_ratio", round(others / ours, 2), "times"
    for line in run(program, "sizes").splitlines():
        size, value = line.split()
        yield f"{name}.{size}", int(value), size


def figures(run, program):
    """(name, value, unit) of each; `run` returns what a command prints."""
    event = cost(run, program, "hook.event.twice") - cost(run, program, "hook.event.once")
    yield "hook.event.instructions", round(event, 1), "instructions"
    for name in OPERATIONS:
        yield f"{name}.instructions", cost(run, program, name), "instructions"
    for line in run(program, "bytes").splitlines():
        name, value = line.split()
        yield name, int(value), "bytes"
