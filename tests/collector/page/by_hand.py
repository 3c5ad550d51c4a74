# SPDX-License-Identifier: Apache-2.0
"""A registry, records and a database made by hand, for the tests in this folder."""

import json
import pathlib
import sys

FOLDER = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(FOLDER.parent)]

from page.registry import Registry  # noqa: E402
from page.tables import Record  # noqa: E402


def metric(group, kind, unit, **more):
    return {"name": more.pop("name", "a_name"), "group": group, "kind": kind, "unit": unit,
            "meaning": "what it means", **more}


EVENTS = ("error", "fatal", "stall_begin", "stall_end", "first_frame", "pause", "resume", "seek",
          "seeked", "live_edge", "ended", "replay", "milestone", "rendition_auto", "rendition_user",
          "audio_track", "subtitle", "qualified_view", "refused", "suspend", "wake")
STATES = ("idle", "joining", "playing", "paused", "stalled", "paused_stalled", "seeking",
          "ad_joining", "ad_playing", "ad_stalled", "ended", "stopped", "failed")


def listed(names):
    return {str(value): name for value, name in enumerate(names)}


# The order within a group is that of the capability bits.
METRICS = {
    "ad": metric("a", "counter", "count"), "lh": metric("a", "gauge", "code"),
    "dm": metric("b", "text", "text"),
    "ki": metric("d", "enum", "session", values=listed(["playback", "zap"])),
    "ec": metric("e", "signed", "code"),
    "et": metric("e", "enum", "event", values=listed(EVENTS)),
    "lb": metric("l", "level", "ms"),
    "pt": metric("p", "duration", "ms"), "sc": metric("p", "counter", "count"),
    "se": metric("p", "enum", "state", values=listed(STATES)),
    "su": metric("p", "gauge", "ms"),
    "rl": metric("r", "signed", "count"), "rx": metric("r", "counter", "count"),
    "ry": metric("r", "counter", "bytes"),
}
REGISTRY = Registry(json.dumps({
    "version": 5, "kinds": {"h": "heartbeat", "x": "end"}, "groups": {"p": "playback"},
    "groups_of": {"a": "a", "b": "b", "e": "e", "h": "lp", "x": "dlp", "s": "d", "r": "r"},
    "metrics": METRICS}))


def heartbeat(uptime_ms, seq=1, kind="h", stream=None, **groups):
    """A record of session 1, as the page reads it of the database."""
    return Record(seq, 7, seq, kind, 1, stream, uptime_ms, None, "unknown", 0, 1,
                  {"k": kind, "q": seq, "u": uptime_ms, "s": 1, **groups})


def rtp(uptime_ms, seq=1, stream=1, **fields):
    """A record of an RTP stream."""
    return heartbeat(uptime_ms, seq, "r", stream, r=fields)


def happened(uptime_ms, name, seq=2, **more):
    return heartbeat(uptime_ms, seq, "e", e={"et": EVENTS.index(name), **more})
