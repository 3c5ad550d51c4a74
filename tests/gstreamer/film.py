# SPDX-License-Identifier: Apache-2.0
"""A short film of a known number of frames, and players that show it in real time."""
import os
import subprocess

import oracle
from box import scenario

FPS = 25


def make(folder, seconds):
    """A file, and how many frames are in it."""
    film = folder / "film.mp4"
    scenario.check_run("film", folder / "film.log", "ffmpeg", "-nostdin", "-loglevel", "error",
                       "-y", "-f", "lavfi", "-i", f"testsrc2=size=320x240:rate={FPS}",
                       "-f", "lavfi", "-i", "sine=frequency=440:sample_rate=48000", "-t", seconds,
                       "-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p", "-bf", 0,
                       "-c:a", "aac", film)
    return film, seconds * FPS


class Player(scenario.Process):
    """gst-launch-1.0, which knows nothing of tally, with the plugin."""

    def __init__(self, folder, film, socket, registry, playbin="playbin", **more):
        folder.mkdir()
        self._debug = folder / "gst.log"
        self.source = folder / film.name  # a name of its own, by which its session is known
        self.source.symlink_to(film)
        environment = {**os.environ, "GST_TRACERS": "tally", "TALLY_SOCKET": str(socket),
                       "GST_PLUGIN_PATH": str(scenario.PROGRAMS / "gstreamer"),
                       "GST_REGISTRY": str(registry), "GST_DEBUG": oracle.DEBUG,
                       "GST_DEBUG_NO_COLOR": "1", "GST_DEBUG_FILE": str(self._debug), **more}
        super().__init__("player", folder, "env", *(f"{k}={v}" for k, v in environment.items()),
                         "gst-launch-1.0", playbin, "name=player", f"uri={self.source.as_uri()}",
                         "video-sink=fakevideosink", "audio-sink=fakesink sync=true")

    def screen(self):
        return oracle.read(self._debug, "player")


def warm_registry(folder):
    """GStreamer looks through all plugins once; not eight players at the same time."""
    registry = folder / "registry"
    environment = {**os.environ, "GST_REGISTRY": str(registry),
                   "GST_PLUGIN_PATH": str(scenario.PROGRAMS / "gstreamer")}
    subprocess.run(["gst-inspect-1.0", "fakevideosink"], env=environment, check=True,
                   stdout=subprocess.DEVNULL)
    return registry
