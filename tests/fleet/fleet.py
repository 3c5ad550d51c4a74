#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Many simulated devices against one collector: nothing is lost, nothing is stored twice, and what the
database holds is what was planned. `make fleet`.
"""
import argparse
import json
import pathlib
import random
import resource
import shutil
import subprocess
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path += [str(ROOT / "tests" / "e2e"), str(ROOT / "tests" / "page")]
import scenario  # noqa: E402
from judge import Judge  # noqa: E402
from lives import device_id, make  # noqa: E402
from onlooker import Onlooker  # noqa: E402
from page_case import Collector  # noqa: E402

FOLDER = ROOT / "build" / "fleet"
PICTURES = ROOT / "build" / "page"
FLUSH_S = 90  # what a device has left to upload at its end; it gives up by itself before


class Fleet:
    """`count` devices that live for `seconds`; the same seed is the same lives."""

    def __init__(self, folder, count=50, seconds=120, seed=1, heartbeat_ms=2000, upload_ms=3000):
        self.folder = folder
        self.certs = folder / "certs"
        self._processes = []
        folder.mkdir(parents=True, exist_ok=True)
        self.registry = json.loads(subprocess.run(
            [scenario.PROGRAMS / "tally-decode", "--registry"], check=True,
            capture_output=True).stdout)
        lives = [make(seed, number, seconds, heartbeat_ms, upload_ms)
                 for number in range(1, count + 1)]
        self.plans = [life.plan for life in lives]
        (folder / "plan.json").write_text(json.dumps(self.plans, indent=1))
        for life in lives:
            self._file(life.plan, "script").write_text(life.script)

    def _file(self, plan, suffix):
        return self.folder / f"{plan['device']}.{suffix}"

    def certificates(self):
        """A folder with a CA, a server, and all devices."""
        scenario.check_run("certificates", self.folder / "certs.log",
                           ROOT / "tests/certs/make_certs.sh", self.certs, scenario.DEVICE_ID,
                           *(plan["device"] for plan in self.plans))
        return self.certs

    def start(self, port, host="127.0.0.1", path=scenario.PATH):
        """All boot at once."""
        for plan in self.plans:
            self._processes.append(scenario.Process(
                plan["device"], self.folder, scenario.PROGRAMS / "fleet_device",
                self._file(plan, "script"), self._file(plan, "ledger"), self.certs, host, port,
                path))

    def wait(self):
        """Until each has lived its life and uploaded what it made."""
        lives_s = max(plan["end_ms"] for plan in self.plans) / 1000
        deadline = time.monotonic() + lives_s + FLUSH_S
        return [process.wait(max(deadline - time.monotonic(), 1)) for process in self._processes]

    def stop(self):
        for process in self._processes:
            process.stop()

    def judge(self, database):
        judge = Judge(database, self.registry)
        for plan in self.plans:
            judge.device(plan, self._report(plan), self._file(plan, "ledger"))
        judge.uploads()
        return judge.verdict

    def _report(self, plan):
        """What the device says about itself at its end, None if it did not come to that."""
        lines = self._file(plan, "log").read_text(errors="replace").splitlines()
        return next((json.loads(line) for line in lines if line.startswith("{")), None)


def arguments():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--devices", type=int, default=50)
    parser.add_argument("--seconds", type=int, default=120)
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(1 << 31))
    return parser.parse_args()


def spent_s():
    """Processor time of all children that have ended."""
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def run(fleet, collector, onlooker, seconds):
    """Their lives; returns the processor time that devices and collector took, in s."""
    devices = [plan["device"] for plan in fleet.plans]
    begun_s = spent_s()
    try:
        fleet.start(collector.port)
        onlooker.look(devices, seconds)
        fleet.wait()
        devices_s = spent_s() - begun_s
        onlooker.finish(devices, PICTURES)
    finally:
        fleet.stop()
        collector.stop()
    return devices_s, spent_s() - begun_s - devices_s


def main():
    options = arguments()
    print(f"fleet: {options.devices} devices, {options.seconds} s, SEED={options.seed}", flush=True)
    shutil.rmtree(FOLDER, ignore_errors=True)
    fleet = Fleet(FOLDER, options.devices, options.seconds, options.seed)
    collector = Collector(FOLDER, fleet.certificates())
    onlooker = Onlooker(collector, fleet.registry, options.seed)
    try:
        devices_s, collector_s = run(fleet, collector, onlooker, options.seconds)
    finally:
        onlooker.close()
    verdict = fleet.judge(collector.database)
    print("\n".join([*verdict.lines(), *onlooker.lines()]))
    print(f"processor time: devices {devices_s:.1f} s, collector with its page {collector_s:.1f} s")
    faults = [*verdict.faults, *onlooker.faults]
    for fault in faults:
        print(f"fleet: {fault}")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
