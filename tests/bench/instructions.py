# SPDX-License-Identifier: Apache-2.0
"""Instructions of the agent's operations on this machine, and the sizes of its records."""
import pathlib
import re

OPERATIONS = ("hook.counter", "rtp.packet", "frames.frame", "report.quiet_heartbeat",
              "spool.record150")
COUNT = 7000
MAKE_MEDIA = pathlib.Path(__file__).resolve().parents[1] / "media" / "make_media.sh"
MEDIA = "media.ts", "10", "4000"  # file, seconds, kbit/s
DATAGRAM = 7 * 188


def instructions(run, program, name, count, *more):
    out = run("valgrind", "--tool=callgrind", "--callgrind-out-file=/dev/null", program, name,
              count, *more)
    return int(re.search(r"Collected : (\d+)", out).group(1))


def cost(run, program, name, count=COUNT):
    """Instructions of one operation: the difference of two runs leaves out all that is fixed."""
    more = instructions(run, program, name, 2 * count) - instructions(run, program, name, count)
    return round(more / count, 1)


def ts_figures(run, program, build):
    """A packet of a real file, mean over all of it."""
    media = build / MEDIA[0]
    run(MAKE_MEDIA, media, *MEDIA[1:])
    packets = media.stat().st_size // DATAGRAM * 7
    once, twice = (instructions(run, program, "ts.file", passes, media) for passes in (1, 2))
    yield "ts.packet.instructions", round((twice - once) / packets, 1), "instructions"


def step_figures(run, program):
    """How a step grows with sessions, and whether events cost more the more there were."""
    one, four = (cost(run, program, f"step.sessions{n}") for n in (1, 4))
    yield "step.session.instructions", one, "instructions"
    yield "step.sessions4_over_1.ratio", round(four / one, 2), "times"
    few, many = (cost(run, program, "step.events", total // 2) for total in (1000, 1000000))
    yield "step.event.instructions", many, "instructions"
    yield "step.events1e6_over_1e3.ratio", round(many / few, 3), "times"


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


def figures(run, program, build):
    """(name, value, unit) of each; `run` returns what a command prints."""
    event = cost(run, program, "hook.event.twice") - cost(run, program, "hook.event.once")
    yield "hook.event.instructions", round(event, 1), "instructions"
    for name in OPERATIONS:
        yield f"{name}.instructions", cost(run, program, name), "instructions"
    yield from ts_figures(run, program, build)
    yield from step_figures(run, program)
    for line in run(program, "bytes").splitlines():
        name, value = line.split()
        yield name, int(value), "bytes"
