# SPDX-License-Identifier: Apache-2.0
"""The whole line: devices -> nginx -> Telegraf -> PostgreSQL, and SQL against the plans of those who
sent. A box in QEMU plays a damaged stream; a fleet of agents lives its lives from a seed.
"""
import copy
import os
import pathlib
import random
import sys
import time
import types
import unittest

from engines import TESTS, await_true
from plan_check import PlanCheck
from road import Road, RoadTest
import agreement
import devices
import scenario
from undisturbed import undisturbed

sys.path.append(str(TESTS / "fleet"))
import fleet  # noqa: E402
from judge import made_records  # noqa: E402

MISHAPS = ("--drop", "12", "--duplicate", "5", "--reorder", "4", "--bye")
STREAM_S, STREAM_KBPS = 10, 1250  # it is the way that is tested, not the receiver's speed
OUTAGE_S = 10
DEVICES, SECONDS = 16, 60  # a shorter life is not of full length


class Box(RoadTest):
    """Cortex-M3, no OS: every figure of SQL is the sender's or within what its clock leaves open."""
    maker = devices.Mps2

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.image = cls.maker.build(cls.road.folder, cls.road.certs, cls.road.places.port)
        cls.media = scenario.make_media(cls.road.folder, STREAM_S, STREAM_KBPS)

    def started(self, maker, *arguments):
        process = maker(self.road.folder, *arguments)
        self.addCleanup(process.stop)
        return process

    def play(self):
        run = types.SimpleNamespace(
            device=self.started(self.maker, self.road.certs, self.road.places.port, self.image))
        run.joined_unix_ms = run.device.await_join()
        sender = self.started(scenario.Sender, self.media, run.device, "--seconds", STREAM_S,
                              "--pause", "4:2", "--seed", self.seed, *MISHAPS)
        run.plan = sender.finish(60)
        run.boot = await_true("the session's end and a word on the agent behind it lands",
                              self.boot_that_ended, 120)
        run.device.stop()
        return run

    def boot_that_ended(self):
        """The newest boot, once it has told all: it never ends by itself."""
        rows = self.road.database.query(
            "SELECT x.boot, count(*) AS stored, max(r.seq) + 1 AS made FROM tally.records x"
            " JOIN tally.records a ON a.boot = x.boot AND a.kind = 'a' AND a.seq > x.seq"
            " JOIN tally.records r ON r.boot = x.boot AND r.seq <= x.seq"
            f" WHERE x.kind = 'x' AND x.boot <> ALL ('{{{','.join(self.boots)}}}'::bigint[])"
            " GROUP BY x.boot, a.seq")
        if not rows or rows[0]["stored"] < rows[0]["made"]:
            return None
        self.boots.append(str(rows[0]["boot"]))
        return rows[0]["boot"]

    def by_key(self, fields):
        """A row of a view as the plan's reader knows it: by the keys of the wire."""
        return {key: fields[name] for key, name in self.names if fields.get(name) is not None}

    def rows_of(self, run, plan):
        where = f"boot = {run.boot}"
        (session,) = self.road.database.query(f"SELECT * FROM tally.sessions WHERE {where}")
        streams = {row["kind"]: self.by_key(row["fields"]) for row in self.road.database.query(
            f"SELECT kind, fields FROM tally.streams WHERE {where} ORDER BY seq")}
        agent = self.road.database.query(
            f"SELECT fields FROM tally.records WHERE {where} AND kind = 'a' ORDER BY seq")[-1]
        stored = self.road.database.query(
            f"SELECT device, boot, seq FROM tally.records WHERE {where}")
        return (agreement.stream_rows(plan, streams.get("r", {}), streams.get("t", {}))
                + agreement.session_rows(plan, run.joined_unix_ms, {"p": self.by_key(session)},
                                         self.maker.buffer)
                + agreement.record_rows(stored, self.by_key(agent["fields"]))
                + self.dashboard_rows(session, plan))

    def dashboard_rows(self, session, plan):
        """What the views make of one view: sums, a percentile and ratios of it alone."""
        def row(view):
            (found,) = self.road.database.query(
                f"SELECT * FROM tally.{view} WHERE dimension = 'session_kind'"
                f" AND hour = '{session['hour']}'")
            return found
        plays, startups, stalls = row("plays"), row("startups"), row("rebuffering")
        loss = row("loss")
        (reason,) = self.road.database.query(
            "SELECT stop_reason FROM tally.stop_reasons WHERE dimension = 'all'"
            f" AND hour = '{session['hour']}'")
        expected = plan["rtp"]["expected"]
        took = session["stalled_time_ms"] + session["play_time_ms"]
        return [
            agreement.Row("plays", 1, plays["plays"]),
            agreement.Row("exits before start", 0, plays["exits_before_start"]),
            agreement.Row("startups", 1, startups["startups"]),
            agreement.Row("startup, median ms", session["startup_time_ms"],
                          startups["p50_p90_p95_p99_ms"][0]),
            agreement.Row("loss ppm", 1000000 * plan["rtp"]["lost"] // expected,
                          int(loss["loss_ppm"])),
            agreement.Row("rebuffering ppm", 1000000 * session["stalled_time_ms"] // took,
                          int(1000000 * stalls["rebuffering_ratio"])),
            agreement.Row("why it ended", "completed" if plan["bye"] else "source_stopped",
                          reason["stop_reason"]),
        ]

    def test_sql_agrees_with_the_senders_plan(self):
        self.seed = os.environ.get("SEED") or str(random.randrange(1 << 31))
        self.boots = []
        self.names = [(row["key"], row["name"]) for row in
                      self.road.database.query("SELECT key, name FROM tally.metrics")]
        print(f"seed {self.seed} (SEED={self.seed} repeats it)", flush=True)
        run = undisturbed(self.play)
        rows = self.rows_of(run, run.plan)
        print(agreement.table(rows), flush=True)
        self.assertTrue(all(row.agrees for row in rows))
        wrong = copy.deepcopy(run.plan)
        wrong["rtp"]["lost"] += 1
        self.assertEqual({row.name for row in self.rows_of(run, wrong) if not row.agrees},
                         {"packets lost", "loss ppm"})


