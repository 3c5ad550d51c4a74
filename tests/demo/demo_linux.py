# SPDX-License-Identifier: Apache-2.0
"""`make demo-linux`: an unmodified gst-play-1.0 plays a ladder from a server that starves it; then what
the server sent and the player showed against what tallyd reported.

One line a stage and a table at the end; exits 0 only if every row agrees.
"""
import contextlib
import os
import pathlib
import signal
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
PROGRAMS = pathlib.Path(os.environ.setdefault("TALLY_LINUX", str(ROOT / "build" / "linux")))
sys.path[:0] = [str(ROOT / "tests" / "e2e"), str(ROOT / "tests" / "gstreamer")]
import agreement  # noqa: E402
import box  # noqa: E402
import ladder  # noqa: E402
import player  # noqa: E402
import player_rows  # noqa: E402
import report  # noqa: E402
import scenario  # noqa: E402
from player_plots import player_plots  # noqa: E402
from serving import Served  # noqa: E402
from stages import only_one, stage  # noqa: E402

FOLDER = ROOT / "build" / "demo-linux"
KEPT = ("media",)
# kbit/s of the server from each second on, since it was asked for the first segment.
RATES = ((0, 0), (2, 1500), (6, 4000), (9, 0), (17, 4000), (24, 0), (34, 6000))
MOST_S = 100
RUNS_MOST = 3


class Run:
    """What is under way; leaving it ends every process it started."""

    def __init__(self, stack):
        self._stack = stack

    def _start(self, maker, *arguments, **settings):
        process = maker(*arguments, **settings)
        self._stack.callback(process.stop)
        return process

    def prepare(self):
        with stage("certificates: a CA, a server, a device"):
            certs = scenario.make_certificates(FOLDER / "certs")
        with stage("media: an HLS ladder of three renditions"):
            media = ladder.make(FOLDER / "media")
        with stage("collector: HTTPS with client certificates") as notes:
            self.collector = self._start(scenario.Collector, FOLDER, certs)
            notes.append(f"port {self.collector.port}")
        with stage("device: tallyd"):
            self.daemon = self._start(box.Daemon, FOLDER, certs, self.collector.port,
                                      device_model="demo box")
            self._stack.callback(self.daemon.clear)
        with stage("server: its network as planned") as notes:
            self.server = self._start(Served, FOLDER, media / "hls",
                                      {"mark": ".ts", "rates": RATES})
            notes.append(f"port {self.server.port}")

    def play(self):
        url = self.server.url("master.m3u8")
        environment = player.environment(FOLDER, FOLDER / "registry", PROGRAMS / "gstreamer",
                                         TALLY_SOCKET=self.daemon.socket)
        shown = self._start(player.Player, FOLDER, player.gst_play(url, False), environment)
        with stage("player: gst-play-1.0 with libgsttally") as notes:
            status = shown.wait(MOST_S)
            if status != 0:
                raise scenario.Failed("gst-play-1.0", "exit 0", f"exit {status}",
                                      FOLDER / "player.log")
            self.screen = shown.screen()
            notes.append(f"{len(self.screen.frames)} frames")
        with stage("device: uploads what waited"):
            box.await_ends(self.collector, 1, 30)
            self.daemon.stop()

    def was_undisturbed(self):
        return self.server.latest_ms() < player_rows.WITHIN_MS

    def segment(self):
        """The last one that was fetched, as it is in the ladder."""
        return (FOLDER / "media/hls" / self.server.answers(".ts")[-1]["path"].lstrip("/")).read_bytes()

    def silences(self):
        """(from, to) in ms of the server's, but for the one it begins with."""
        began_ms = self.server.log("mark")[0]["at_ms"]
        return [(began_ms + 1000 * at, began_ms + 1000 * until)
                for (at, rate), (until, _) in zip(RATES, RATES[1:]) if at and not rate]

    def plan(self):
        """For the page: when the server sent, and when it did not."""
        began_ms = self.server.log("mark")[0]["at_ms"]
        answers = self.server.answers(".ts")
        pauses = [{"began_s": (begin - began_ms) / 1000, "measured_s": (end - begin) / 1000}
                  for begin, end in self.silences()]
        unix_less_boot_ms = time.time() * 1000 - player.now_ms()
        return {"send_started_unix_ms": began_ms + unix_less_boot_ms, "pauses": pauses,
                "send_lasted_ms": max(answer["last_ms"] for answer in answers) - began_ms}

    def marks(self, plan):
        began = plan["send_started_unix_ms"]
        return [("server silent", began + 1000 * pause["began_s"],
                 began + 1000 * (pause["began_s"] + pause["measured_s"]))
                for pause in plan["pauses"]]


def play():
    """One run through all stages, with its rows and the page for people who would rather look."""
    with contextlib.closing(only_one(FOLDER, KEPT)), contextlib.ExitStack() as stack:
        run = Run(stack)
        run.prepare()
        run.play()
        run.rows = player_rows.rows(run.screen, run.server, run.silences(), run.segment(),
                                    run.collector)
        run.page = FOLDER / "report.html"
        plan = run.plan()
        report.write(run.page, title="tally demo, Linux", seed="none",
                     device="gst-play-1.0, libgsttally, tallyd", rows=run.rows, plan=plan,
                     collector=run.collector, marks=run.marks(plan), plots=player_plots)
        return run


def undisturbed():
    for _ in range(RUNS_MOST):
        run = play()
        if run.was_undisturbed():
            return run
        print(f"  this machine stood still: the server was {run.server.latest_ms():.0f} ms late")
    raise scenario.Failed("machine", "a run in which it never stood still", "none", run.page)


def main():
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    print("tally demo: GStreamer on Linux")
    try:
        run = undisturbed()
    except scenario.Failed as failure:
        print(f"\ndemo: {failure}\nrerun: make demo-linux", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\ndemo: interrupted; every process it started has ended", file=sys.stderr)
        return 130
    print(f"\n{agreement.table(run.rows)}\n\nto look at it: {run.page.relative_to(ROOT)}")
    wrong = [row.name for row in run.rows if not row.agrees]
    print("every row agrees" if not wrong else f"demo: these rows disagree: {', '.join(wrong)}; "
          f"records and logs: {FOLDER.relative_to(ROOT)}; rerun: make demo-linux")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
