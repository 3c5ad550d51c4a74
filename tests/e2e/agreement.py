# SPDX-License-Identifier: Apache-2.0
"""Plan against report, row by row."""
import dataclasses
import math

# The receiver's clock reference comes every 40 ms, the picture's model looks about as often, and
# both machines share two cores; by how much that made the sender late, it measures itself.
CLOCK_MS = 150


@dataclasses.dataclass(frozen=True)
class Row:
    """Of a number, which may be higher by what is in doubt; or of a text, which is to be the same."""
    name: str
    plan: int
    report: int
    tolerance: int = 0
    doubt: int = 0

    @property
    def agrees(self):
        if isinstance(self.plan, str):
            return self.plan == self.report
        return (self.report is not None and self.plan - self.tolerance <= self.report
                <= self.plan + self.doubt + self.tolerance)

    @property
    def within(self):
        """In words, for a table."""
        doubt = f"+{self.doubt:,} in doubt" if self.doubt else ""
        exactness = f"+-{self.tolerance:,}" if self.tolerance else "" if doubt else "exact"
        return ", ".join(filter(None, (exactness, doubt)))


def shown(value):
    return "absent" if value is None else value if isinstance(value, str) else f"{value:,}"


def last(records, group):
    return records[-1][group] if records else {}


def of_stream(streams, group):
    """What is told of the only stream that there is; nothing without one."""
    if len(streams) > 1:
        raise AssertionError(f"{len(streams)} streams in place of one: {streams}")
    return last(streams, group)


def stream_rows(plan, rtp, ts):
    return [
        Row("packets expected", plan["rtp"]["expected"], rtp.get("rx", 0)),
        Row("packets received", plan["rtp"]["received"], rtp.get("rr", 0)),
        Row("packets lost", plan["rtp"]["lost"], rtp.get("rl")),
        Row("packets duplicated", plan["rtp"]["duplicates"], rtp.get("rd", 0)),
        Row("packets out of order", plan["rtp"]["out_of_order"], rtp.get("ro", 0)),
        Row("packets discarded", plan["rtp"]["discarded"], rtp.get("rg", 0)),
        Row("TS packets", plan["ts"]["packets"], ts.get("tp", 0)),
        Row("continuity errors", plan["ts"]["continuity_errors"], ts.get("tc", 0)),
    ]


@dataclasses.dataclass(frozen=True)
class Buffer:
    """How the receiver under test was configured."""
    start_ms: int
    resume_ms: int
    end_after_ms: int


def stalls_planned(plan, buffer):
    """A pause empties what was ahead and, behind it, the picture waits for the buffer again. A
    source that ends without a word is one more pause, which the receiver gives up on."""
    ahead = buffer.start_ms
    lengths = []
    for pause in plan["pauses"]:
        if pause["measured_s"] * 1000 > ahead:
            lengths.append(round(pause["measured_s"] * 1000) - ahead + buffer.resume_ms)
            ahead = buffer.resume_ms
    return lengths if plan["bye"] else lengths + [buffer.end_after_ms - ahead]


def session_rows(plan, joined_unix_ms, end, buffer):
    """`end` is the session's end record: what the device tells of its view."""
    playback = end["p"]
    stalls = stalls_planned(plan, buffer)
    startup_ms = plan["send_started_unix_ms"] - joined_unix_ms + buffer.start_ms
    slack_ms = CLOCK_MS + math.ceil(plan["latest_ms"])
    states = ("it", "jt", "pt", "pd", "sd", "ps", "sl", "tt")
    return [
        Row("first I-frame ms", startup_ms - buffer.start_ms, playback.get("fi"), slack_ms),
        Row("startup ms", startup_ms, playback.get("su"), slack_ms),
        Row("stalls", len(stalls), playback.get("sc", 0)),
        Row("stalled ms", sum(stalls), playback.get("sd", 0), slack_ms * max(1, len(stalls))),
        Row("play time ms", plan["media_ms"], playback.get("pt", 0), 2 * slack_ms),
        Row("sum of states ms", playback.get("xe", 0), sum(playback.get(s, 0) for s in states)),
    ]


def record_rows(rows, agent):
    """`rows` of the records table: every sequence number from 0 on, each once. `agent` is what the
    device says of itself."""
    stored = len(rows)
    made = max(row["seq"] for row in rows) + 1 if rows else 0
    keys = {(row["device"], row["boot"], row["seq"]) for row in rows}
    dropped = sum(agent.get(key, 0) for key in ("ad", "ae", "ao", "ud", "us"))
    return [
        Row("records made and stored", made, stored),
        Row("records lost", 0, made - len(keys)),
        Row("records stored twice", 0, stored - len(keys)),
        Row("drops the agent counted", 0, dropped),
    ]


def table(rows):
    told = [shown(value) for row in rows for value in (row.plan, row.report)]
    width = max(10, *map(len, told)) + 2 if told else 12
    lines = [f"{'':<26}{'plan':>{width}}{'report':>{width}}"]
    for row in rows:
        within = f"  ({row.within})" if row.tolerance or row.doubt else ""
        verdict = "" if row.agrees else "   DISAGREES"
        lines.append(f"{row.name:<26}{shown(row.plan):>{width}}{shown(row.report):>{width}}"
                     f"{within}{verdict}")
    return "\n".join(lines)
