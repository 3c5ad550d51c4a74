# SPDX-License-Identifier: Apache-2.0
"""Scenes of what a viewer does, and of what goes wrong: gst-play-1.0 at the keys."""
import time

import scenes
from player import gst_play, now_ms
from scenes import Scene

PAUSE_S = 1.5


def await_stall(running, least_ms=300):
    """Waits until the application has paused and the screen stands still."""
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        screen = running.screen()
        is_held = screen.frames and screen.states[-1][1] == "PAUSED"
        if is_held and now_ms() - screen.frames[-1] > least_ms:
            return
        time.sleep(0.2)
    raise AssertionError(f"no stall; log: {running.folder}")


def pauses_and_quits(running, _):
    scenes.await_frames(running, at_least=30)
    running.press("pause")
    time.sleep(PAUSE_S)
    frames = len(running.screen().frames)
    running.press("pause")
    scenes.await_frames(running, at_least=frames + 30)
    running.press("quit")


def seeks_twice_and_quits(running, _):
    scenes.await_frames(running, at_least=30)
    for _ in range(2):
        frames = len(running.screen().frames)
        running.press("forward")
        scenes.await_frames(running, at_least=frames + 30)
    running.press("quit")


def pauses_in_a_stall_and_quits(running, served):
    """The player is silent about a pause while it buffers; it shows once there is data again."""
    await_stall(running)
    running.press("pause")
    again_ms = served.log("mark")[0]["at_ms"] + STALLS["rates"][-1][0] * 1000
    time.sleep((again_ms - now_ms()) / 1000 + PAUSE_S)
    running.press("pause")
    frames = len(running.screen().frames)
    scenes.await_frames(running, at_least=frames + 30)
    running.press("quit")


def quits_before_the_first_picture(running, served):
    served.await_log(lambda: served.answers(".m3u8"))
    running.press("quit")


def dies(running, _):
    scenes.await_frames(running, at_least=30)
    running.process.kill()


SLOW = {"rates": [[0, 2000]]}
GONE = {**SLOW, "gone_s": 4}
SHORT = "hls/master-5.m3u8"
STALLS = {"rates": [[0, 0], [0.5, 1200], [3.9, 0], [12, 4000]]}

COURSES = [scene for playbin3 in (False, True) for scene in (
    Scene(f"pause-{playbin3}", SHORT, gst_play, playbin3, script=pauses_and_quits),
    Scene(f"file-{playbin3}", "files/film.mp4", gst_play, playbin3, script=pauses_and_quits),
    Scene(f"seek-{playbin3}", "hls/master.m3u8", gst_play, playbin3, script=seeks_twice_and_quits),
    Scene(f"end-{playbin3}", "hls/master-3.m3u8", gst_play, playbin3),
    Scene(f"early-{playbin3}", SHORT, gst_play, playbin3, {"rates": [[0, 20]]},
          script=quits_before_the_first_picture),
    Scene(f"missing-{playbin3}", "hls/none.m3u8", gst_play, playbin3),
    Scene(f"noise-{playbin3}", "files/noise.mp4", gst_play, playbin3),
    Scene(f"undecodable-{playbin3}", "files/undecodable.mp4", gst_play, playbin3),
    Scene(f"gone-{playbin3}", "hls/master-8.m3u8", gst_play, playbin3, GONE),
    Scene(f"cut-{playbin3}", "files/film.mp4", gst_play, playbin3, {"rates": [[0, 600]], "gone_s": 4}),
)] + [
    Scene("stall", "hls/master-8.m3u8", gst_play, plan=STALLS, script=pauses_in_a_stall_and_quits),
    Scene("hole", SHORT, gst_play, plan={"missing": ["003.ts"]}),
]
# These over the whole line as well.
REPORTED = [scene for scene in COURSES if scene.name in (
    "file-True", "seek-False", "undecodable-True", "missing-False", "gone-True", "early-True")] + [
    Scene("killed", "files/film.mp4", gst_play, True, script=dies)]
