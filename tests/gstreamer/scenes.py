# SPDX-License-Identifier: Apache-2.0
"""Plays media from a server with a plan, and keeps what server and screen say of it."""
import concurrent.futures
import contextlib
import dataclasses
import os
import pathlib
import subprocess
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent / "e2e"), str(HERE.parent / "collector")]

import ladder  # noqa: E402
import oracle  # noqa: E402
import player  # noqa: E402
import serving  # noqa: E402
from player import gst_launch, gst_play  # noqa: E402
from undisturbed import StoodStill  # noqa: E402

MEDIA = pathlib.Path(os.environ.get("TALLY_GST_MEDIA", HERE.parents[1] / "build" / "gst-media"))
FRAME_MS = 1000 / ladder.FPS
RUNS_MOST = 5
# What no plan asked for and is as long could be taken for a stall: a pause to buffer, or pictures that
# come late because this machine stood still. Where it all adds up to more, a run proves nothing.
HELD_DOUBT_MS = 80
STARVED_DOUBT_MS = 120
DOUBT_MOST_MS = 3000
# Planned ones are seconds: what is left of one that is shorter says that something else stood still.
PLANNED_LEAST_MS = 500
# A rate below this starves every rendition.
STARVING_KBPS = 100


@dataclasses.dataclass(frozen=True)
class Scene:
    name: str
    path: str
    program: object
    playbin3: bool = False
    plan: dict = dataclasses.field(default_factory=dict)
    stalls: int = 0       # that the plan forces
    renditions: int = 1   # at least so many pictures of different size
    script: object = None  # called with the player and the server, once it runs
    seconds: int = 60     # in which it is over

    def within(self, **more):
        return dataclasses.replace(self, **more)


@dataclasses.dataclass
class Run:
    scene: Scene
    folder: pathlib.Path
    player: player.Player
    served: serving.Served
    status: int
    screen: oracle.Screen = None

    def excused(self):
        """(from, to) of each pause that the viewer asked for; the last may have no end."""
        presses = [at for at, key in self.player.told if key == "pause"]
        ends = presses[1::2] + [float("inf")]
        return list(zip(presses[0::2], ends))

    def holes(self):
        """(from, to) of when the plan gave nothing, but at the start."""
        mark_ms = self.served.log("mark")[0]["at_ms"]
        rates = self.scene.plan.get("rates", [])
        return [(mark_ms + begin * 1000, mark_ms + end * 1000)
                for (begin, kbps), (end, _) in zip(rates, rates[1:])
                if begin > 0 and kbps is not None and kbps < STARVING_KBPS]

    def startup_ms(self):
        """From play asked for to the first picture that is rendered, or was to be and came late."""
        first_ms = min(self.screen.dropped[:1] + self.screen.frames[:1])
        return first_ms - self.screen.asked_ms("PLAYING")

    def startup_doubt_ms(self):
        return self.screen.frames[0] - self.screen.asked_ms("PLAYING") - self.startup_ms()

    def _gaps(self):
        return self.screen.gaps(FRAME_MS, HELD_DOUBT_MS, self.excused())

    def stalls(self):
        """Those that the plan forces: they last until it gives again."""
        return [gap for gap in self._gaps() if gap.least_ms >= PLANNED_LEAST_MS
                and any(gap.still_ms < end < gap.stirs_ms for _, end in self.holes())]

    def doubts(self):
        """What may or may not be taken for a stall."""
        planned = self.stalls()
        return [gap for gap in self._gaps() if gap not in planned
                and (gap.is_held or gap.length_ms >= STARVED_DOUBT_MS)]

    def more_stalls(self):
        """Than planned, at most: as many as there are silences, where sound comes and goes."""
        return (sum(max(1, gap.silences) for gap in self.doubts())
                + sum(stall.silences - 1 for stall in self.stalls()))

    def stalled_ms(self):
        """At least; up to doubt_ms() more."""
        return sum(stall.least_ms for stall in self.stalls())

    def doubt_ms(self):
        return (sum(gap.length_ms for gap in self.doubts())
                + sum(stall.length_ms - stall.least_ms for stall in self.stalls()))

    def assert_undisturbed(self):
        """Raises StoodStill unless the plan came true on screen and little else happened."""
        planned, found = self.scene.stalls, len(self.stalls())
        if found != planned or self.doubt_ms() > DOUBT_MOST_MS:
            raise StoodStill(f"{self.scene.name}: {found} of {planned} stalls, {self.doubt_ms():.0f} ms "
                             f"in doubt, server {self.served.latest_ms()} ms late, {self.folder}")


