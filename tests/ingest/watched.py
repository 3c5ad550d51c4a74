# SPDX-License-Identifier: Apache-2.0
"""Evenings in front of made-up devices, drawn from a seed: what is true of them, and what an agent
would have told. The truth is added up of what was decided; nothing of it comes from a record.
"""
import dataclasses
import math
import random

EPOCH_MS = 1_800_000_000_000
HEARTBEAT_MS = 120_000
VIEWING_MS = 300_000
LATE_ZAP_MS = 5000
ASTRAY_MS = 7 * 3_600_000  # how wrong an unchecked clock is
MODELS = (("Aurora", "stb", "Linux 6"), ("Helios", "tv", "Android 12"), ("Nimbus", "stick", "RDK 4"))
TAGS = ("sport,live", "drama", "news, local,", "")
LABELS = ("cup", "news")
CDNS = ("cdn-a.example", "cdn-b.example")
CLOCKS = ("right", "late", "astray", "never", "uploads")
KEYS = {"play_attempts": "pa", "first_plays": "fp", "play_time": "pt", "stalled_time": "sd",
        "stalls": "sc", "paused_time": "pd", "joining_time": "jt", "zapping_time": "zt",
        "idle_time": "it", "elapsed_time": "xe", "buffering_time": "bd", "bitrate_media": "bm",
        "bitrate_time": "bw", "startup_time": "su", "zap_time": "zp", "start_failures": "sf",
        "playback_failures": "pf", "exits_before_start": "xs", "refusals": "en", "errors": "er"}
GAUGES = ("startup_time", "zap_time")
STOPS = {"user": 1, "error": 2, "zap": 5, "refused": 17}
UNSEEN = {"rtp_expected": 0, "rtp_lost": 0}  # a stream of which nothing has come yet
EVERYTHING = {"p": (1 << 50) - 1, "r": (1 << 23) - 1}


@dataclasses.dataclass
class Watched:
    """One session: its states one behind the other, (name, ms, kbit/s) each."""
    number: int
    opened_ms: int
    is_zap: bool
    dimensions: dict
    segments: list
    outcome: str  # watched, exit, start_failure, playback_failure, refused
    is_sampled: bool = True

    @property
    def asked_ms(self):
        return self.opened_ms + sum(ms for name, ms, _ in self.segments if name == "idle")

    @property
    def closed_ms(self):
        return self.opened_ms + sum(ms for _, ms, _ in self.segments)

    @property
    def is_folded(self):
        is_short = self.is_zap and self.closed_ms - self.opened_ms < LATE_ZAP_MS \
            and self.outcome != "playback_failure"
        return is_short or not self.is_sampled

    @property
    def stop_reason(self):
        if self.outcome.endswith("failure"):
            return "error"
        return "refused" if self.outcome == "refused" else "zap" if self.is_zap else "user"

    def figures(self, until_ms):
        """What is true of it by then."""
        is_over = until_ms >= self.closed_ms
        figures = {"elapsed_time": min(until_ms, self.closed_ms) - self.opened_ms}
        at_ms = self.opened_ms
        for name, ms, kbps in self.segments:
            spent = min(ms, until_ms - at_ms)
            if spent <= 0:
                break
            add(figures, f"{name}_time", spent)
            add(figures, "stalls", int(name == "stalled"))
            if name == "play":
                add(figures, "bitrate_time", spent)
                add(figures, "bitrate_media", spent * kbps)
            at_ms += ms
        figures["play_attempts"] = int(until_ms >= self.asked_ms)
        figures["buffering_time"] = sum(figures.get(f"{name}_time", 0)
                                        for name in ("joining", "zapping", "stalled"))
        if self.outcome in ("watched", "playback_failure"):
            self._started(figures, until_ms)
        if is_over:
            self._ended(figures)
        return {name: value for name, value in figures.items() if value}

    def _started(self, figures, until_ms):
        waited_ms = sum(ms for name, ms, _ in self.segments if name in ("joining", "zapping"))
        if until_ms >= self.asked_ms + waited_ms:
            figures["first_plays"] = 1
            figures["zap_time" if self.is_zap else "startup_time"] = waited_ms

    def _ended(self, figures):
        if self.outcome == "exit":
            figures["exits_before_start"] = 1
        elif self.outcome == "refused":
            figures["refusals"] = 1
        elif self.outcome.endswith("failure"):
            figures[self.outcome + "s"] = figures["errors"] = 1

    def streams(self, until_ms):
        """Of each of its RTP streams, of which every pause begins another: 100 packets a second
        played, of which each stall loses 7."""
        told, at_ms = [dict(UNSEEN)], self.opened_ms
        for name, ms, _ in self.segments:
            spent = min(ms, until_ms - at_ms)
            if spent <= 0:
                break
            if name == "paused":
                told.append(dict(UNSEEN))
            elif name == "stalled":
                told[-1]["rtp_lost"] += 7
            elif name == "play":
                told[-1]["rtp_expected"] += spent // 10
            at_ms += ms
        return told

    def all_streams(self, until_ms):
        told = self.streams(until_ms)
        return {name: sum(each[name] for each in told) for name in UNSEEN}


