# SPDX-License-Identifier: Apache-2.0
"""Uploads and records, written down by SPEC.md and METRICS.md and by no agent."""
import cbor2

BOOT = 0xC0FFEE
EVENTS = ("error fatal stall_begin stall_end first_frame pause resume seek seeked live_edge ended "
          "replay milestone rendition_auto rendition_user audio_track subtitle qualified_view "
          "refused suspend wake source_switch custom ad_request ad_break_begin ad_break_end "
          "ad_loaded ad_impression ad_start ad_milestone ad_click ad_end ad_error").split()


def ordered(value):
    """Keys as deterministic CBOR has them: shorter first, then by their bytes."""
    if not isinstance(value, dict):
        return value
    return {key: ordered(value[key])
            for key in sorted(value, key=lambda key: (len(key), key.encode()))}


def encode(value):
    return cbor2.dumps(ordered(value))


def record(kind, sequence, uptime, **fields):
    return {"k": kind, "q": sequence, "u": uptime, **fields}


def event(sequence, uptime, name, session=1, code=None, detail=None, position=None, **fields):
    """An event record; what is None is absent."""
    told = {"et": EVENTS.index(name), "ec": code, "ed": detail, "ep": position}
    return record("e", sequence, uptime, s=session,
                  e={key: value for key, value in told.items() if value is not None}, **fields)


def upload(*records, boot=BOOT, device="stb-7", sent_uptime=None, sent_wall=None):
    """The body of a POST. Its keys stand in an order of their own, its array is indefinite."""
    times = {"m": sent_uptime, "t": sent_wall}
    head = {"v": 2, "d": device, "o": "op-1", "b": boot,
            **{key: value for key, value in times.items() if value is not None}}
    body = bytes([0xA0 + len(head) + 1])
    for key, value in head.items():
        body += cbor2.dumps(key) + cbor2.dumps(value)
    return body + cbor2.dumps("r") + b"\x9f" + b"".join(map(encode, records)) + b"\xff"


class Registry:
    """What `tally-decode --registry` says, for the bits of capability sets."""

    def __init__(self, registry):
        self._keys = {}
        for key, about in registry["metrics"].items():
            self._keys.setdefault(about["group"], []).append(key)

    def all_of(self, groups):
        return {group: (1 << len(self._keys[group])) - 1 for group in groups}

    def some_of(self, group, keys):
        return {group: sum(1 << self._keys[group].index(key) for key in keys.split())}


def datazoom(registry):
    """A session with WebRTC, up to a change of rendition. Urgent records come first, as they do."""
    declared = {**registry.all_of("abdeghilmpy"),
                **registry.some_of("j", "j4 j5 j6 j7 j8 j9 jb jj jl jp jw jx jy"),
                **registry.some_of("x", "xa xc xr xt")}
    # What these declare beyond the sample would be members that the sample does not have.
    declared["p"] ^= registry.some_of("p", "br su")["p"]
    boot = record("b", 0, 100, c=declared, b={
        "bn": "Chrome 123.0.0.0", "bt": "Europe/London", "dt": "stb", "fw": "fw-9",
        "os": "Mac OS X 10.15.7"})
    start = record("s", 1, 9700, s=1, d={
        "dh": 360, "dw": 640, "dy": 5, "ki": 0, "pi": "p-1", "pn": "Native Player",
        "rn": "1080p", "sq": "https://cdn.example/live"})
    agent = {"ag": -208, "aj": 115, "ak": 11, "al": 4, "aq": 56, "lh": 204}
    pair = {"xa": 300000, "xc": 2, "xr": 5000, "xt": 31000}
    audio = {"j4": 90000, "j6": 0, "j7": "audio/opus", "j8": "1", "j9": "ad9", "jb": 12000,
             "jj": 3000, "jl": 2, "jp": 50}
    video = {"j4": 1244344, "j5": 0, "j6": 1, "j7": "video/H264", "j8": "0", "j9": "dd8",
             "jb": 256532, "jj": 3000, "jl": 0, "jp": 1057, "jw": 960, "jx": 540, "jy": 29970}
    routine = [
        record("a", 2, 10000, a={**agent, "au": 2, "az": 2}),
        record("h", 3, 11000, s=1,
               p={"bd": 900, "er": 5, "fp": 1, "pa": 1, "pd": 50, "pp": 1500, "ps": 20, "pt": 1100,
                  "sc": 3, "sd": 500, "se": 2, "xe": 1300},
               i={"ie": 2, "if": 250, "in": 1, "ip": 1, "iu": 30, "ix": 600},
               l={"lb": [8000, 0, 9000, 5000, 1600], "ln": [4200, 4000, 5000, 4500, 1600],
                  "lr": [1250, 1000, 1250, 1100, 1600]},
               m={"m0": 0, "m1": 100, "ma": 1, "mg": 1, "mh": 1080, "mo": 0, "mr": 1000, "ms": 0,
                  "mu": 1, "mv": 80, "mw": 1920}),
        record("v", 4, 11000, g={"ga": 1, "gc": 23, "gd": 10900, "ge": 5, "gq": 24, "gs": 591}),
        record("j", 5, 11343, s=1, sn=2, j=audio, x=pair),
        record("j", 6, 11343, s=1, sn=1, j=video, x=pair),
        record("a", 7, 11500, a={**agent, "au": 4, "az": 5}),
        record("j", 8, 12343, s=1, sn=2, x=pair,
               j={**audio, "j4": 100952, "j5": 12500, "jb": 23460, "jj": 4000, "jl": -1,
                  "jp": 94}),
    ]
    change = event(9, 12400, "rendition_auto", code=4200, detail=2100, position=2686, y={
        "ya": 2500, "yb": 1600, "yc": 1900, "yd": 2400, "ye": 0, "yg": 1400, "yi": 2300,
        "yl": 700, "yn": 2000, "yq": 2600, "ys": 1500, "yt": 2100, "yu": 2757})
    sent = {"sent_uptime": 20000, "sent_wall": 1712167320000}
    return (upload(boot, change, **sent) + upload(start, *routine, **sent)
            + upload(change, start, **{**sent, "sent_uptime": 20001}))


