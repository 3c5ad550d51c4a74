# SPDX-License-Identifier: Apache-2.0
"""Databases of devices that never were: every figure that the page can show, and texts that a page
should beware of. All goes through the collector's own store."""
import pathlib
import random
import sys
import time

sys.path.append(str(pathlib.Path(__file__).resolve().parents[1] / "collector"))
import harness  # noqa: E402
import wire  # noqa: E402
from fields import Fields  # noqa: E402
from refusal import Refusal  # noqa: E402
from store import Store  # noqa: E402

DEVICE_GROUPS, SESSION_GROUPS = "abghnv", "deijlmoprtxy"
PLAYING, STALLED, ENDED = 2, 4, 10
STALL_BEGIN, STALL_END, FIRST_FRAME, END = 2, 3, 4, 10
HEARTBEAT_MS, DETACHED_MS = 1000, 300


class Life:
    """One boot of a device; what it `put`s is stored by upload()."""

    def __init__(self, database, registry, device, boot, booted_ms):
        self._database = database
        self.registry = registry
        self.device = device
        self.boot = boot
        self._booted_ms = booted_ms
        self._seq = 0
        self._waiting = []
        self.uptime_ms = 0

    def put(self, kind, session=None, **groups):
        own = {"w": self._booted_ms + self.uptime_ms, **groups}
        if session is not None:
            own["s"] = session
        self._waiting.append(harness.record(self._seq, kind, self.uptime_ms, **own))
        self._seq += 1

    def upload(self, registry=None):
        """`registry` is another version than ours, for a device that has that."""
        now_ms = time.time_ns() // 1_000_000
        data = harness.body(*self._waiting, device=self.device, boot=self.boot,
                            registry=registry or self.registry.version,
                            uptime_ms=self.uptime_ms, unix_ms=self._booted_ms + self.uptime_ms)
        body = wire.parse(data)
        Fields(self.registry.told).check(body)  # as the collector does
        store = Store(self._database)
        store.accept(body, now_ms, data)
        store.close()
        self._waiting = []

    def begin(self, **texts):
        about = {"dm": "model-1", "dt": "stb", "fw": "1.2.3", "gv": "0.1.0", "re": 1, **texts}
        self.put("b", b=about, c=self.registry.all_of(DEVICE_GROUPS))


