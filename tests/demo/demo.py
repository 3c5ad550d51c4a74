# SPDX-License-Identifier: Apache-2.0
"""`make demo`: a set-top box in QEMU plays a damaged stream and reports it; then plan against report.

One line a stage and a table at the end; exits 0 only if every row agrees. SEED=n repeats the mishaps
of a run, DEVICE=linux takes the Linux daemon in place of the board.
"""
import contextlib
import os
import pathlib
import random
import signal
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests" / "e2e"))
import agreement  # noqa: E402
import report  # noqa: E402
import scenario  # noqa: E402
from devices import DEVICES  # noqa: E402
from stages import only_one, stage  # noqa: E402
from undisturbed import undisturbed, was_undisturbed  # noqa: E402

FOLDER = ROOT / "build" / "demo"
KEPT = ("firmware", "media")
STREAM_S = 38
PAUSE_AT_S, PAUSE_S = 8, 3
MISHAPS = ("--drop", "40", "--duplicate", "12", "--reorder", "8", "--bye")
COLLECTOR_STOPS_AT_S, COLLECTOR_AWAY_S = 16, 15


class Run:
    """What is under way; leaving it ends every process it started."""

    def __init__(self, stack, device, seed):
        self._stack = stack
        self._device = device
        self._seed = seed
        self.marks = []

    def _start(self, maker, *arguments, **settings):
        process = maker(FOLDER, *arguments, **settings)
        self._stack.callback(process.stop)
        return process

    def prepare(self):
        with stage("certificates: a CA, a server, a device"):
            self._certs = scenario.make_certificates(FOLDER / "certs")
        kbps = self._device.stream_kbps
        with stage(f"media: H.264 and AAC at {kbps / 1000:g} Mbit/s"):
            self._media = scenario.make_media(FOLDER, STREAM_S, kbps)
        with stage("collector: HTTPS with client certificates") as notes:
            self.collector = self._start(scenario.Collector, self._certs)
            notes.append(f"port {self.collector.port}")
        with stage(self._device.building):
            image = self._device.build(FOLDER, self._certs, self.collector.port)
        with stage(self._device.starting) as notes:
            self.device = self._start(self._device, self._certs, self.collector.port, image)
            self.joined_unix_ms = self.device.await_join()
            notes.append(f"RTP at {self.device.address}")

    def stream(self):
        sender = self._start(scenario.Sender, self._media, self.device,
                             "--seconds", STREAM_S, "--seed", self._seed,
                             "--pause", f"{PAUSE_AT_S}:{PAUSE_S}", *MISHAPS)
        with stage(f"stream: loss, duplicates, reorder, a {PAUSE_S} s pause"):
            time.sleep(COLLECTOR_STOPS_AT_S)
        with stage(f"collector stopped for {COLLECTOR_AWAY_S} s; the stream goes on"):
            stopped_unix_ms = round(time.time() * 1000)
            self.collector.stop()
            time.sleep(COLLECTOR_AWAY_S)
        with stage("collector started again"):
            self.collector = self._start(scenario.Collector, self._certs, port=self.collector.port)
        self.marks.append(("collector away", stopped_unix_ms, round(time.time() * 1000)))
        with stage("stream: the rest"):
            self.plan = sender.finish(60)
        for pause in self.plan["pauses"]:
            begin = self.plan["send_started_unix_ms"] + round(pause["began_s"] * 1000)
            self.marks.append(("sender pauses", begin, begin + round(pause["measured_s"] * 1000)))
        with stage("device: uploads what waited"):
            self.device.finish(self.collector)

    def rows(self):
        records = self.collector.records
        rtp, ts = (agreement.of_stream(self.collector.streams(kind), kind) for kind in "rt")
        return (agreement.stream_rows(self.plan, rtp, ts)
                + agreement.session_rows(self.plan, self.joined_unix_ms, records("x")[0],
                                         self._device.buffer)
                + agreement.record_rows(self.collector.rows("SELECT * FROM records"),
                                        agreement.last(records("a"), "a")))


def play(device, seed):
    """One run through all stages, with its rows and the page for people who would rather look."""
    with contextlib.closing(only_one(FOLDER, KEPT)), contextlib.ExitStack() as stack:
        run = Run(stack, device, seed)
        run.prepare()
        run.stream()
        run.agreement = run.rows()
        run.page = FOLDER / "report.html"
        report.write(run.page, title="tally demo", seed=seed, device=device.name,
                     rows=run.agreement, plan=run.plan, collector=run.collector, marks=run.marks)
    if not was_undisturbed(run):
        print(f"  this machine stood still: QEMU lost {run.device.refused} packets before the "
              f"device, the sender was {run.plan['latest_ms']:.0f} ms late")
    return run


def main():
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    name = os.environ.get("DEVICE") or "mps2-an385"
    if name not in DEVICES:
        sys.exit(f"demo: no device '{name}'; DEVICE is one of: {', '.join(DEVICES)}")
    seed = os.environ.get("SEED") or str(random.randrange(1, 1 << 31))
    again = f"SEED={seed} DEVICE={name} make demo"
    print(f"tally demo: {DEVICES[name].name}, seed {seed} ({again} repeats it)")
    try:
        run = undisturbed(lambda: play(DEVICES[name], seed))
    except scenario.Failed as failure:
        print(f"\ndemo: {failure}\nrerun: {again}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\ndemo: interrupted; every process it started has ended", file=sys.stderr)
        return 130
    print(f"\n{agreement.table(run.agreement)}\n\nto look at it: {run.page.relative_to(ROOT)}")
    wrong = [row.name for row in run.agreement if not row.agrees]
    print("every row agrees" if not wrong else f"demo: these rows disagree: {', '.join(wrong)}; "
          f"records and logs: {FOLDER.relative_to(ROOT)}; rerun: {again}")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
