# SPDX-License-Identifier: Apache-2.0
"""Unmodified players of GStreamer, without screen or loudspeaker, on a terminal of their own."""
import contextlib
import os
import pathlib
import pty
import signal
import subprocess
import time

import oracle

VIDEO = "fakevideosink"
AUDIO = "fakesink name=sound sync=true"
KEYS = {"pause": b" ", "forward": b"\x1b[C", "back": b"\x1b[D", "quit": b"q"}


AHEAD = -10  # of what else this machine does: pictures that come late are seen as stalls


def hurry():
    """In a new process, ahead of its program; in vain unless root."""
    with contextlib.suppress(PermissionError):
        os.setpriority(os.PRIO_PROCESS, 0, AHEAD)


def now_ms():
    return time.clock_gettime_ns(time.CLOCK_BOOTTIME) / 1e6


def programs():
    """The build folder whose plugin players load."""
    return pathlib.Path(os.environ["TALLY_LINUX"])


def environment(folder, registry, plugin=None, **more):
    """Of a player that sees the system's plugins and, if `plugin` is given, that folder's tracer."""
    clean = {key: value for key, value in os.environ.items()
             if not key.startswith(("GST_", "TALLY_", "LD_PRELOAD"))}
    clean.update(GST_REGISTRY=str(registry), HOME=str(folder), XDG_CACHE_HOME=str(folder),
                 XDG_RUNTIME_DIR=str(folder), GST_DEBUG=oracle.DEBUG, GST_DEBUG_NO_COLOR="1",
                 GST_DEBUG_FILE=str(folder / "gst.log"), no_proxy="127.0.0.1", LC_ALL="C.UTF-8")
    if plugin:
        clean.update(GST_PLUGIN_PATH=str(plugin), GST_TRACERS="tally")
    return {**clean, **{key: str(value) for key, value in more.items()}}


def gst_play(url, playbin3):
    return ["gst-play-1.0", "--no-position", f"--videosink={VIDEO}", f"--audiosink={AUDIO}",
            *(["--use-playbin3"] if playbin3 else []), url]


def gst_launch(url, playbin3):
    return ["gst-launch-1.0", "-e", "playbin3" if playbin3 else "playbin", "name=player",
            f"uri={url}", f"video-sink={VIDEO}", f"audio-sink={AUDIO}"]


class Player:
    """A running player. What it was told is in `told`: (ms, key)."""

    def __init__(self, folder, command, environ):
        self.folder = folder
        self.told = []
        self._is_launch = command[0].startswith("gst-launch")
        self._master, terminal = pty.openpty()
        (folder / "gst.log").touch()
        with open(folder / "player.log", "wb") as out:
            self.started_ms = now_ms()
            self.process = subprocess.Popen(command, env=environ, stdin=terminal, stdout=out,
                                            stderr=out, start_new_session=True, cwd=folder,
                                            preexec_fn=hurry)
        os.close(terminal)

    def press(self, key):
        self.told.append((now_ms(), key))
        os.write(self._master, KEYS[key])

    def interrupt(self, number=signal.SIGINT):
        self.told.append((now_ms(), "interrupt"))
        self.process.send_signal(number)

    def wait(self, seconds):
        """Its exit status; -9 if it had to be killed, which no test expects."""
        try:
            return self.process.wait(timeout=seconds)
        except subprocess.TimeoutExpired:
            self.process.kill()
            return self.process.wait()

    def stop(self):
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        os.close(self._master)

    def said(self):
        return (self.folder / "player.log").read_text(errors="replace")

    def screen(self):
        return oracle.read(self.folder / "gst.log", "player" if self._is_launch else "playbin")