def registry(plugin):
    """Where GStreamer keeps what it knows of its plugins: made once, or each player would scan."""
    name = plugin.name if plugin else "plain"
    path = MEDIA / f"registry-{name}.bin"
    if not path.exists():
        environ = player.environment(MEDIA, path, plugin, GST_DEBUG="none", TALLY_HOOK_LOG="/dev/null")
        subprocess.run(["gst-inspect-1.0", "playbin"], env=environ, check=True,
                       stdout=subprocess.DEVNULL, stdin=subprocess.DEVNULL)
    return path


def play_once(scene, folder, plugin=None, **environ):
    """One run of a scene, ended by itself or by its script."""
    served = serving.Served(folder, MEDIA, scene.plan)
    with contextlib.ExitStack() as stack:
        stack.callback(served.stop)
        command = scene.program(served.url(scene.path), scene.playbin3)
        running = player.Player(folder, command, player.environment(
            folder, registry(plugin), plugin, **environ))
        stack.callback(running.stop)
        if scene.script:
            scene.script(running, served)
        status = running.wait(scene.seconds)
    return Run(scene, folder, running, served, status, running.screen())


def play(scene, holder, plugin=None, before=None, **environ):
    """The first run of a scene in which this machine did not stand still. `before` makes what a
    run needs besides, and gives more of its environment."""
    for attempt in range(RUNS_MOST):
        folder = pathlib.Path(tempfile.mkdtemp(prefix=f"{scene.name}-", dir=holder))
        run = play_once(scene, folder, plugin, **(before(folder) if before else {}), **environ)
        try:
            run.assert_undisturbed()
            return run
        except StoodStill as why:
            if attempt == RUNS_MOST - 1:
                raise
            print(f"again, this machine stood still: {why}", flush=True)
    raise AssertionError("unreachable")


def side_by_side(calls, lanes):
    """What each of the calls returns, by its key; as many at a time as there are lanes. Players wait
    most of the time."""
    with concurrent.futures.ThreadPoolExecutor(lanes) as pool:
        futures = {key: pool.submit(call) for key, call in calls.items()}
        return {key: future.result() for key, future in futures.items()}


def await_frames(running, most=60, at_least=1):
    """Waits until the screen has shown so many pictures; scripts begin with it."""
    deadline = time.monotonic() + most
    while len(running.screen().frames) < at_least:
        if time.monotonic() > deadline or running.process.poll() is not None:
            raise AssertionError(f"no picture within {most} s; log: {running.folder}")
        time.sleep(0.05)


HLS, DASH = "hls/master-8.m3u8", "dash/manifest-8.mpd"
# Startup is delayed by 1 s; what is fetched before a rate of 0 is less than what is played until
# the next rate.
HLS_STALLS = {"rates": [[0, 0], [1, 1200], [4.4, 0], [11, 1200], [13, 0], [19.5, 4000]]}
HLS3_STALLS = {"rates": [[0, 0], [1, 1200], [4, 0], [9.5, 1200], [10.7, 0], [18, 4000]]}
DASH_STALLS = {"rates": [[0, 0], [1, 1200], [3, 0], [11, 1000], [12.5, 0], [19.5, 4000]]}
# dashdemux2 fetches 30 s before it plays, and gives a request up that gets nothing for 10 s.
DASH3_STALLS = {"rates": [[0, 0], [1, 8000], [2.8, 12], [35, 4000]]}

LADDERS = (
    Scene("dash-playbin3", "dash/low.mpd", gst_play, True, DASH3_STALLS, stalls=1),
    Scene("hls-playbin", HLS, gst_play, False, HLS_STALLS, stalls=2, renditions=3),
    Scene("hls-playbin3", HLS, gst_launch, True, HLS3_STALLS, stalls=2, renditions=3),
    Scene("dash-playbin", DASH, gst_launch, False, DASH_STALLS, stalls=2),
)
