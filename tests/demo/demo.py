# SPDX-License-Identifier: Apache-2.0
"""`make demo`: the whole line once, with mishaps, one line a stage, and a table at the end.

SEED=n repeats the mishaps of a run. Exits 0 only if every row of the table agrees.
"""
import contextlib
import fcntl
import os
import pathlib
import random
import shutil
import signal
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests" / "e2e"))
import agreement  # noqa: E402
import scenario  # noqa: E402

FOLDER = ROOT / "build" / "demo"
SECONDS = 24
KBPS = 2000
PAUSE = "8:3"
BUFFER = agreement.Buffer(start_ms=500, resume_ms=400, end_after_ms=4500)
COLLECTOR_AWAY_S = 6


@contextlib.contextmanager
def stage(name):
    began = time.monotonic()
    print(f"  {name:<44}", end="", flush=True)
    notes = []
    yield notes
    print(f"{time.monotonic() - began:5.1f} s  {' '.join(notes)}", flush=True)


def only_one():
    """Two demos would share a folder: the second one is refused."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    lock = open(FOLDER / "lock", "w", encoding="utf-8")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        sys.exit("demo: another demo runs in this tree; wait for it to end")
    for entry in FOLDER.iterdir():
        if entry.name != "lock" and not entry.name.startswith("media"):
            shutil.rmtree(entry) if entry.is_dir() else entry.unlink()
    return lock


def play(processes, seed):
    """Runs all stages; the plan and the collector that has the report."""
    def start(maker, *arguments, **settings):
        return processes.enter_context(stopping(maker(FOLDER, *arguments, **settings)))

    with stage("certificates: a CA, a server, a device"):
        certs = scenario.make_certificates(FOLDER / "certs")
    with stage(f"media: H.264 and AAC at {KBPS} kbit/s"):
        media = scenario.make_media(FOLDER, SECONDS, KBPS)
    with stage("collector: HTTPS, client certificates") as notes:
        collector = start(scenario.Collector, certs)
        notes.append(f"port {collector.port}")
    with stage("device: tallyd") as notes:
        device = start(scenario.Tallyd, certs,
                       f"https://127.0.0.1:{collector.port}{scenario.PATH}",
                       start_buffer_ms=BUFFER.start_ms, resume_buffer_ms=BUFFER.resume_ms,
                       end_after_ms=BUFFER.end_after_ms)
        notes.append(f"RTP at {device.address}")
    sender = start(scenario.Sender, media, device.address, "--seconds", SECONDS, "--seed", seed,
                   "--drop", "20", "--duplicate", "8", "--reorder", "6", "--pause", PAUSE)
    with stage("stream: loss, reorder, duplicates, a 3 s pause"):
        time.sleep(13)
    with stage(f"collector stopped for {COLLECTOR_AWAY_S} s, the stream goes on"):
        collector.stop()
        time.sleep(COLLECTOR_AWAY_S)
    with stage("collector started again"):
        collector = start(scenario.Collector, certs, port=collector.port)
    with stage("stream: the rest"):
        plan = sender.finish(60)
    with stage("device: uploads what waited, and ends"):
        status = device.wait(40)
        if status != 0:
            raise scenario.Failed("tallyd", "exit 0", f"exit {status}", device.log)
    return plan, collector


@contextlib.contextmanager
def stopping(process):
    try:
        yield process
    finally:
        process.stop()


def rows_of(plan, collector):
    start, end = collector.records("s")[0], collector.records("x")[0]
    rtp = agreement.last(collector.records("r"), "r")
    ts = agreement.last(collector.records("t"), "t")
    return (agreement.stream_rows(plan, rtp, ts)
            + agreement.session_rows(plan, start, end, BUFFER)
            + agreement.record_rows(collector.rows("SELECT * FROM records")))


def main():
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    lock = only_one()
    seed = os.environ.get("SEED") or str(random.randrange(1, 1 << 31))
    print(f"tally demo, seed {seed} (SEED={seed} make demo repeats it)")
    try:
        with contextlib.ExitStack() as processes:
            plan, collector = play(processes, seed)
            rows = rows_of(plan, collector)
    except scenario.Failed as failure:
        print(f"\ndemo: {failure}\nrerun: SEED={seed} make demo", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\ndemo: interrupted; every process it started has ended", file=sys.stderr)
        return 130
    finally:
        lock.close()
    print(f"\n{agreement.table(rows)}\n")
    wrong = [row.name for row in rows if not row.agrees]
    print("every row agrees" if not wrong else f"demo: these rows disagree: {', '.join(wrong)}; "
          f"records and logs: {FOLDER.relative_to(ROOT)}; rerun: SEED={seed} make demo")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
