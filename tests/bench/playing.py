# SPDX-License-Identifier: Apache-2.0
"""What a box spends on measuring a film of 720p, H.264: the daemon, and the plugin in the player.

The player is an unmodified gst-launch-1.0 with playbin. Time is what the kernel's scheduler counted
for the daemon and for the threads that the plugin began, and per buffer what hop.py measured.
README.md beside this says more.
"""
import contextlib
import os
import pathlib
import shutil
import subprocess
import sys
import time

TESTS = pathlib.Path(__file__).resolve().parents[1]
sys.path[:0] = [str(TESTS / "gstreamer"), str(TESTS / "e2e")]
import box  # noqa: E402
import scenario  # noqa: E402

FILM_S = 45
SETTLE_S = 5        # start of the film, which is not playing yet
MEASURED_S = 35
PERIOD_MS = 10_000  # of heartbeats and of uploads; by default 60 and 300 s
BUFFERS_A_SECOND = 30 + 48_000 / 1024  # at both sinks


def make_film(run, folder):
    film = folder / "film-720p.mp4"
    if not film.exists():
        run("ffmpeg", "-nostdin", "-loglevel", "error", "-y",
            "-f", "lavfi", "-i", "testsrc2=size=1280x720:rate=30",
            "-f", "lavfi", "-i", "sine=frequency=440:sample_rate=48000", "-t", FILM_S,
            "-c:v", "libx264", "-preset", "veryfast", "-pix_fmt", "yuv420p", "-b:v", "3000k",
            "-c:a", "aac", "-movflags", "+faststart", film.with_suffix(".new.mp4"))
        film.with_suffix(".new.mp4").rename(film)
    return film


def thread_times(pid):
    """{thread: (name, nanoseconds on a core)} of a process."""
    times = {}
    for task in pathlib.Path(f"/proc/{pid}/task").iterdir():
        with contextlib.suppress(FileNotFoundError):
            times[task.name] = ((task / "comm").read_text().strip(),
                                int((task / "schedstat").read_text().split()[0]))
    return times


def spent_ns(pid, wanted=""):
    return sum(spent for name, spent in thread_times(pid).values() if name.startswith(wanted))


def memory_bytes(pid, file, name):
    for line in pathlib.Path(f"/proc/{pid}/{file}").read_text().splitlines():
        if line.startswith(f"{name}:"):
            return int(line.split()[1]) * 1024
    raise ValueError(f"no {name}")


def start_player(film, plugin, daemon, folder):
    environment = {**os.environ, "GST_TRACERS": "tally", "GST_PLUGIN_PATH": str(plugin),
                   "GST_REGISTRY": str(folder / "registry"), "TALLY_SOCKET": str(daemon.socket)}
    with open(folder / "player.log", "wb") as out:
        return subprocess.Popen(
            ["gst-launch-1.0", "playbin", f"uri={film.resolve().as_uri()}",
             "video-sink=fakevideosink", "audio-sink=fakesink sync=true"], env=environment,
            stdin=subprocess.DEVNULL, stdout=out, stderr=out)


def stripped_bytes(run, program, folder):
    copy = folder / f"{program.name}.stripped"
    run("strip", "-o", copy, program)
    return copy.stat().st_size


def share(daemon, player):
    """(percent of a core for the daemon, for the plugin's threads) over MEASURED_S."""
    time.sleep(SETTLE_S)
    if not any(name.startswith("tally") for name, _ in thread_times(player.pid).values()):
        raise scenario.Failed("player", "a thread of the plugin", thread_times(player.pid),
                              daemon.log.with_name("player.log"))
    began = time.monotonic()
    before = spent_ns(daemon.pid), spent_ns(player.pid, "tally")
    time.sleep(MEASURED_S)
    after = spent_ns(daemon.pid), spent_ns(player.pid, "tally")
    took_ns = (time.monotonic() - began) * 1e9
    return tuple(100 * (end - begin) / took_ns for begin, end in zip(before, after, strict=True))


def client_bytes(client, socket):
    """Of a player that uses libtally-client itself."""
    done = subprocess.run([client], env={**os.environ, "TALLY_SOCKET": str(socket)}, check=True,
                          stdout=subprocess.PIPE, text=True)
    return int(done.stdout)


def figures(run, programs, client, folder, sink_ns):
    """(name, value, unit) of each. `programs` is the folder of what ships, `sink_ns` what the plugin
    adds to a buffer that reaches a sink."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    film = make_film(run, folder.parent)
    certs = scenario.make_certificates(folder / "certs")
    with contextlib.ExitStack() as stack:
        collector = scenario.Collector(folder, certs)
        stack.callback(collector.stop)
        daemon = box.Daemon(folder, certs, collector.port, heartbeat_ms=PERIOD_MS,
                            upload_ms=PERIOD_MS)
        stack.callback(daemon.clear)
        stack.callback(daemon.stop)
        player = start_player(film, programs / "gstreamer", daemon, folder)
        stack.callback(player.wait)
        stack.callback(player.kill)
        tallyd, threads = share(daemon, player)
        probes = 100 * max(0, sink_ns) * BUFFERS_A_SECOND / 1e9
        if len(collector.bodies()) < 2:
            raise scenario.Failed("tallyd", "uploads", len(collector.bodies()), daemon.log)
        yield "tallyd.cpu_playing_720p.percent", round(tallyd + threads + probes, 3), "percent"
        yield "tallyd.cpu_playing_720p.daemon_percent", round(tallyd, 3), "percent"
        yield "tallyd.cpu_playing_720p.plugin_percent", round(threads + probes, 3), "percent"
        yield "tallyd.rss.bytes", memory_bytes(daemon.pid, "status", "VmRSS"), "bytes"
        yield "tallyd.rss_most.bytes", memory_bytes(daemon.pid, "status", "VmHWM"), "bytes"
        yield ("tallyd.private.bytes",
               memory_bytes(daemon.pid, "smaps_rollup", "Private_Dirty"), "bytes")
        yield "client.ram.bytes", client_bytes(client, daemon.socket), "bytes"
    yield "tallyd.stripped.bytes", stripped_bytes(run, programs / "tallyd", folder), "bytes"
    for name, file in (("gst.plugin", "gstreamer/libgsttally.so"),
                       ("client", "port/client/libtally-client.so")):
        yield f"{name}.stripped.bytes", stripped_bytes(run, programs / file, folder), "bytes"
