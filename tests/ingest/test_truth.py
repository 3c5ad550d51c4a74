#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Lives drawn from seeds: every view says what is true of them, in whatever order records come."""

import os
import random
import unittest

from plan_check import PlanCheck
from sql_case import SqlCase
from watched import Household

SEED = int(os.environ.get("SEED") or random.SystemRandom().randrange(1 << 31))
HOUSEHOLDS = 3
VIEWS = ("sessions", "plays", "stop_reasons", "errors", "startups", "rebuffering", "watching",
         "bitrates", "levels", "reach", "ads", "publishing", "loss", "frames", "traffic", "totals",
         "percentiles('-infinity', 'infinity', 'os')",
         "concurrency('2027-01-15 08:00+00', '2027-01-15 12:00+00', 'device_model', 'Aurora')")


class Truth(SqlCase):
    def told(self, uploads):
        """Faults against the plan, and all that the views say."""
        self.rows("TRUNCATE tally.records, tally.refused")
        for envelope, records in uploads:
            self.land(*records, **envelope)
        check = PlanCheck(self.dictionaries, self.plans)
        faults = check.run()
        self.compared += check.compared
        self.records = self.value("SELECT count(*) FROM tally.records")
        self.assertEqual(faults[:10], [])
        said = [sorted(row for (row,) in self.rows(f"SELECT v::text FROM tally.{view} v"))
                for view in VIEWS]
        return said

    def test_every_view_in_any_order(self):
        for number in range(HOUSEHOLDS):
            seed = f"{SEED}/{number}"
            with self.subTest(SEED=SEED, number=number):
                self.compared = 0
                household = Household(seed)
                self.plans = household.plans
                in_order = self.told(household.uploads)
                self.assertEqual(self.told(household.disturbed(random.Random(seed))), in_order)
                print(f"SEED={SEED} household {number}: {len(household.uploads)} uploads,"
                      f" {self.records} records, {self.compared} figures compared", flush=True)


if __name__ == "__main__":
    unittest.main(verbosity=2)