class View:
    """One session of a life, of all groups that there are."""

    def __init__(self, life, number, seed, **texts):
        self._life = life
        self._number = number
        self._dice = random.Random(seed)
        self._about = {"ci": "channel-7", "pn": "player", "pv": "1.0", "dy": 3, "pl": 1, "ki": 0,
                       **texts}
        self._joined = self._dice.randrange(200, 2000)
        self._begun_ms = life.uptime_ms
        self._playback = {"pa": 1, "se": 1, "it": 1}
        self._seconds = 0
        self._streams = 0
        self._attached = {}  # number of the first of three streams: seconds that came before them
        life.put("s", number, d=self._about, c=life.registry.all_of("f" + SESSION_GROUPS))

    def attach(self):
        """Three streams, which count from 0: of RTP, of a transport stream and of frames."""
        self._attached[self._streams + 1] = self._seconds
        self._streams += 3

    def detach(self):
        """The oldest three are over, some time behind a heartbeat."""
        self._life.uptime_ms += DETACHED_MS
        self._add("pt", DETACHED_MS)
        first = min(self._attached)
        self._tell_streams(first, self._seconds - self._attached.pop(first))

    def start(self):
        self.attach()
        self._life.uptime_ms += self._joined
        self._playback.update(se=PLAYING, jt=self._joined, su=self._joined, fp=1,
                              fi=self._joined // 2, bd=self._joined)
        self._event(FIRST_FRAME)

    def play(self, seconds):
        for _ in range(seconds):
            self._life.uptime_ms += HEARTBEAT_MS
            self._seconds += 1
            self._add("pt", HEARTBEAT_MS)
            self._beat()

    def stall(self, length_ms):
        self._event(STALL_BEGIN, ec=self._playback.get("sc", 0) + 1)
        self._life.uptime_ms += length_ms
        self._playback["se"] = STALLED
        self._add("sc", 1)
        self._add("sd", length_ms)
        self._add("bd", length_ms)
        self._playback["mx"] = max(length_ms, self._playback.get("mx", 0))
        self._beat()
        self._playback["se"] = PLAYING
        self._event(STALL_END, ec=length_ms)

    def end(self):
        self._playback.update(se=ENDED, sr=0)
        self._event(END)
        self._life.put("x", self._number, d=self._about, l=self._levels(), p=self._so_far())

    def _event(self, number, **more):
        self._life.put("e", self._number, e={"et": number, "ec": 0, "ed": 0, **more})

    def _add(self, key, amount):
        self._playback[key] = self._playback.get(key, 0) + amount

    def _so_far(self):
        return {**self._playback, "xe": self._life.uptime_ms - self._begun_ms, "br": 4500,
                "bm": self._playback.get("pt", 0) * 4500, "bw": self._playback.get("pt", 0)}

    def _levels(self):
        most = 4000 + self._seconds
        last = self._dice.randrange(800, most)
        return {"lb": [last, 400, most, 2000 + self._seconds, 1000 * self._seconds],
                "ln": [7000, 500, 9000, 6100, 1000 * self._seconds],
                "lf": [25000, 24000, 25000, 24990, 1000 * self._seconds]}

    def _beat(self):
        self._life.put("h", self._number, p=self._so_far(), l=self._levels(), i={"in": 1},
                       m={"mw": 1280, "mh": 720, "md": 40000})
        for first, before in self._attached.items():
            self._tell_streams(first, self._seconds - before)

    def _tell_streams(self, first, so_far):
        """After so many seconds of them, of the first at a rate of its own."""
        put, number, rate = self._life.put, self._number, 590_000 // first
        put("r", number, sn=first, r={"rx": 450 * so_far, "rr": 448 * so_far, "rl": 2 * so_far,
                                      "rj": self._dice.randrange(300, 4000), "rh": 90000,
                                      "ry": rate * so_far, "rd": so_far, "ro": 1})
        put("t", number, sn=first + 1, t={"tp": 3100 * so_far, "tc": so_far // 3 + 1})
        put("f", number, sn=first + 2, f={"fr": 25 * so_far, "fk": so_far // 4 + 1,
                                          "fc": 25 * so_far + 2, "f8": 1280, "f9": 720})


def about_itself(life, uploads):
    life.put("a", a={"am": 40 * uploads, "ap": 4096 + uploads, "au": uploads, "az": uploads + 2,
                     "an": 2, "aj": 6, "aq": 900, "lh": 204, "ad": 3, "ab": 9000 * uploads,
                     "a3": 1_000_000, "ag": -244, "as": 4280, "le": -14},
             n={"bh": 1, "hh": 512})
    life.put("d", v={"va": 115, "vb": 500_891_648, "vc": 1 << 31, "vf": 48_500, "vg": -61})
    life.put("v", g={"gc": 1, "go": 1, "gq": 1, "gd": life.uptime_ms},
             h={"ha": [3, 0, 75, 1], "hb": [3, 0, 92, 1]})


class Street:
    """A database with as many devices as are asked for, each with a view that goes on."""

    def __init__(self, database, registry):
        self.database = database
        self._registry = registry
        self._now_ms = time.time_ns() // 1_000_000
        self._boots = random.Random(7)

    def move_in(self, device, seconds=20, about=None, watching=None):
        """A device that was watched for so long: its life, and the view that it is in."""
        life = Life(self.database, self._registry, device, self._boots.getrandbits(53),
                    self._now_ms - 120_000)
        life.begin(**(about or {}))
        life.uptime_ms = 400
        view = View(life, 1, device, **(watching or {}))
        view.start()
        view.play(seconds // 2)
        view.stall(1500)
        view.play(seconds - seconds // 2)
        about_itself(life, 4)
        life.upload()
        return life, view

    def refuse(self, device, status, reason):
        store = Store(self.database)
        store.refuse(device, time.time_ns() // 1_000_000, 100, Refusal(status, reason))
        store.close()


HOSTILE = {
    "markup": "<img src=x onerror=\"document.title='owned'\">",
    "script": "</td></script><script>document.title='owned'</script>",
    "template": "${document.title='owned'}{{constructor.constructor('document.title=1')()}}",
    "right to left": "\u202e\u05d0\u05d1\u05d2 model \u0627\u0644\u0639",
    "control": "a\u0000b\u001b[31mc\u2028d\u2029e\u007f",
    "long": "W" * 1000,
    "wide": "\U0001f4fa" * 200,
    "url": "javascript:document.title='owned'",
    "prototype": "__proto__",
}