def session(registry):
    """A film from its start to its end, with a bit of everything, all with wall times of u + 1000."""
    def at(uptime, made):
        return {**made, "w": uptime + 1000}

    dimensions = {
        "c0": "a", "c1": "b", "c2": "c", "c9": "j", "cd": "cdn.example", "cg": "drama",
        "ci": "film", "dx": "app", "dy": 6, "ev": "gala", "ki": 0, "mi": "video/mp4",
        "pe": "conf-1", "pg": "2.1", "ph": "html5", "pl": 0, "pn": "player", "pr": 2, "pv": "8.3",
        "rn": "hd", "sm": "stream-1", "sq": "https://cdn.example/film", "tg": "x,y", "vi": "v-9"}
    events = [("first_frame", {"position": 0}), ("seek", {"position": 1500}),
              ("seeked", {"code": 250, "position": 60000}),
              ("stall_begin", {"code": 1, "detail": 0, "position": 61000}),
              ("stall_end", {"code": 500, "detail": 0, "position": 61000}),
              ("pause", {}), ("resume", {}), ("milestone", {"code": 25}),
              ("milestone", {"code": 50}), ("milestone", {"code": 75}),
              ("milestone", {"code": 100}), ("milestone", {"code": 10}),
              ("rendition_user", {"code": 800, "detail": 2000}),
              ("rendition_auto", {"code": 2000, "detail": 800}),
              ("audio_track", {"code": 3}), ("subtitle", {"code": -1}),
              ("source_switch", {"code": 0}), ("source_switch", {"code": 1}),
              ("source_switch", {"code": 2}), ("source_switch", {"code": 3}),
              ("source_switch", {"code": 4}), ("source_switch", {"code": 5}),
              ("error", {"code": 0x30, "detail": 4}), ("ended", {}), ("replay", {}),
              ("fatal", {"code": 4001, "detail": 4})]
    first = {
        "p": {"bd": 400, "bm": 4000000, "br": 2000, "bw": 2000, "fp": 1, "pa": 1, "pp": 2500,
              "pt": 2000, "se": 2, "su": 300, "ut": 2000},
        "l": {"lb": [8000, 1000, 9000, 5000, 2000], "lf": [25000, 24000, 30000, 25500, 2000],
              "lg": [6000, 6000, 6000, 6000, 2000], "ln": [5000, 4000, 6000, 4500, 2000],
              "lr": [1000, 1000, 1000, 1000, 2000], "la": [128, 96, 160, 120, 2000],
              "lt": [3000, 2000, 4000, 3500, 2000], "lv": [1900, 800, 2400, 1800, 2000]},
        "m": {"m0": 0, "m3": 1, "mb": 1000000, "mc": 40, "md": 8000, "mf": 90, "mm": 60,
              "mn": 70, "mp": 200, "mq": 4, "mt": 150, "mu": 0, "mv": 50, "my": 300, "mz": 320,
              "n1": 2000, "n4": 3000}}
    last = {
        "p": {**first["p"], "bd": 1150, "bm": 10000000, "bw": 4000, "eo": 4001, "er": 2, "fu": 80,
              "pf": 1, "pp": 6400, "pt": 4000, "sc": 1, "sd": 500, "se": 12, "sk": 2, "sl": 250,
              "sr": 2, "ut": 3200},
        "l": {**first["l"], "lr": [1500, 1000, 1500, 1200, 4000]},
        "m": {**first["m"], "m0": 1, "m2": 500, "mb": 1500000, "me": 3, "mq": 6, "mu": 1, "mv": 40,
              "n1": 3000, "n2": 2, "n3": -7}}
    frames = [{"fb": 1, "fk": 4, "fr": 96}, {"fb": 3, "fk": 10, "fr": 190}]
    records = [record("b", 0, 0, c=registry.all_of("bdefghilmpvy"), w=1000,
                      b={"bn": "Chrome 123", "dt": "stb", "os": "Linux 6.1"}),
               at(100, record("s", 1, 100, s=1, d=dimensions)),
               at(900, record("f", 2, 900, s=1, sn=1, f=frames[0])),
               at(1000, record("h", 3, 1000, s=1, **first))]
    for number, (name, numbers) in enumerate(events):
        uptime = 2000 + 100 * number
        records.append(at(uptime, event(4 + number, uptime, name, y={"yu": uptime - 100},
                                        **numbers)))
    records += [at(8000, record("f", 50, 8000, s=1, sn=1, f=frames[1])),
                at(9000, record("x", 51, 9000, s=1, d={**dimensions, "em": "no route"}, **last))]
    return upload(*records)


def webcast(registry):
    """A device that publishes, with a WebRTC track of which two records tell."""
    sent = {"oj": 1, "ob": 100000, "oi": 1000000, "on": 160000, "op": 100, "ov": 500, "ow": 40000}
    return upload(
        record("b", 0, 0, c=registry.all_of("bdlmop"), w=1000),
        record("s", 1, 10, s=1, d={"ki": 2, "sm": "cam"}),
        record("h", 2, 100, s=1, p={"pt": 90000}, l={"la": [96, 90, 100, 95, 10],
                                                     "lv": [2000, 1000, 3000, 1800, 10]}),
        record("o", 3, 200, s=1, sn=1, o=sent),
        record("o", 4, 300, s=1, sn=1,
               o={**sent, "on": 250000, "op": 150, "ov": 600, "ow": 100000}))
