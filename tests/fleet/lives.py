# SPDX-License-Identifier: Apache-2.0
"""Lives of simulated devices, drawn from a seed: a script for fleet_device, and what is true of it."""
import dataclasses
import random

from viewing import ERRORS, Player

MODELS = (("Aurora X4", "stb", "BCM72180"), ("Aurora X4 Pro", "stb", "BCM72180"),
          ("Helios 55", "tv", "MT9615"), ("Nimbus Stick", "stick", "S905Y4"))
SYSTEMS = ("Linux 5.15", "Linux 6.1", "Android TV 12", "RDK 2024Q3")
FIRMWARES = ("4.2.0", "4.2.1", "4.3.0-rc1")
PLAYERS = (("Shaka", "4.7"), ("ExoPlayer", "1.4.1"), ("ExoPlayer", "1.5.0"), ("house", "12"))
HOSTS = ("cdn-a.example.net", "cdn-b.example.net", "edge.example.org")
LABELS = ("cup-final", "news", "series-night")
TAGS = ("sport,live", "drama", "news,local")
REGIONS = ("north", "south", "west")
LADDER = (1200, 2500, 4500, 7500)
WALLS = ("0", "0", "unknown", "-3600000")  # right, not set since it booted, an hour behind
FATALS = ((4003, "network"), (3002, "media"), (2404, "stream"), (6001, "drm"))
SURVIVED = ((4010, "network"), (3100, "media"), (1007, "player"))
KINDS = ("film", "channel", "start_failure", "film", "exit", "zapping", "playback_failure", "standby",
         "refused", "film", "dried_up")


@dataclasses.dataclass
class Life:
    """A device for `seconds`: its script, and the plan of what has to come out of it."""
    plan: dict
    script: str


class Viewer:
    """Somebody in front of a device, who does one thing after the other until it is late."""

    def __init__(self, chance, number, hurry):
        self._chance = chance
        self._number = number
        self._hurry = hurry  # makes all shorter: 1 is as lively as two minutes allow
        self.player = Player(chance, self._some(200, 3000), LADDER)

    def live(self, until_ms):
        turn = self._number
        while True:
            getattr(self, "_" + KINDS[turn % len(KINDS)])()
            turn = turn + 1 if self._hurry < 1 else self._chance.randrange(len(KINDS))
            self.player.rest(self._some(200, 4000))
            if self.player.at_ms >= until_ms:
                return

    def _some(self, least, most):
        return max(round(self._chance.randint(least, most) * self._hurry), 1)

    def _dimensions(self, delivery, playback):
        chance = self._chance
        film = chance.randint(1, 40)
        name, version = PLAYERS[self._number % len(PLAYERS)]
        return {"content_id": f"c-{film:03}", "content_title": f"Film No. {film}",
                "cdn_host": chance.choice(HOSTS), "event_label": chance.choice(LABELS),
                "tags": chance.choice(TAGS), "player_name": name, "player_version": version,
                "viewer": f"v-{self._number:04}", "custom_1": chance.choice(REGIONS),
                "delivery": delivery, "playback_type": playback}

    def _ask(self, delivery, playback):
        self.player.open(self._dimensions(delivery, playback))
        self.player.ask(self._some(20, 300))
        self.player.join(self._some(150, 2500))

    def _something(self):
        """What happens while something plays."""
        player, chance = self.player, self._chance
        deed = chance.choice(("stall", "stall", "pause", "seek", "adapt", "adapt", "stumble",
                              "pause_in_stall"))
        if deed == "stall":
            player.stall(self._some(300, 4000))
        elif deed == "pause":
            player.pause(self._some(500, 6000))
        elif deed == "seek":
            player.seek(self._some(100, 1500))
        elif deed == "adapt":
            player.adapt()
        elif deed == "stumble":
            player.stumble(*chance.choice(SURVIVED))
        else:
            player.stall(self._some(600, 3000), paused_ms=self._some(500, 3000))

    def _watch(self, most_deeds):
        self.player.play(self._some(2000, 7000))
        for _ in range(self._chance.randint(1, most_deeds)):
            self._something()
            self.player.play(self._some(1500, 6000))

    def _begin(self, delivery=None, playback="vod"):
        self._ask(delivery or self._chance.choice(("hls", "dash")), playback)
        self.player.start()

    # --- kinds of sessions -----------------------------------------------------------------------

    def _film(self):
        self._begin()
        self._watch(4)
        if self._chance.random() < 0.5:
            self.player.end()
            self.player.close("completed")
        else:
            self.player.close("user")

    def _channel(self):
        self._begin("rtp", "live")
        self._watch(3)
        self.player.close("user")

    def _zapping(self):
        """Some channels that nobody stays at, and one that somebody does."""
        self._begin("rtp", "live")
        self.player.play(self._some(1000, 4000))
        for _ in range(self._chance.randint(1, 3)):
            self.player.zap(self._dimensions("rtp", "live"))
            self.player.join(self._some(200, 900))
            self.player.start()
            self.player.play(self._some(500, 3500))
        self.player.zap(self._dimensions("rtp", "live"))
        self.player.join(self._some(200, 900))
        self.player.start()
        self.player.play(5000 + self._some(0, 4000))
        self.player.close("user")

    def _start_failure(self):
        self._ask("hls", "vod")
        self.player.fail(*self._chance.choice(FATALS))
        self.player.close("error")

    def _playback_failure(self):
        self._begin()
        self._watch(1)
        self.player.fail(*self._chance.choice(FATALS))
        self.player.close("error")

    def _exit(self):
        self._ask("dash", "vod")
        self.player.close("user")

    def _refused(self):
        self._ask("hls", "vod")
        self.player.refuse()
        self.player.close("refused")

    def _dried_up(self):
        """The buffer stays empty until the player gives up."""
        self._begin()
        self.player.play(self._some(1500, 4000))
        self.player.stall(self._some(1000, 4000))
        self.player.close("buffer")

    def _standby(self):
        self._begin()
        self.player.play(self._some(1500, 4000))
        self.player.stand_by(self._some(1500, 5000))
        self.player.play(self._some(1500, 4000))
        self.player.close("user")


