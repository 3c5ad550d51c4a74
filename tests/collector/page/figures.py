# SPDX-License-Identifier: Apache-2.0
"""Figures that no record holds by itself: worked out from several of them, without a database."""

import statistics

from page import series, timeline

# How long a device may be silent before it counts as late: so many of its usual pauses between two
# uploads, or where it made one upload only, so long.
PATIENCE = 3
LEAST_PAUSE_MS = 5_000
FIRST_PAUSE_MS = 300_000
CUT = "cut"  # a session whose boot is over and that has no end: its last heartbeat stands


def late_after_ms(received):
    """The age of its last upload at which a device is late; `received` in any order, unix ms."""
    times = sorted(received)
    pauses = [now - before for before, now in zip(times, times[1:])]
    usual = statistics.median(pauses) if pauses else FIRST_PAUSE_MS
    return round(PATIENCE * max(usual, LEAST_PAUSE_MS))


def state_now(registry, start, last, events, is_boot_over):
    """(state, what tells it) of a session; `last` is its last heartbeat or its end, or None."""
    if last is not None and last.kind == "x":
        return registry.named("se", last.fields.get("p", {}).get("se")), "end"
    if is_boot_over:
        return CUT, "boot"
    # What was told behind the heartbeat the heartbeat did not know, whenever it happened.
    changes = [change for change in timeline.transitions(registry, start, events)
               if last is None or change.seq > last.seq]
    if changes:
        is_start = start is not None and changes[-1].seq == start.seq
        return changes[-1].state, "start" if is_start else "event"
    if last is not None:
        return registry.named("se", last.fields.get("p", {}).get("se")), "heartbeat"
    return None, "nothing"


def loss_ppm(streams):
    """Packets lost of those expected, by the last record of each stream; None where none were."""
    lost = expected = 0
    for record in streams:
        rtp, inbound = record.fields.get("r", {}), record.fields.get("j", {})
        lost += rtp.get("rl", 0) + inbound.get("jl", 0)
        expected += rtp.get("rx", 0) + inbound.get("jp", 0) + inbound.get("jl", 0)
    return round(1e6 * lost / expected) if expected > 0 else None


def is_over(record, heartbeat):
    """Whether a stream had no record with the last heartbeat; `record` is its last one."""
    return heartbeat is not None and record.seq < heartbeat.seq


def received_kbps(streams):
    """What RTP streams brought between their last two records; of each these two, newest first."""
    line = series.Line("r.ry", "", series.RATE, 8)
    oldest_first = [record for stream in streams for record in stream[::-1]]
    rates = [rate for _, stream in series.streams(oldest_first, "r")
             for rate in series.drawn(stream, line)[1] if rate is not None]
    return round(sum(rates)) if rates else None


def declared_at(declarations, record):
    """The capability set in force when a record was made; None if none was told so far."""
    sets = [each.fields["c"] for each in declarations if each.seq <= record.seq]
    sets = [each for each in sets if isinstance(each, dict)]
    return sets[-1] if sets else None


def wall_offset(records):
    """Unix ms of uptime 0, by the last record whose time is known; None if none is."""
    known = [record for record in records if record.wall_ms is not None]
    return known[-1].wall_ms - known[-1].uptime_ms if known else None
