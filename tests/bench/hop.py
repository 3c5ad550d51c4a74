# SPDX-License-Identifier: Apache-2.0
"""What the GStreamer plugin adds to a buffer's way, beside a tracer that does nothing.

Players with different tracers take turns within one run, on one core, every few milliseconds: what
disturbs the machine disturbs all of them alike. Where things lie in memory stays for the life of a
process and is worth some percent, so they are begun anew a dozen times. README.md beside this says
more.
"""
import contextlib
import os
import statistics
import subprocess

HOPS = 21
BUFFERS = 2000
BEGINNINGS = 16
ROUNDS = 15
WARM_UP = 10
TRACERS = {"empty": "benchempty", "tally": "tally", "hooks": "benchhook"}


class Player:
    """tally_bench_hop with a tracer."""

    def __init__(self, program, tracer, folders, scratch):
        environment = {**os.environ, "GST_TRACERS": tracer, "GST_REGISTRY": str(scratch / "registry"),
                       "GST_PLUGIN_PATH": os.pathsep.join(map(str, folders)),
                       "TALLY_SOCKET": str(scratch / "no-daemon")}
        core = min(os.sched_getaffinity(0))
        self._process = subprocess.Popen(
            [program, str(HOPS)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
            env=environment, preexec_fn=lambda: os.sched_setaffinity(0, {core}))
        self.maps = f"/proc/{self._process.pid}/maps"

    def hop_ns(self):
        """One round: mean over its hops."""
        self._process.stdin.write(f"{BUFFERS}\n")
        self._process.stdin.flush()
        return int(self._process.stdout.readline()) / (BUFFERS * HOPS)

    def has_loaded(self, name):
        with open(self.maps, encoding="utf-8") as lines:
            return name in lines.read()

    def stop(self):
        self._process.stdin.close()
        self._process.wait()


def rounds(players):
    """{name: nanoseconds a hop of each round}; each round another one begins."""
    names = list(players)
    for _ in range(WARM_UP):
        for name in names:
            players[name].hop_ns()
    times = {name: [] for name in names}
    for _ in range(ROUNDS):
        for name in names:
            times[name].append(players[name].hop_ns())
        names.append(names.pop(0))
    return times


def one_beginning(program, folders, scratch):
    """Medians of a round's (ratio, difference, control's difference, the empty tracer's time)."""
    with contextlib.ExitStack() as stack:
        players = {}
        for name, tracer in TRACERS.items():
            players[name] = Player(program, tracer, folders, scratch)
            stack.callback(players[name].stop)
        times = rounds(players)
        if not players["tally"].has_loaded("libgsttally.so"):
            raise RuntimeError("the plugin was not loaded")
    together = list(zip(*(times[name] for name in ("empty", "tally", "hooks")), strict=True))
    return (statistics.median(tally / empty for empty, tally, _ in together),
            statistics.median(tally - empty for empty, tally, _ in together),
            statistics.median(hooks - empty for empty, _, hooks in together),
            statistics.median(empty for empty, _, _ in together))


def figures(program, tracers, plugin, scratch):
    """(name, value, unit) of each; `tracers` and `plugin` are folders of shared objects."""
    scratch.mkdir(parents=True, exist_ok=True)
    found = [one_beginning(program, (tracers, plugin), scratch) for _ in range(BEGINNINGS)]
    ratio, added, control, empty = map(statistics.median, zip(*found, strict=True))
    yield "gst.hop_over_empty_tracer.ratio", round(ratio, 3), "times"
    yield "gst.hop.added_ns", round(added, 1), "ns"
    yield "gst.hop.empty_tracer_ns", round(empty, 1), "ns"
    yield "gst.hop.tracer_with_a_hook_added_ns", round(control, 1), "ns"