class Fleet(unittest.TestCase):
    def test_sql_agrees_with_the_plans_of_a_fleet_and_the_database_is_away_meanwhile(self):
        seed = int(os.environ.get("SEED") or random.randrange(1 << 31))
        print(f"seed {seed} (SEED={seed} repeats it)", flush=True)
        folder = pathlib.Path(os.environ.get("TALLY_TEST_DIR", "/tmp")) / f"fleet-{os.getpid()}"
        lives = fleet.Fleet(folder, DEVICES, SECONDS, seed)
        road = Road(lives.certificates())
        self.addCleanup(road.stop)
        self.addCleanup(lives.stop)
        lives.start(road.places.port)
        time.sleep(SECONDS / 3)
        road.database.stop()
        time.sleep(OUTAGE_S)
        road.database.start()
        lives.wait()
        made = sum(self.made_by(lives, plan) for plan in lives.plans)
        stored = await_true("all that was made lands", lambda: (
            count := road.database.value("SELECT count(*) FROM tally.records")) >= made and count,
            120)
        check = PlanCheck(road.database.query, lives.plans)
        faults = check.run()
        print(f"{DEVICES} devices: {made} records made, {stored} stored, the database away for "
              f"{OUTAGE_S} s; {check.compared} figures compared, {len(faults)} differ", flush=True)
        self.assertEqual(stored, made)
        self.assertEqual(faults[:20], [])

    def made_by(self, lives, plan):
        """As the device has it in its ledger, which is written as a record is made."""
        return len(list(made_records(lives.folder / f"{plan['device']}.ledger")))


if __name__ == "__main__":
    unittest.main()