def add(figures, name, amount):
    figures[name] = figures.get(name, 0) + amount


class Evening:
    """One boot of a device: sessions until it is put out, or cut off in the middle of one."""

    def __init__(self, chance, number, boot, began_ms):
        self.chance = chance
        self.boot = boot
        self.began_ms = began_ms
        self.clock = chance.choice(CLOCKS)
        self.synced_ms = chance.randrange(40_000, 900_000)
        self.sampling_ppm = chance.choice((1_000_000, 1_000_000, 500_000))
        self.sessions = []
        self._watch(number)
        self.is_cut = chance.random() < 0.5
        last = self.sessions[-1]
        if self.is_cut:
            last.is_sampled, last.is_zap, last.outcome = True, False, "watched"
            last.segments = [("idle", 50, 0), ("joining", 900, 0), ("play", 3_000_000, 2500)]
        self.ended_ms = last.opened_ms + chance.randrange(1000, 900_000) if self.is_cut \
            else last.closed_ms + 1000

    def _watch(self, number):
        at_ms = 30_000
        for session in range(1, self.chance.randrange(6, 14)):
            watched = self._session(session, at_ms, number)
            self.sessions.append(watched)
            at_ms = watched.closed_ms + self.chance.choice((0, 300, 60_000, 1_200_000))

    def _session(self, number, at_ms, device):
        chance = self.chance
        is_zap = number > 1 and chance.random() < 0.4
        outcome = "watched" if is_zap else chance.choice(
            ("watched",) * 5 + ("exit", "start_failure", "playback_failure", "refused"))
        segments = [] if is_zap else [("idle", chance.choice((0, 40, 700)), 0)]
        segments.append(("zapping" if is_zap else "joining", int(chance.lognormvariate(7, 1)) + 1, 0))
        if outcome in ("watched", "playback_failure"):
            segments += self._screen(is_zap)
        dimensions = {"content_id": f"c-{chance.randrange(5)}", "cdn_host": chance.choice(CDNS),
                      "event_label": chance.choice(LABELS), "tags": chance.choice(TAGS),
                      "player_name": "house", "player_version": f"1.{device % 2}"}
        return Watched(number, at_ms, is_zap, dimensions, segments, outcome,
                       chance.randrange(1_000_000) < self.sampling_ppm)

    def _screen(self, is_zap):
        chance = self.chance
        if is_zap and chance.random() < 0.6:
            return [("play", chance.randrange(1, 2000), 1200)]
        segments = []
        for _ in range(chance.randrange(1, 6)):
            segments.append(("play", chance.randrange(1, 700_000), chance.choice((800, 2500, 6000))))
            segments.append((chance.choice(("stalled", "paused")), chance.randrange(1, 30_000), 0))
        return segments

    # --- what is true ----------------------------------------------------------------------------

    def plan(self, device, is_last):
        return {**device, "boot": self.boot,
                "booted_at_ms": None if self.clock == "never" else self.began_ms,
                "sessions": [self._truth(session, is_last) for session in self.sessions]}

    def _truth(self, session, is_last):
        told_to = self._told_to(session)
        is_cut = told_to < session.closed_ms
        has_figures = not is_cut or told_to > session.asked_ms
        return {"number": session.number, "kind": "zap" if session.is_zap else "playback",
                "told": not session.is_folded, "dimensions": session.dimensions,
                "asked_at_ms": session.asked_ms, "told_to_ms": told_to,
                "closed_at_ms": session.closed_ms,
                "standing": ("open" if is_last else "cut") if is_cut else "ended",
                "stop_reason": None if is_cut else session.stop_reason,
                "weight": 1_000_000 // self.sampling_ppm,
                "figures": session.figures(told_to) if has_figures else {},
                "counted": session.figures(self.ended_ms),
                "streams": session.all_streams(told_to) if has_figures else {}}

    def _told_to(self, session):
        if session.closed_ms <= self.ended_ms:
            return session.closed_ms
        beats = (self.ended_ms - session.opened_ms) // HEARTBEAT_MS
        return session.opened_ms + beats * HEARTBEAT_MS if beats else session.asked_ms

    # --- what is told ----------------------------------------------------------------------------

    def records(self, device, previous_boot):
        told = [self._boot(device, previous_boot),
                (20, {"k": "a", "a": {"a3": self.sampling_ppm}})]
        told += self._clocks()
        for session in self.sessions:
            told += [] if session.is_folded else self._of_session(session)
        for at_ms in [*range(VIEWING_MS, self.ended_ms, VIEWING_MS), self.ended_ms]:
            told.append((at_ms, {"k": "v", **self._viewing(at_ms)}))
        told = sorted((each for each in told if each[0] <= self.ended_ms), key=lambda each: each[0])
        return [self._dated({**fields, "q": seq, "u": at_ms})
                for seq, (at_ms, fields) in enumerate(told)]

    @staticmethod
    def _boot(device, previous_boot):
        about = {"dm": device["model"], "dt": device["type"], "os": device["os"],
                 "fw": device["firmware"]}
        if previous_boot is not None:
            about["bb"] = previous_boot
        return 0, {"k": "b", "b": about, "c": EVERYTHING}

    def _clocks(self):
        if self.clock == "astray":
            yield 25, {"k": "c"}
        if self.clock in ("late", "astray"):
            yield min(self.synced_ms, self.ended_ms), {"k": "c"}

    def _wall(self, at_ms):
        """Unix ms by the device's clock, None while it has none."""
        is_synced = at_ms >= min(self.synced_ms, self.ended_ms)
        if self.clock in ("never", "uploads") or (self.clock == "late" and not is_synced):
            return None
        return self.began_ms + at_ms - (0 if self.clock != "astray" or is_synced else ASTRAY_MS)

    def _dated(self, record):
        wall = self._wall(record["u"])
        return record if wall is None else {**record, "w": wall}

    def _of_session(self, session):
        number, dimensions = session.number, self._dimensions(session)
        start_ms = session.opened_ms + LATE_ZAP_MS if session.is_zap else session.asked_ms
        yield (min(start_ms, session.closed_ms),
               {"k": "s", "s": number, "c": EVERYTHING, "d": dimensions})
        for at_ms in range(session.opened_ms + HEARTBEAT_MS, session.closed_ms, HEARTBEAT_MS):
            yield at_ms, {"k": "h", "s": number, "p": self._figures(session, at_ms)}
            yield from self._streams(session, at_ms)
        if session.outcome.endswith("failure"):
            yield session.closed_ms, {"k": "e", "s": number, "e": {"et": 1, "ec": 4003, "ed": 4}}
        yield from self._streams(session, session.closed_ms)
        yield session.closed_ms, {
            "k": "x", "s": number, "d": dimensions,
            "p": {**self._figures(session, session.closed_ms), "sr": STOPS[session.stop_reason]}}

    @staticmethod
    def _streams(session, at_ms):
        """The one that is there, and the last word on one detached since the heartbeat before."""
        before = len(session.streams(at_ms - HEARTBEAT_MS))
        for number, stream in enumerate(session.streams(at_ms), 1):
            if number >= before:
                received = max(stream["rtp_expected"] - stream["rtp_lost"], 0)
                figures = {"rx": stream["rtp_expected"], "rl": stream["rtp_lost"], "rr": received}
                yield at_ms, {"k": "r", "s": session.number, "sn": number,
                              "r": {key: n for key, n in figures.items() if n or key == "rl"}}

    @staticmethod
    def _dimensions(session):
        keys = {"content_id": "ci", "cdn_host": "cd", "event_label": "ev", "tags": "tg",
                "player_name": "pn", "player_version": "pv"}
        return {"ki": int(session.is_zap),
                **{keys[name]: value for name, value in session.dimensions.items()}}

    @staticmethod
    def _figures(session, at_ms):
        return {KEYS[name]: value for name, value in session.figures(at_ms).items()}

    def _viewing(self, at_ms):
        opened = [each for each in self.sessions if each.opened_ms <= at_ms]
        folded = [each for each in opened if each.is_folded and each.closed_ms <= at_ms]
        so_far = [each.figures(at_ms) for each in opened]
        of_folded = [each.figures(at_ms) for each in folded]
        sums = {"go": len(opened), "gi": len(folded),
                "gw": sum(1 for each in folded if not each.is_sampled)}
        for key, name, figures in (
                ("gq", "play_attempts", so_far), ("gc", "first_plays", so_far),
                ("ge", "errors", so_far), ("gp", "first_plays", of_folded),
                ("gk", "play_time", of_folded), ("gl", "stalls", of_folded),
                ("gm", "stalled_time", of_folded), ("gx", "exits_before_start", of_folded)):
            sums[key] = sum(each.get(name, 0) for each in figures)
        spread = {key: histogram([each[name] for each in so_far if name in each])
                  for key, name in (("ha", "startup_time"), ("he", "zap_time"))}
        return {"g": {key: value for key, value in sums.items() if value},
                "h": {key: value for key, value in spread.items() if value}}

    def uploads(self, device, previous_boot):
        """(envelope, records) as they are sent; what is left at the end is sent by the next boot."""
        head = {"d": device["device"], "o": device["operator"], "b": self.boot, "v": 5}
        waiting, sent_ms = [], self.chance.randrange(60_000, 400_000)
        for record in self.records(device, previous_boot):
            if record["u"] > sent_ms:
                yield {**head, **self._sent(sent_ms)}, waiting
                waiting, sent_ms = [], record["u"] + self.chance.randrange(60_000, 900_000)
            waiting.append(record)
        yield head if self.clock != "uploads" else {**head, **self._sent(self.ended_ms)}, waiting

    def _sent(self, at_ms):
        wall = self.began_ms + at_ms if self.clock == "uploads" else self._wall(at_ms)
        return {"m": at_ms} if wall is None else {"m": at_ms, "t": wall}


