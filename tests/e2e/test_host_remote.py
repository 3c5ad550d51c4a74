# SPDX-License-Identifier: Apache-2.0
"""Remote configuration on Linux: an operator signs, the collector answers with it, tallyd obeys."""
import time
import unittest

import agreement
import line
import scenario

OPERATOR = "operator-1"
PATIENCE_S = 60


class HostRemote(line.Line):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        for name in ("operator", "stranger"):
            (cls.shared / name).mkdir()
            scenario.make_operator(cls.shared / name)

    def signed(self, version, *options, by="operator"):
        return scenario.sign(self.shared / by / "operator.key",
                             self.folder / f"config-{version}.cose", OPERATOR, version, *options)

    def boot(self, name, *endpoints, **settings):
        """tallyd with settings that outlive it; `endpoint` is a key that may stand several times."""
        folder = self.folder / name
        folder.mkdir()
        lines = "\nendpoint = ".join(f"https://{host}:{port}{scenario.PATH}"
                                     for host, port in endpoints)
        device = scenario.Tallyd(folder, self.certs, lines, config_key=self.shared / "operator/operator.pem",
                                 settings=self.folder / "settings", exit_when_ended="no",
                                 **settings)
        self.addCleanup(device.stop)
        return device

    def await_agent(self, collector, what, holds):
        """The first record of the device about itself that is as wanted."""
        deadline = time.monotonic() + PATIENCE_S
        while time.monotonic() < deadline:
            for record in collector.records("a"):
                if holds(record.get("a", {})):
                    return record["a"]
            time.sleep(0.1)
        return self.fail(f"no record about the agent {what}; the last one: "
                         f"{agreement.last(collector.records('a'), 'a')}")

    def test_a_configuration_is_in_force_at_once_and_after_a_restart(self):
        collector = self.collector("--config", self.signed(7, "--sampling-ppm", "0"))
        device = self.boot("first", ("127.0.0.1", collector.port))
        told = self.await_agent(collector, "with version 7", lambda a: a.get("a0") == 7)
        self.assertEqual(told["a3"], 0)
        self.assertEqual((device.stop(), collector.stop()), (0, 0))
        earlier = collector.rows("SELECT max(id) AS id FROM uploads")[0]["id"]

        silent = self.collector(port=collector.port)  # about configuration
        again = self.boot("second", ("127.0.0.1", silent.port))
        self.start(scenario.Sender, self.media, again, "--seconds", "1").finish(60)
        self.await_agent(silent, "of the second boot",
                         lambda a: a.get("a0") == 7 and a.get("au", 0) > 1)
        self.assertEqual(again.stop(), 0)
        boot = silent.rows("SELECT boot FROM uploads WHERE id > ? ORDER BY id DESC", earlier)[0]
        kinds = {row["kind"] for row in
                 silent.rows("SELECT kind FROM records WHERE boot = ?", boot["boot"])}
        self.assertLessEqual({"b", "a", "v"}, kinds)
        self.assertFalse(kinds & set("shexrt"), "a session that is not sampled has no records")

    def test_what_a_stranger_has_signed_is_refused_and_told(self):
        collector = self.collector("--config",
                                   self.signed(7, "--sampling-ppm", "0", by="stranger"))
        self.boot("device", ("127.0.0.1", collector.port))
        told = self.await_agent(collector, "that refused", lambda a: a.get("a1", 0) > 0)
        self.assertNotIn("a0", told)
        self.assertEqual(told["a3"], 1000000)

    def test_another_endpoint_is_moved_to_if_it_accepts_an_upload(self):
        other = self.start_beside("other")
        collector = self.collector("--config", self.signed(3, "--endpoint", "localhost"))
        self.boot("device", ("127.0.0.1", collector.port), ("localhost", other.port))
        self.assertEqual(self.await_agent(other, "with version 3", lambda a: "a0" in a)["a0"], 3)

    def test_another_endpoint_that_takes_nothing_is_left_again(self):
        other = self.start_beside("other")
        self.assertEqual(other.stop(), 0)
        collector = self.collector("--config", self.signed(3, "--endpoint", "localhost"))
        self.boot("device", ("127.0.0.1", collector.port), ("localhost", other.port))
        told = self.await_agent(collector, "that came back", lambda a: a.get("a2", 0) == 1)
        self.assertNotIn("a0", told)

    def start_beside(self, name):
        """A second collector, with a folder of its own."""
        folder = self.folder / name
        folder.mkdir()
        collector = scenario.Collector(folder, self.certs)
        self.addCleanup(collector.stop)
        return collector


if __name__ == "__main__":
    unittest.main()