def samples(chance, until_ms, period_ms):
    """What the device tells of itself, shortly before each upload."""
    received_kib = 0
    for at_ms in range(period_ms // 2, until_ms, period_ms):
        received_kib += chance.randint(100, 900)
        yield at_ms, (f"sample {chance.randint(50, 900)} {chance.randint(200, 900) * 1024}"
                      f" {chance.randint(45, 80) * 1000} {chance.randint(-85, -40)} {received_kib}")


def device_id(number):
    return f"fleet-{number:04}"


def make(seed, number, seconds, heartbeat_ms, upload_ms):
    """The life of device `number`, from 1. What is told at the end has two uploads' time."""
    chance = random.Random(f"{seed}/{number}")
    model, kind, soc = MODELS[number % len(MODELS)]
    head = {"device": device_id(number), "operator": "operator-1", "type": kind, "model": model,
            "soc": soc, "os": chance.choice(SYSTEMS), "firmware": chance.choice(FIRMWARES),
            "heartbeat": heartbeat_ms, "upload": upload_ms, "wall": WALLS[number % len(WALLS)]}
    viewer = Viewer(chance, number, 1 if seconds >= 60 else 0.2)
    viewer.live(seconds * 1000 * 3 // 4)
    player = viewer.player
    end_ms = max(player.at_ms + upload_ms, seconds * 1000 - upload_ms)
    lines = player.lines + list(samples(chance, end_ms, upload_ms))
    lines.append((end_ms, lines[-1][1]))
    lines.sort(key=lambda line: line[0])
    script = "".join(f"{name} {value}\n" for name, value in head.items())
    script += "".join(f"{at_ms} {what}\n" for at_ms, what in lines)
    plan = {**head, "end_ms": end_ms,
            "sessions": [dataclasses.asdict(session) for session in player.sessions]}
    return Life(plan, script)
