# SPDX-License-Identifier: Apache-2.0
"""What a player told tally, of the plugin that writes its calls down, or of the records of the whole
line: both as one View."""
import dataclasses
import json

STOPS = ("completed", "user", "error", "source_stopped", "shutdown", "zap", "buffer",
         "connection_closed", "server_not_found", "stream_not_found", "interaction_required",
         "suspended", "reconnect", "destroyed", "restarted", "hidden", "not_enough_data", "refused",
         "player_died")


@dataclasses.dataclass
class View:
    """Of one session."""
    startup_ms: int = None
    startup_playing_ms: int = None
    stalls: int = 0
    stalled_ms: int = 0
    pauses: int = 0
    paused_ms: int = 0
    seeks: int = 0
    seeking_ms: int = 0
    play_ms: int = 0
    elapsed_ms: int = 0
    states_ms: int = 0
    errors: int = 0
    error_class: int = None
    start_failures: int = 0
    playback_failures: int = 0
    rendition_changes: int = 0
    frames: int = 0
    source: str = ""
    stop: str = None


def of_record(record, frames):
    """The View of an end record; `frames` are the last ones of the session's videos."""
    p = record["p"]
    states = ("it", "jt", "pt", "pd", "sd", "ps", "sl", "tt", "zt", "zd")
    return View(
        startup_ms=p.get("su"), startup_playing_ms=p.get("sy"), stalls=p.get("sc", 0),
        stalled_ms=p.get("sd", 0), pauses=p.get("pc", 0), paused_ms=p.get("pd", 0),
        seeks=p.get("sk", 0), seeking_ms=p.get("sl", 0), play_ms=p.get("pt", 0),
        elapsed_ms=p.get("xe", 0), states_ms=sum(p.get(state, 0) for state in states),
        errors=p.get("er", 0), error_class=p.get("eg"), start_failures=p.get("sf", 0),
        playback_failures=p.get("pf", 0), rendition_changes=p.get("rc", 0),
        frames=sum(video["f"].get("fr", 0) for video in frames),
        source=record.get("d", {}).get("sq", ""), stop=STOPS[p["sr"]])


class Log:
    """The calls of one process, each a map; see hook_log.c."""

    def __init__(self, path):
        self.calls = [json.loads(line) for line in path.read_text().splitlines()]

    def sessions(self):
        return sorted({call["session"] for call in self.calls if call.get("session")})

    def events(self, session):
        return [call for call in self.calls
                if call["call"] == "tell" and call["session"] == session]

    def hooks(self, session):
        return [event["hook"] for event in self.events(session)]

    def value(self, session, metric):
        """The last one set, a number or a text."""
        of_metric = [call for call in self.calls if call.get("session") == session
                     and call.get("metric") == metric]
        return (of_metric[-1].get("value", of_metric[-1].get("text")) if of_metric else None)

    def frames(self, session):
        values = [call["values"] for call in self.calls if call.get("session") == session
                  and call.get("group") == "FRAMES" and "values" in call]
        return values[-1] if values else {}

    def stalls(self, session):
        """When they began, and when they ended."""
        return [[event["at"] for event in self.events(session) if event["hook"] == hook]
                for hook in ("BUFFERING_BEGIN", "BUFFERING_END")]

    def view(self, session):
        """Durations from the times of the hooks, by the book."""
        fold = Fold()
        for event in self.events(session):
            fold.take(event)
        fold.view.source = self.value(session, "SOURCE") or ""
        fold.view.frames = self.frames(session).get("FRAMES_RENDERED", 0)
        return fold.view


class Fold:
    """A session by the rules of agent/METRICS.md, as short as these tests need it: no ads."""
    MOVES = {
        "PLAY": {"idle": "joining"},
        "FIRST_FRAME": {"joining": "playing"},
        "PAUSE": {"playing": "paused", "stalled": "paused_stalled", "joining": "paused_joining"},
        "RESUME": {"paused": "playing", "paused_stalled": "stalled", "paused_joining": "joining"},
        "BUFFERING_BEGIN": {"playing": "stalled", "paused": "paused_stalled"},
        "BUFFERING_END": {"stalled": "playing", "paused_stalled": "paused"},
        "SEEK_BEGIN": dict.fromkeys(("playing", "paused", "stalled", "paused_stalled"), "seeking"),
        "SEEK_END": {"seeking": "playing"},
        "REPLAY": {"over": "seeking"},
    }

    def __init__(self):
        self.view = View()
        self._state = "idle"
        self._since_ms = self._open_ms = None
        self._joined_ms = 0
        self._bitrate = None

    def take(self, event):
        hook, at_ms = event["hook"], event["at"]
        if self._since_ms is None:
            self._since_ms = self._open_ms = at_ms
        self._count(hook, event)
        if hook in ("END", "FATAL", "CLOSE"):
            self._enter("over", at_ms)
        target = self.MOVES.get(hook, {}).get(self._state)
        if target:
            self._enter(target, at_ms)
        if hook == "FIRST_FRAME":
            self.view.startup_ms = self._joined_ms
        if hook == "CLOSE":
            self.view.stop = STOPS[event["code"]]
            self.view.elapsed_ms = at_ms - self._open_ms

    def _enter(self, state, at_ms):
        lasted_ms = at_ms - self._since_ms
        self.view.states_ms += lasted_ms
        if self._state == "joining":
            self._joined_ms += lasted_ms
        attribute = {"stalled": "stalled_ms", "paused": "paused_ms", "seeking": "seeking_ms",
                     "playing": "play_ms"}.get(self._state)
        if attribute:
            setattr(self.view, attribute, getattr(self.view, attribute) + lasted_ms)
        self._state, self._since_ms = state, at_ms

    def _count(self, hook, event):
        view = self.view
        view.stalls += hook == "BUFFERING_BEGIN" and self._state in ("playing", "paused")
        view.pauses += hook == "PAUSE"
        view.seeks += hook == "SEEK_BEGIN"
        if hook in ("ERROR", "FATAL"):
            view.errors += 1
            view.error_class = event["detail"]
        if hook == "FATAL":
            view.start_failures += view.startup_ms is None
            view.playback_failures += view.startup_ms is not None
        if hook == "RENDITION":
            view.rendition_changes += self._bitrate not in (None, event["code"])
            self._bitrate = event["code"]
