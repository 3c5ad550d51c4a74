# SPDX-License-Identifier: Apache-2.0
"""tally_cycles, the application that plays and stops again and again; see cycles.c."""
import json
import os
import subprocess

SHOWN = 3
PIPELINE = ("videotestsrc is-live=true ! video/x-raw,width=64,height=48,framerate=100/1 "
            "! fakevideosink name=sink")
SECONDS_A_CYCLE = 0.5


def environment(folder, **more):
    clean = {key: value for key, value in os.environ.items()
             if not key.startswith(("GST_", "LD_PRELOAD"))}
    # One arena, of which the C library tells what is in use.
    return {**clean, "GST_REGISTRY": str(folder / "registry"), "MALLOC_ARENA_MAX": "1",
            **{key: str(value) for key, value in more.items()}}


def with_plugin(folder, plugin, socket, **more):
    return environment(folder, **{"GST_TRACERS": "tally", "TALLY_SOCKET": socket,
                                  "GST_PLUGIN_PATH": plugin, **more})


def warm_registry(folder):
    """GStreamer looks through the system's plugins, which takes long, and longest under a
    sanitizer."""
    subprocess.run(["gst-inspect-1.0", "identity"], env=environment(folder), check=True,
                   stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)


def play(folder, cycles, environ):
    """What the application tells of itself, ten times."""
    log = folder / f"cycles-{environ.get('GST_TRACERS', 'bare')}.log"
    with open(log, "ab") as err:
        done = subprocess.run([os.environ["TALLY_CYCLES_PROGRAM"], str(cycles), str(SHOWN),
                               PIPELINE], env=environ, stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, stderr=err, text=True, check=False,
                              timeout=60 + cycles * SECONDS_A_CYCLE)
    if done.returncode != 0:
        raise AssertionError(f"exit {done.returncode}; {log.read_text(errors='replace')[-2000:]}")
    return [json.loads(line) for line in done.stdout.splitlines()]
