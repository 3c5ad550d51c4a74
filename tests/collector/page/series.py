# SPDX-License-Identifier: Apache-2.0
"""Figures over time: what a plot draws, from records that hold cumulative counters."""

import collections
import itertools

from page.tables import MOST_STREAMS

LAST, CHANGE, RATE = "last", "change", "rate"

# `unit` is that of the plot, `scale` what a value of the wire is multiplied with to be in it; of a
# rate that is per ms. `quiet` is what is said in place of a plot of nothing but 0.
Line = collections.namedtuple("Line", "metric label how scale")
Plot = collections.namedtuple("Plot", "id title unit note quiet lines")

SESSION_PLOTS = (
    Plot("bitrate", "Bitrate", "kbit/s", "", "", (
        Line("l.lv", "video, measured", LAST, 1), Line("l.la", "audio, measured", LAST, 1),
        Line("p.br", "rendition, declared", LAST, 1), Line("l.ln", "bandwidth estimate", LAST, 1),
        Line("r.ry", "RTP payload", RATE, 8), Line("j.j4", "WebRTC in", LAST, 1e-3),
        Line("o.oi", "WebRTC out", LAST, 1e-3))),
    Plot("buffer", "Buffer", "s", "Media ahead of the playhead.", "", (
        Line("l.lb", "buffer", LAST, 1e-3), Line("l.lg", "goal", LAST, 1e-3))),
    Plot("loss", "Loss", "packets", "In each interval.", "No packet was lost.", (
        Line("r.rl", "RTP lost", CHANGE, 1), Line("r.rb", "recovered", CHANGE, 1),
        Line("r.rd", "duplicates", CHANGE, 1), Line("r.ro", "out of order", CHANGE, 1),
        Line("t.tc", "TS continuity errors", CHANGE, 1), Line("j.jl", "WebRTC lost", CHANGE, 1),
        Line("o.ol", "lost at receiver", CHANGE, 1))),
    Plot("jitter", "Jitter", "ms", "", "", (
        Line("r.rj", "RTP interarrival", LAST, 1e-3), Line("j.jj", "WebRTC in", LAST, 1e-3),
        Line("o.om", "at receiver", LAST, 1e-3))),
    Plot("arrival", "Arrival against the stream's clock", "ms", "Of the last second.", "", (
        Line("t.ti", "spread against PCR", LAST, 1e-3),
        Line("t.t4", "delay factor", LAST, 1e-3))),
    Plot("frames", "Frames shown", "frames/s", "", "", (
        Line("f.fr", "rendered", RATE, 1e3), Line("f.fc", "decoded", RATE, 1e3),
        Line("j.j1", "WebRTC rendered", RATE, 1e3), Line("o.oc", "WebRTC sent", RATE, 1e3))),
    Plot("damage", "Frames not shown", "frames", "In each interval.", "Every frame was shown.", (
        Line("f.fk", "dropped", CHANGE, 1), Line("f.fm", "lost", CHANGE, 1),
        Line("f.fb", "corrupted", CHANGE, 1), Line("f.fx", "concealed", CHANGE, 1),
        Line("f.fn", "freezes", CHANGE, 1), Line("j.jk", "WebRTC dropped", CHANGE, 1),
        Line("j.js", "WebRTC freezes", CHANGE, 1))),
)
HEALTH_PLOTS = (
    Plot("queue", "Waiting", "s", "", "", (
        Line("a.aq", "oldest record of an upload", LAST, 1e-3),
        Line("a.aj", "answer of the server", LAST, 1e-3))),
    Plot("failures", "Uploads that failed", "uploads", "In each interval.", "No upload failed.", (
        Line("a.an", "network", CHANGE, 1), Line("a.at", "TLS", CHANGE, 1),
        Line("a.af", "not HTTP", CHANGE, 1), Line("a.ar", "refused by a server", CHANGE, 1),
        Line("a.u0", "portal", CHANGE, 1))),
    Plot("drops", "Records given up", "records", "In each interval.", "No record was given up.", (
        Line("a.ad", "routine, evicted", CHANGE, 1), Line("a.ud", "urgent, evicted", CHANGE, 1),
        Line("a.ao", "not made", CHANGE, 1), Line("a.aa", "expired", CHANGE, 1),
        Line("a.u1", "refused one by one", CHANGE, 1))),
    Plot("memory", "Static memory", "KiB", "The most in use at once since boot.", "", (
        Line("a.ap", "spool", LAST, 1 / 1024), Line("a.ah", "TLS heap", LAST, 1 / 1024),
        Line("a.as", "agent's stack", LAST, 1 / 1024),
        Line("n.hh", "network stack's heap", LAST, 1 / 1024))),
)


def streams(records, group):
    """[(number, records with this group)] of each stream, the highest ones of many; what is of no
    stream has None."""
    found = collections.defaultdict(list)
    for record in records:
        if isinstance(record.fields.get(group), dict):
            found[record.stream].append(record)
    return sorted(found.items(), key=lambda item: item[0] or 0)[-MOST_STREAMS:]


def values(records, line):
    """[(uptime, what was told)]: of a level the last value; None where nothing was told."""
    group, key = line.metric.split(".")
    told = ((record.uptime_ms, record.fields[group].get(key)) for record in records)
    return [(at, value[0] if isinstance(value, list) and value else value) for at, value in told]


def drawn(records, line):
    """([uptime], [value in the plot's unit]) of one stream."""
    told = values(records, line)
    if line.how == LAST:
        return [at for at, _ in told], [scaled(value, line.scale) for _, value in told]
    told = [(at, 0 if value is None else value) for at, value in told]
    if line.how == CHANGE:  # a counter begins at 0, but nobody tells when
        before = itertools.chain([0], (value for _, value in told))
        return [at for at, _ in told], [scaled(now - was, line.scale)
                                        for was, (_, now) in zip(before, told)]
    return [at for at, _ in told[1:]], [
        scaled(now - before, line.scale / (at - before_at)) if at > before_at else None
        for (before_at, before), (at, now) in zip(told, told[1:])]


def scaled(value, scale):
    return None if value is None else value if scale == 1 else round(value * scale, 3)


def is_measured(registry, line, records, declared):
    """Whether it was told of, or would have been if there had been anything to tell."""
    group, key = line.metric.split(".")
    if any(key in record.fields.get(group, ()) for record in records):
        return True
    return declared is not None and line.how != LAST and \
        any(group in record.fields for record in records) and \
        registry.is_declared(group, key, declared)


def plotted(registry, plot, records, declared):
    """One plot as JSON: its lines, and the names of those that the device does not measure."""
    lines, unmeasured = [], []
    for line in plot.lines:
        group, key = line.metric.split(".")
        if not is_measured(registry, line, records, declared):
            # A device that declares nothing of a group plays nothing that would need it.
            if declared and declared.get(group) and not registry.is_declared(group, key, declared):
                unmeasured.append(line.label)
            continue
        found = streams(records, group)
        for number, of_stream in found:
            times, told = drawn(of_stream, line)
            label = line.label if len(found) == 1 else f"{line.label}, stream {number}"
            lines.append({"metric": line.metric, "label": label, "how": line.how,
                          "stream": number, "at": times, "values": told})
    return {"id": plot.id, "title": plot.title, "unit": plot.unit, "note": plot.note,
            "quiet": plot.quiet, "lines": lines, "unmeasured": unmeasured}