def histogram(values):
    """[scale, zeros, offset, counts...] with at most 20 buckets; None if there is nothing."""
    some = [value for value in values if value > 0]
    for scale in range(3, -3, -1):
        places = [math.ceil(math.log2(value) * 2 ** scale) - 1 for value in some]
        if not places or max(places) - min(places) < 20:
            break
    if not values:
        return None
    zeros = len(values) - len(some)
    if not some:
        return [3, zeros, 0]
    return [scale, zeros, min(places),
            *(places.count(place) for place in range(min(places), max(places) + 1))]


class Household:
    """Devices with their evenings: `plans`, and `uploads` in the order of their devices."""

    def __init__(self, seed, devices=3, evenings=2):
        self.plans, self.uploads = [], []
        for number in range(devices):
            chance = random.Random(f"{seed}/{number}")
            model, kind, system = MODELS[number % len(MODELS)]
            device = {"device": f"stb-{number}", "operator": "operator-1", "model": model,
                      "type": kind, "os": system, "firmware": f"4.{number % 2}"}
            began_ms = EPOCH_MS + chance.randrange(3_600_000)
            for boot in range(1, evenings + 1):  # all devices have the same boots and sessions
                evening = Evening(chance, number, boot, began_ms)
                self.plans.append(evening.plan(device, boot == evenings))
                self.uploads += evening.uploads(device, boot - 1 or None)
                began_ms += evening.ended_ms + chance.randrange(1000, 7_200_000)

    def disturbed(self, chance):
        """All uploads in any order; some again, with another time of sending or none."""
        again = []
        for envelope, records in chance.sample(self.uploads, len(self.uploads) // 3):
            is_later = "t" in envelope and chance.random() < 0.5
            sent = {"m": envelope["m"] + 5000, "t": envelope["t"] + 5000} if is_later else {}
            head = {key: value for key, value in envelope.items() if key not in ("m", "t")}
            again.append(({**head, **sent}, records))
        told = self.uploads + again
        chance.shuffle(told)
        return [(envelope, chance.sample(records, len(records))) for envelope, records in told]
