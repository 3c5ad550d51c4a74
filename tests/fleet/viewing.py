# SPDX-License-Identifier: Apache-2.0
"""One session of a simulated viewer: what the player tells, and what is true of it.

The truth is added up here, of what was decided, by the definitions of the metrics; nothing of it
comes from an agent. Figures have the names of the registry.
"""
import dataclasses

TICK_MS = 1000        # how often a player tells where it is
FRAMES_A_SECOND = 25
DATAGRAMS_A_SECOND = 25
LATE_ZAP_MS = 5000    # a zap that ends earlier has no records of its own
STOPS = {"completed": 0, "user": 1, "error": 2, "zap": 5, "buffer": 6, "refused": 17}
ERRORS = {"player": 1, "stream": 2, "media": 3, "network": 4, "drm": 6}
DELIVERIES = {"hls": 1, "dash": 2, "rtp": 3}
PLAYBACKS = {"vod": 0, "live": 1}
DIMENSIONS = {"content_id": "ci", "content_title": "ct", "cdn_host": "cd", "event_label": "ev",
              "tags": "tg", "player_name": "pn", "player_version": "pv", "viewer": "vi",
              "custom_1": "c0"}
BUFFERING = ("joining_time", "zapping_time", "seeking_time", "stalled_time", "paused_stalled_time")


@dataclasses.dataclass
class Session:
    """What is true of a session. Times are ms since the device booted."""
    number: int
    kind: str                  # playback or zap
    dimensions: dict
    opened_at_ms: int
    asked_at_ms: int = None
    first_frame_at_ms: int = None
    closed_at_ms: int = None
    stop_reason: str = None
    told: bool = True          # it has records of its own
    stalls: list = dataclasses.field(default_factory=list)  # [at, how long]
    figures: dict = dataclasses.field(default_factory=dict)
    streams: dict = dataclasses.field(default_factory=dict)  # figures of RTP, TS and frames

    def count(self, name, amount=1):
        self.figures[name] = self.figures.get(name, 0) + amount


