# SPDX-License-Identifier: Apache-2.0
"""The states of one session over time, as far as its records tell.

A heartbeat says how long each state took so far, to the millisecond, but not in which order. Events
say when a state began. Between two heartbeats the order is sure where only one state took any time,
or where the states that the events tell of took as long as the heartbeats say; where it is neither,
the span keeps the durations and says that their order is not known.
"""

import collections

# Durations of group p by state, less the one of group i that ads take of them: a state as well.
DURATIONS = {
    "idle": ("it", None), "joining": ("jt", "ij"), "zapping": ("zt", None),
    "playing": ("pt", "ix"), "paused": ("pd", "iu"), "stalled": ("sd", "ig"),
    "paused_stalled": ("ps", None), "seeking": ("sl", None), "suspended": ("zd", None),
    "over": ("tt", None),
}
ADS = {"ij": "ad_joining", "ix": "ad_playing", "iu": "ad_paused", "ig": "ad_stalled"}
OVER = {"ended", "stopped", "failed"}  # states that share one duration
# What the state is after an event, by its name; None: what it was before the last pause, seek or
# standby.
AFTER = {
    "first_frame": "playing", "stall_begin": "stalled", "stall_end": "playing", "pause": "paused",
    "resume": None, "seek": "seeking", "seeked": None, "suspend": "suspended", "wake": None,
    "ended": "over", "fatal": "over", "replay": "joining", "ad_break_begin": "ad_joining",
    "ad_start": "ad_playing", "ad_end": "ad_joining", "ad_break_end": "playing",
}
KEEPS_PLACE = {"pause", "seek", "suspend"}
IN_AD = {"stall_begin": "ad_stalled", "stall_end": "ad_playing"}
SAME_MS = 50  # an event is put on a heartbeat's clock when the agent hears of it

Change = collections.namedtuple("Change", "at seq state")  # uptime, its record, state from then on
Span = collections.namedtuple("Span", "begin end states sure")  # states: [(state, ms)], in order


def durations(fields):
    """How long each state took so far, in ms."""
    playback, ads = fields.get("p", {}), fields.get("i", {})
    took = {state: playback.get(key, 0) - ads.get(ad, 0) for state, (key, ad) in DURATIONS.items()}
    return {**took, **{state: ads.get(key, 0) for key, state in ADS.items()}}


def opened_ms(record):
    """The device's uptime when the session opened, by a record of its figures."""
    return record.uptime_ms - record.fields.get("p", {}).get("xe", 0)


def transitions(registry, start, events):
    """The Changes of a session's state: by its start, which is the play request, and by events."""
    state, before, found = None, None, []
    if start is not None:
        kind = registry.named("ki", start.fields.get("d", {}).get("ki"))
        found.append(Change(start.uptime_ms, start.seq,
                            "zapping" if kind == "zap" else "joining"))
    for event in events:
        about = event.fields.get("e", {})
        name = registry.named("et", about.get("et"))
        if name not in AFTER:
            continue
        if name in KEEPS_PLACE:
            before = state
        state = IN_AD[name] if name in IN_AD and about.get("ed") == 1 else AFTER[name] or before
        if name == "pause" and before == "stalled":
            state = "paused_stalled"
        if state:
            found.append(Change(event.uptime_ms, event.seq, state))
    return found


def path(begin, end, state, changes):
    """[(state, ms)] from begin to end, by the state at the beginning and what changed it."""
    parts, at = [], begin
    within = [change for change in changes if begin <= change.at <= end]
    for change in [*within, Change(end, None, None)]:
        if state is not None and change.at > at:
            parts.append((state, change.at - at))
        state, at = change.state, change.at
    return parts


def agrees(parts, took):
    """Whether the parts' durations are those that the heartbeats tell."""
    summed = collections.Counter()
    for state, took_ms in parts:
        summed[state] += took_ms
    return all(abs(summed[state] - took.get(state, 0)) <= SAME_MS for state in {*summed, *took})


def between(begin, end, took, state, changes):
    """The span between two heartbeats; `state` is the one at its beginning, if that is known."""
    took = {name: ms for name, ms in took.items() if ms > 0}
    parts = path(begin, end, state, changes)
    if agrees(parts, took):
        return Span(begin, end, parts, True)
    return Span(begin, end, sorted(took.items(), key=lambda item: item[0] != state), len(took) < 2)


def spans(registry, start, records, events):
    """The spans of a session, from its heartbeats and its end, oldest first."""
    if not records:
        return []
    changes = transitions(registry, start, events)
    at, before, state, found = opened_ms(records[0]), {}, "idle", []
    for record in records:
        told = durations(record.fields)
        took = {name: told[name] - before.get(name, 0) for name in told}
        if record.uptime_ms > at:
            found.append(between(at, record.uptime_ms, took, state, changes))
        at, before = record.uptime_ms, told
        state = state_of(registry, record) or state
    return found


def state_of(registry, record):
    """The state that a heartbeat tells, by the names that spans have."""
    name = registry.named("se", record.fields.get("p", {}).get("se"))
    return "over" if name in OVER else name


def merged(found):
    """Sure spans that go on with the same state as one: less to draw."""
    whole = []
    for span in found:
        for part in split(span):
            last = whole[-1] if whole else None
            if last and last.sure and part.sure and last.end == part.begin and \
                    last.states[0][0] == part.states[0][0]:
                took = last.states[0][1] + part.states[0][1]
                whole[-1] = Span(last.begin, part.end, [(part.states[0][0], took)], True)
            else:
                whole.append(part)
    return whole


def split(span):
    """A sure span as one for each of its states."""
    if not span.sure:
        return [span]
    parts, at = [], span.begin
    for state, took in span.states:
        parts.append(Span(at, min(at + took, span.end), [(state, took)], True))
        at += took
    return parts
