# SPDX-License-Identifier: Apache-2.0
"""Unmodified players with the plugin that writes down what it would tell (hook_log.c)."""
import json
import os
import pathlib
import pty
import select
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.append(str(ROOT / "tests/lanes"))
from lateness import DISTURBED_MS, each_undisturbed  # noqa: E402, F401

LINUX = pathlib.Path(os.environ.get("TALLY_LINUX", ROOT / "build/linux"))
SINKS = ["--videosink=fakevideosink", "--audiosink=fakeaudiosink"]


def now_ms():
    return time.clock_gettime_ns(time.CLOCK_BOOTTIME) // 1_000_000


class Run:
    """One player from its start to its end, and all that the plugin told of it."""

    def __init__(self, tracers="tally"):
        self.folder = tempfile.TemporaryDirectory()
        self.log = pathlib.Path(self.folder.name) / "log"
        self.env = {**os.environ, "TALLY_HOOK_LOG": str(self.log), "GST_TRACERS": tracers,
                    "GST_PLUGIN_PATH": str(LINUX / "gstreamer_log"),
                    "GST_REGISTRY": str(LINUX / "gstreamer_log/registry.bin"),
                    "G_DEBUG": "fatal-criticals"}
        self.pressed = []
        self.lines = []
        self.code = None
        self.output = ""

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.folder.cleanup()

    def read(self):
        if self.log.exists():
            self.lines = [json.loads(line) for line in self.log.read_text().splitlines()]
        return self

    def play(self, *command, seconds=60):
        done = subprocess.run([str(part) for part in command], env=self.env, timeout=seconds,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        self.code, self.output = done.returncode, done.stdout
        return self.read()

    def press(self, keys, *command):
        """gst-play on a terminal of its own; keys: [(key, when)], when: a test of this run.
        Each is pressed as soon as its test holds."""
        child, terminal = pty.fork()
        if child == 0:
            os.execvpe("gst-play-1.0", ["gst-play-1.0", *SINKS, *map(str, command)], self.env)
        waiting = list(keys)
        give_up = time.monotonic() + 60
        while time.monotonic() < give_up:
            readable, _, _ = select.select([terminal], [], [], 0.02)
            try:
                if readable and not os.read(terminal, 65536):
                    break
            except OSError:
                break
            if waiting and waiting[0][1](self.read()):
                key, _ = waiting.pop(0)
                self.pressed.append(now_ms())
                os.write(terminal, key.encode())
        os.close(terminal)
        _, status = os.waitpid(child, 0)
        self.code = os.waitstatus_to_exitcode(status)
        return self.read()

    # ---- what was told

    def told(self, session=None):
        return [line for line in self.lines if line["call"] == "tell"
                and session in (None, line["session"])]

    def hooks(self, session=None):
        """Their names. Whether it says that it plays before or after its first frame is chance."""
        names = [line["hook"] for line in self.told(session)]
        for i in range(len(names) - 1):
            if names[i:i + 2] == ["FIRST_FRAME", "PLAYING"]:
                names[i:i + 2] = ["PLAYING", "FIRST_FRAME"]
        return names

    def at(self, hook, nth=0):
        return [line["at"] for line in self.told() if line["hook"] == hook][nth]

    def one(self, hook):
        lines = [line for line in self.told() if line["hook"] == hook]
        assert len(lines) == 1, (hook, self.hooks())
        return lines[0]

    def sessions(self):
        return [line for line in self.lines if line["call"] == "open"]

    def texts(self):
        return {line["metric"]: line["text"] for line in self.lines if line["call"] == "text"}

    def numbers(self, metric):
        return [line["value"] for line in self.lines
                if line["call"] == "set" and line["metric"] == metric]

    def frames(self):
        """The last word on each picture."""
        return [line["values"] for line in self.lines
                if line["call"] == "detach" and line["group"] == "FRAMES"]

    def refused(self):
        return [line for line in self.lines if line.get("refused")]

    def account(self):
        """What plain_player says that it did, in its order: [(ms, what)]."""
        return [(int(ms), what) for ms, what in
                (line.split(" ", 1) for line in self.output.splitlines()
                 if line.split(" ", 1)[0].isdigit())]


def seen(hook, nth=1, after_ms=0):
    """A test for press(): the hook was told so often, and so long ago."""
    def holds(run):
        times = [line["at"] for line in run.told() if line["hook"] == hook]
        return len(times) >= nth and now_ms() >= times[nth - 1] + after_ms
    return holds


def make_film(path, seconds, rate=25):
    subprocess.run(["ffmpeg", "-v", "error", "-y",
                    "-f", "lavfi", "-i", f"testsrc2=size=320x180:rate={rate}",
                    "-f", "lavfi", "-i", "sine", "-t", str(seconds),
                    "-c:v", "libx264", "-preset", "ultrafast", "-g", "25", "-c:a", "aac",
                    str(path)], check=True)