class Player:
    """Plays sessions one behind the other; `at_ms` is how far the device's life has come."""

    def __init__(self, chance, at_ms, ladder):
        self.chance = chance
        self.at_ms = at_ms
        self.lines = []
        self.sessions = []
        self._ladder = ladder
        self._kbps = 0
        self._position_ms = 0

    @property
    def session(self):
        return self.sessions[-1]

    def say(self, verb, *words):
        self.lines.append((self.at_ms, " ".join([verb, "0", *map(str, words)])))

    def rest(self, ms):
        """Nothing plays."""
        self.at_ms += ms

    def spend(self, state, ms):
        self.session.count(f"{state}_time", ms)
        self.at_ms += ms

    # --- the beginning and the end ---------------------------------------------------------------

    def open(self, dimensions):
        self.say("open")
        self._begin("playback", dimensions)

    def zap(self, dimensions):
        self._detach()
        self.say("zap")
        self._over("zap")
        self._begin("zap", dimensions)
        self._ask()

    def _begin(self, kind, dimensions):
        self.sessions.append(Session(len(self.sessions) + 1, kind, dimensions, self.at_ms))
        self._kbps = 0
        self._position_ms = 0
        for name, key in DIMENSIONS.items():
            self.say("text", key, dimensions[name])
        self.say("set", "dy", DELIVERIES[dimensions["delivery"]])
        self.say("set", "pl", PLAYBACKS[dimensions["playback_type"]])
        self.say("set", "hd", 2)

    def ask(self, idle_ms):
        self.say("tell", "source")
        self.spend("idle", idle_ms)
        self.say("tell", "play")
        self._ask()

    def _ask(self):
        self.session.asked_at_ms = self.at_ms
        self.session.count("play_attempts")

    def join(self, ms):
        """Until the first frame, or until it comes to nothing."""
        self.spend("zapping" if self.session.kind == "zap" else "joining", ms)

    def start(self):
        self.rendition(self._ladder[0])
        self.say("tell", "first_frame")
        self.say("tell", "playing")
        self.session.first_frame_at_ms = self.at_ms
        self.session.count("first_plays")
        self.session.figures["startup_time" if self.session.kind == "playback" else "zap_time"] = \
            self.at_ms - self.session.asked_at_ms
        self._attach()

    def fail(self, code, error_class):
        self.say("tell", "fatal", code, ERRORS[error_class])
        self.session.count("errors")
        self.session.count("start_failures" if self.session.first_frame_at_ms is None
                           else "playback_failures")
        self.session.figures["error_code"] = code
        self.session.figures["error_class"] = error_class
        self.spend("terminal", self.chance.randint(50, 300))

    def refuse(self):
        self.say("tell", "refused", 403)
        self.session.count("refusals")
        self.spend("terminal", self.chance.randint(50, 300))

    def end(self):
        self.say("tell", "end")
        self.spend("terminal", self.chance.randint(50, 300))

    def close(self, reason):
        self._detach()
        told = "user" if reason in ("error", "refused", "completed") else reason
        self.say("tell", "close", STOPS[told])
        self._over(reason)
        self.at_ms += self.chance.randint(100, 400)

    def _attach(self):
        self.say("attach", "frames")
        if self.session.dimensions["delivery"] == "rtp":
            self.say("attach", "rtp")

    def _detach(self):
        if self.session.first_frame_at_ms is not None:
            self.say("detach")

    def _over(self, reason):
        session = self.session
        session.closed_at_ms = self.at_ms
        session.stop_reason = reason
        figures = session.figures
        if session.asked_at_ms is not None and session.first_frame_at_ms is None \
                and not figures.get("start_failures") and not figures.get("refusals"):
            session.count("exits_before_start")
        figures["elapsed_time"] = session.closed_at_ms - session.opened_at_ms
        figures["buffering_time"] = sum(figures.get(name, 0) for name in BUFFERING)
        figures["stall_longest"] = max((ms for _, ms in session.stalls), default=None)
        if session.kind == "zap":
            session.told = figures["elapsed_time"] >= LATE_ZAP_MS or \
                bool(figures.get("playback_failures") or figures.get("start_failures"))

    # --- in between ------------------------------------------------------------------------------

    def rendition(self, kbps):
        self.say("tell", "rendition", kbps, 0)
        if self._kbps not in (0, kbps):
            self.session.count("rendition_changes")
            self.session.count("rendition_ups" if kbps > self._kbps else "rendition_downs")
        self._kbps = kbps

    def adapt(self):
        """The next rendition up or down."""
        at = self._ladder.index(self._kbps)
        steps = [step for step in (at - 1, at + 1) if 0 <= step < len(self._ladder)]
        self.rendition(self._ladder[self.chance.choice(steps)])

    def play(self, ms):
        while ms > 0:
            self._tick(min(ms, TICK_MS))
            ms -= TICK_MS

    def _tick(self, ms):
        decoded = FRAMES_A_SECOND * ms // 1000
        dropped = self.chance.choice((0, 0, 0, 0, 1)) if decoded > 5 else 0
        sent = lost = 0
        if self.session.dimensions["delivery"] == "rtp":
            sent = DATAGRAMS_A_SECOND * ms // 1000
            lost = self.chance.choice((0, 0, 0, 1, 2)) if sent > 5 else 0
        self.spend("play", ms)
        self._position_ms += ms
        self.session.count("bitrate_time", ms)
        self.session.count("bitrate_media", ms * self._kbps)
        self.say("media", ms, sent, lost, decoded, dropped)
        self._sum_streams(sent=sent, lost=lost, decoded=decoded, dropped=dropped)
        self.say("set", "pp", self._position_ms)
        self.say("set", "lb", self.chance.randint(2000, 12000))
        self.say("set", "lv", self._kbps * self.chance.randint(85, 110) // 100)
        self.say("set", "ln", self._kbps * self.chance.randint(120, 300) // 100)
        if sent == 0:
            self.say("add", "mq", 1)
            self.say("add", "mb", self._kbps * ms // 8)

    def _sum_streams(self, sent, lost, decoded, dropped):
        figures = {"frames_decoded": decoded, "frames_dropped": dropped}
        if sent > 0:
            figures.update(rtp_expected=sent, rtp_lost=lost)
        for name, amount in figures.items():
            self.session.streams[name] = self.session.streams.get(name, 0) + amount

    def stall(self, ms, paused_ms=0):
        """Runs dry; the viewer may pause in the middle of it."""
        at_ms = self.at_ms
        self.say("set", "lb", 0)
        self.say("tell", "buffering_begin")
        if paused_ms:
            self.spend("stalled", ms // 2)
            self.say("tell", "pause")
            self.spend("paused_stalled", paused_ms)
            self.say("tell", "resume")
            self.session.count("pauses")
            self.session.count("resumes")
        self.spend("stalled", ms - (ms // 2 if paused_ms else 0))
        self.say("tell", "buffering_end")
        self.session.count("stalls")
        self.session.stalls.append([at_ms, ms])

    def pause(self, ms):
        self.say("hold", 1)
        self.say("tell", "pause")
        self.spend("paused", ms)
        self.say("tell", "resume")
        self.say("hold", 0)
        self.session.count("pauses")
        self.session.count("resumes")

    def seek(self, ms):
        """Flushes what plays: what comes behind it are other streams."""
        self.say("tell", "seek_begin")
        self._detach()
        self._position_ms += self.chance.randint(-30_000, 120_000)
        self._position_ms = max(self._position_ms, 0)
        self.spend("seeking", ms)
        self.say("set", "pp", self._position_ms)
        self.say("tell", "seek_end")
        self._attach()
        self.session.count("seeks")

    def stumble(self, code, error_class):
        """An error that playback survives."""
        self.say("tell", "error", code, ERRORS[error_class])
        self.session.count("errors")
        self.session.figures["error_code"] = code
        self.session.figures["error_class"] = error_class

    def stand_by(self, ms):
        """The whole device sleeps."""
        self.say("hold", 1)
        self.lines.append((self.at_ms, "standby"))
        self.session.count("suspensions")
        self.spend("suspended", ms)
        self.lines.append((self.at_ms, "wake"))
        self.say("hold", 0)
