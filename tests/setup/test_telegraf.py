# SPDX-License-Identifier: Apache-2.0
"""Telegraf, which set-up builds of what go brings."""

import shutil
import unittest

from sandbox import Sandbox

PIN = """# why
github.com/influxdata/telegraf@v1.2.3 h1:github.com=
golang.org/toolchain@v0.0.1-go9.9.linux-amd64 h1:golang.org=
plugin inputs.one # why
plugin outputs.two
"""


class Telegraf(Sandbox):
    def setUp(self):
        super().setUp()
        (self.setup / "packages.ingest").write_text("cmake # why\n")
        self.pin(PIN)

    def pin(self, text):
        (self.setup / "telegraf.pin").write_text(text)

    def steps(self):
        return [call.split()[1] for call in self.calls() if call.startswith("go ")]

    def test_it_is_built_once_by_the_compiler_that_came_with_the_plugins_named(self):
        run = self.run_script("setup.sh", "ingest")
        self.assertEqual((run.returncode, run.err), (0, ""))
        self.assertRegex(run.out, r"setup: telegraf 1\.2\.3 pin:[0-9a-f]{16}\n\Z")
        built = (self.deps / "telegraf/telegraf").read_text()
        self.assertIn("golang.org/toolchain@v0.0.1-go9.9.linux-amd64/bin/go", built)
        self.assertEqual(self.steps(), ["mod", "mod", "build"])
        self.assertIn("-tags custom,inputs.one,outputs.two ", self.calls()[-1])
        self.assertEqual(list(self.deps.glob("fetch.??????")), [])

        again = self.run_script("setup.sh", "ingest")
        self.assertEqual((again.returncode, again.out), (0, "setup: nothing missing for ingest\n"))
        self.assertEqual(len(self.steps()), 3)

    def test_a_machine_whose_compiler_is_as_new_needs_no_other(self):
        for version, steps in (("9.8.9", ["mod", "mod", "build"]), ("9.9", ["mod", "build"]),
                               ("9.10.1", ["mod", "build"])):
            with self.subTest(version=version):
                (self.state / "calls").unlink(missing_ok=True)
                shutil.rmtree(self.deps / "telegraf", ignore_errors=True)
                run = self.run_script("setup.sh", "ingest", GO_VERSION=version)
                self.assertEqual((run.returncode, run.err), (0, ""))
                self.assertEqual(self.steps(), steps)

    def test_another_plugin_is_another_build_and_another_comment_is_none(self):
        self.run_script("setup.sh", "ingest")
        self.pin(PIN.replace("why", "because"))
        self.run_script("setup.sh", "ingest")
        self.assertEqual(self.steps().count("build"), 1)
        self.pin(PIN + "plugin outputs.three\n")
        self.run_script("setup.sh", "ingest")
        self.assertEqual(self.steps().count("build"), 2)

    def test_other_sets_do_without(self):
        self.run_script("setup.sh", "test")
        self.assertEqual(self.steps(), [])

    def test_what_is_not_what_the_pin_says_is_not_built(self):
        for module in ("golang.org", "github.com"):
            with self.subTest(module=module):
                self.pin(PIN.replace(f"h1:{module}=", "h1:another="))
                run = self.run_script("setup.sh", "ingest")
                self.assert_refused(run, f"what came as {module}", "is not what telegraf.pin says",
                                    "run: make setup SETS=ingest\n")
                self.assertNotIn("build", self.steps())
                self.assertFalse((self.deps / "telegraf").exists())

    def test_a_failure_is_told_in_one_line(self):
        for says, word in (
            ("dial tcp: lookup proxy.example: no such host", "offline"),
            ("write /x: no space left on device", "no disk space"),
            ("go: module not found", "go failed (go: module not found"),
            ("nothing of use", "go failed (no reason given"),
        ):
            with self.subTest(says=says):
                self.apt(go=f"echo '{says}' >&2; exit 1")
                run = self.run_script("setup.sh", "ingest")
                self.assert_refused(run, word, "run: make setup SETS=ingest\n")
                self.assertFalse((self.deps / "telegraf").exists())
                self.assertEqual(list(self.deps.glob("fetch.??????")), [])


if __name__ == "__main__":
    unittest.main()
