# SPDX-License-Identifier: Apache-2.0
"""The uplink: its code, what an upload takes of the wire beside its records, and what draining a
spool costs. Over TLS against the real collector."""
import contextlib
import json
import pathlib
import re
import sys

import footprint
import instructions

TESTS = pathlib.Path(__file__).resolve().parents[1]
sys.path[:0] = [str(TESTS / "e2e"), str(TESTS / "collector")]
import harness  # noqa: E402
import scenario  # noqa: E402

# HTTP, the machine, when to try again, how much a day, and the reader of remote configuration.
CODE = re.compile(r"uplink|http|backoff|budget|remote|cbor_read")


@contextlib.contextmanager
def collector(folder):
    """(port, certificates) of a collector whose database is thrown away."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "ready.json").unlink(missing_ok=True)
    (folder / "tally.db").unlink(missing_ok=True)
    certs = scenario.make_certificates(folder / "certs")
    process = harness.CollectorProcess(str(certs), str(folder))
    try:
        yield str(process.port), certs
    finally:
        process.stop()


def rows(text):
    return [json.loads(line) for line in text.splitlines() if line.startswith("{")]


def drain_cost(run, program, *way):
    """Instructions a record, from the first look at the spool to the last record accepted."""
    records = rows(run(program, "fill", *way))[-1]["value"]
    drained, filled = (instructions.instructions(run, program, what, *way)
                       for what in ("drain", "fill"))
    return round((drained - filled) / records)


def figures(run, build, program):
    """(name, value, unit) of each."""
    files = footprint.flash_by_file(run, build / "footprint")
    code = sum(size for name, size in files.items() if CODE.match(name))
    yield "uplink.code.bytes", code, "bytes"
    with collector(build / "uplink") as (port, certs):
        for row in rows(run(program, "overhead", port, certs)):
            yield row["name"], row["value"], row["unit"]
        name = "uplink.drain_1MiB.{}instructions_per_record"
        yield (name.format(""), drain_cost(run, program, "tls", port, certs), "instructions")
        yield (name.format("clear_"), drain_cost(run, program, "clear"), "instructions")
