# SPDX-License-Identifier: Apache-2.0
"""A device whose interface gets another address while a request is on its way.

Runs in a network name space of its own, with the collector; the device has another one, at the
other end of a cable.
"""
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import unittest

sys.path.append(str(pathlib.Path(__file__).resolve().parents[1] / "e2e"))
import scenario  # noqa: E402

PROGRAM = scenario.PROGRAMS / "tests" / "proxy" / "proxy_interface"
COLLECTOR = "10.0.2.2"  # a name in its certificate
INSIDE = "TALLY_INSIDE_NETWORK"
LEAST_DEADLINE_MS = 10000  # of the device's time


def ip(*words):
    subprocess.run(["ip", *words], check=True)


class Interface(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        scenario.share(cls)

    def play(self, how):
        """What the device counted, and the collector that it reported to."""
        ip("link", "add", "server0", "type", "veth", "peer", "name", "device0")
        self.addCleanup(subprocess.run, ["ip", "link", "del", "server0"], check=False,
                        stderr=subprocess.DEVNULL)  # gone with the device's name space as a rule
        ip("address", "add", f"{COLLECTOR}/24", "dev", "server0")
        ip("link", "set", "server0", "up")
        folder = pathlib.Path(tempfile.mkdtemp(dir=self.shared))
        collector = scenario.Collector(folder, self.certs, "--host", COLLECTOR)
        self.addCleanup(collector.stop)
        with subprocess.Popen(["unshare", "--net", PROGRAM, str(collector.port), self.certs,
                               "device0", how], text=True, stdin=subprocess.PIPE,
                              stdout=subprocess.PIPE) as device:
            self.assertEqual(device.stdout.readline(), "ready\n")
            ip("link", "set", "device0", "netns", str(device.pid))
            out, _ = device.communicate("go\n", timeout=60)
        self.assertEqual(device.returncode, 0, out)
        return json.loads(out.splitlines()[-1]), collector

    def assert_stored_once(self, counts, collector):
        rows = collector.rows("SELECT seq, json FROM records ORDER BY seq")
        self.assertEqual([row["seq"] for row in rows], list(range(counts["made"])))
        self.assertEqual(counts["pending"], 0)
        events = [json.loads(row["json"]).get("e", {}) for row in rows]
        self.assertEqual([event["ec"] for event in events if event.get("ec")], [1, 2])

    def test_an_upload_over_the_old_address_ends_by_its_deadline_and_is_made_up_for(self):
        counts, collector = self.play("wait")
        self.assert_stored_once(counts, collector)
        self.assertEqual(counts["connects"], 2)
        self.assertGreaterEqual(counts["took_ms"], LEAST_DEADLINE_MS)

    def test_a_device_that_is_told_begins_anew_at_once_and_has_not_failed(self):
        counts, collector = self.play("reconnect")
        self.assert_stored_once(counts, collector)
        self.assertEqual((counts["failed_net"], counts["last_error"]), (0, 0))
        self.assertEqual(counts["connects"], 2)
        self.assertLess(counts["took_ms"], LEAST_DEADLINE_MS)


def main():
    """Root of a name space may change its network; root outside may where users get none."""
    if os.environ.get(INSIDE):
        unittest.main()
    command = ["unshare", "--user", "--map-root-user", "--net"]
    if subprocess.run([*command, "true"], check=False, stderr=subprocess.DEVNULL).returncode != 0:
        command = ["unshare", "--net"]
    os.execvpe(command[0], [*command, sys.executable, *sys.argv], {**os.environ, INSIDE: "1"})


if __name__ == "__main__":
    main()
