#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""A fleet of real agents reports to the bench collector; its records, landed here, say in every view
what was planned. TALLY_FLEET=folder: of a run that was there before (plan.json, collector.db).
"""

import json
import os
import pathlib
import random
import sys
import tempfile
import unittest

import engines
from fleet_records import uploads
from plan_check import PlanCheck
from sql_case import SqlCase

sys.path.append(str(engines.TESTS / "fleet"))
import fleet  # noqa: E402
import scenario  # noqa: E402

DEVICES = 12
SECONDS = 20  # lives at three times the pace


def run_fleet(folder, seed):
    """Lives a fleet's life; its plan and the collector's database are in `folder` then."""
    devices = fleet.Fleet(folder, DEVICES, SECONDS, seed)
    collector = scenario.Collector(folder, devices.certificates())
    try:
        devices.start(collector.port)
        devices.wait()
    finally:
        devices.stop()
        collector.stop()
    return collector.database


class FleetViews(SqlCase):
    @classmethod
    def setUpClass(cls):
        cls.seed = int(os.environ.get("SEED") or random.SystemRandom().randrange(1 << 31))
        print(f"SEED={cls.seed}", flush=True)
        folder = os.environ.get("TALLY_FLEET")
        if folder is None:
            holder = tempfile.TemporaryDirectory(prefix="tally-fleet-")
            cls.addClassCleanup(holder.cleanup)
            folder = holder.name
            run_fleet(pathlib.Path(folder), cls.seed)
        cls.uploads = list(uploads(pathlib.Path(folder) / "collector.db"))
        cls.plans = json.loads((pathlib.Path(folder) / "plan.json").read_text())

    def check(self):
        check = PlanCheck(self.dictionaries, self.plans)
        faults = check.run()
        print(f"{len(self.plans)} devices, {len(self.uploads)} uploads: {check.compared} figures"
              f" compared, {len(faults)} differ", flush=True)
        self.assertEqual(faults[:20], [])
        return check

    def test_every_view_says_what_was_planned(self):
        for envelope, records in self.uploads:
            self.land(*records, **envelope)
        self.check()

    def test_in_another_order_with_resends(self):
        chance = random.Random(self.seed)
        told = self.uploads + chance.sample(self.uploads, len(self.uploads) // 4)
        chance.shuffle(told)
        for envelope, records in told:
            self.land(*chance.sample(records, len(records)), **envelope)
        self.check()

    def test_a_changed_row_is_noticed(self):
        for envelope, records in self.uploads:
            self.land(*records, **envelope)
        self.rows("UPDATE tally.records SET fields = fields || '{\"play_time_ms\": 77}'"
                  " WHERE (device, boot, seq) = (SELECT device, boot, seq FROM tally.records"
                  " WHERE kind = 'x' AND fields ? 'play_time_ms' ORDER BY 1, 2, 3 LIMIT 1)")
        self.assertNotEqual(PlanCheck(self.dictionaries, self.plans).run(), [])


if __name__ == "__main__":
    unittest.main(verbosity=2)
