# SPDX-License-Identifier: Apache-2.0
"""What setup.sh installs, and what it leaves alone."""
import os
import signal
import unittest

from sandbox import HERE, SETUP, Sandbox


class NothingMissing(Sandbox):
    def test_installs_nothing_and_needs_no_root(self):
        run = self.run_script("setup.sh", "test", "lint", uid=1000)
        self.assertEqual((run.returncode, run.err), (0, ""))
        self.assertEqual(self.calls(), [])

    def test_check_succeeds(self):
        self.assertEqual(self.run_script("setup.sh", "--check", "test").returncode, 0)


class SomethingMissing(Sandbox):
    def setUp(self):
        super().setUp()
        self.installed("cmake", "shellcheck")

    def test_a_user_is_told_the_exact_command(self):
        run = self.run_script("setup.sh", "test", uid=1000)
        self.assert_refused(run, "not root", "ninja-build", "run: sudo make setup\n")
        self.assertEqual(self.calls(), [])

    def test_root_is_not_told_to_use_sudo(self):
        run = self.run_script("setup.sh", "--check", "test")
        self.assert_refused(run, "ninja-build", "run: make setup\n")

    def test_another_set_is_named_in_the_command(self):
        self.installed("cmake", "ninja-build")
        run = self.run_script("setup.sh", "--check", "lint", uid=1000)
        self.assert_refused(run, "run: sudo make setup SETS='lint'\n")

    def test_check_installs_nothing_and_names_missing_sources(self):
        (self.deps / "versions").write_text("mbedtls 3.6.6 x\n")
        run = self.run_script("setup.sh", "--check", "test")
        self.assert_refused(run, "missing: ninja-build lwip cmocka zcbor spdx uplot;")
        run = self.run_script("setup.sh", "--check", "lint")
        self.assert_refused(run, "missing: lwip;")
        self.assertEqual(self.calls(), [])

    def test_an_unknown_set_is_refused_by_name(self):
        run = self.run_script("setup.sh", "tset")
        sets = sorted(path.suffix[1:] for path in SETUP.glob("packages.*"))
        self.assert_refused(run, "no set 'tset'", f"the sets are: {' '.join(sets)}")

    def test_only_what_is_missing_is_installed_without_questions(self):
        run = self.run_script("setup.sh", "test")
        self.assertEqual((run.returncode, run.err), (0, ""))
        self.assertEqual(self.steps(), ["plan", "download", "install"])
        install = self.calls()[-1].split()
        self.assertEqual(install[-1], "ninja-build")
        self.assertNotIn("cmake", install)
        for option in (
            "--yes",
            "--no-install-recommends",
            "--no-remove",
            "DPkg::Lock::Timeout=300",
        ):
            self.assertIn(option, install)

    def test_what_and_how_much_is_said_first(self):
        run = self.run_script("setup.sh", "test")
        self.assertIn("missing packages: ninja-build\n", run.out)
        self.assertIn("packages to install in all: 3;", run.out)
        self.assertIn("to download: 2372 kB; on disk: 8382 kB", run.out)

    def test_lists_are_refreshed_once_when_there_is_no_candidate(self):
        self.apt(plan="echo 'E: Unable to locate package ninja-build'; exit 100")
        run = self.run_script("setup.sh", "test")
        self.assert_refused(run, "Unable to locate package ninja-build")
        self.assertEqual(self.steps(), ["plan", "update", "plan"])

    def test_lists_are_refreshed_when_a_mirror_forgot_the_package(self):
        self.apt(download='[ "$(grep -c ^download "$STATE/calls")" = 2 ]')
        self.assertEqual(self.run_script("setup.sh", "test").returncode, 0)
        self.assertEqual(
            self.steps(), ["plan", "download", "update", "download", "install"]
        )

    def test_offline_is_one_line(self):
        self.apt(
            plan="echo 'E: Unable to locate package ninja-build'; exit 100",
            update="echo \"W: Failed to fetch x Temporary failure resolving 'deb'\"",
        )
        run = self.run_script("setup.sh", "test")
        self.assert_refused(run, "offline", "resolving 'deb'", "run: make setup\n")

    def test_a_full_disk_is_one_line(self):
        self.apt(plan="echo \"E: You don't have enough free space in x.\"; exit 100")
        run = self.run_script("setup.sh", "test")
        self.assert_refused(run, "no disk space", "run: make setup\n")


class Services(Sandbox):
    """policy-rc.d, which decides whether an installation starts services."""

    FAILS = "echo 'E: Sub-process dpkg returned an error'; exit 100"

    def setUp(self):
        super().setUp()
        self.installed("cmake")

    def test_are_held_during_the_installation_and_not_after(self):
        self.apt(install=f"'{self.policy}' && code=0 || code=$?; echo $code >\"$STATE/code\"")
        self.assertEqual(self.run_script("setup.sh", "test").returncode, 0)
        self.assertEqual((self.state / "code").read_text(), "101\n")
        self.assertFalse(self.policy.exists())

    def test_policy_is_put_back_when_apt_fails(self):
        self.policy.write_text("mine")
        self.apt(install=self.FAILS)
        run = self.run_script("setup.sh", "test")
        self.assert_refused(run, "apt failed (Sub-process", "run: make setup\n")
        self.assertEqual(self.policy.read_text(), "mine")

    def test_policy_that_is_a_link_stays_one(self):
        self.policy.symlink_to("/nowhere")
        self.run_script("setup.sh", "test")
        self.assertEqual(os.readlink(self.policy), "/nowhere")

    def test_policy_is_put_back_after_apt_ends_on_sigterm(self):
        self.policy.write_text("mine")
        self.apt(install='cd "$STATE"; touch begun; sleep 1; touch ended')
        process = self.start("setup.sh", "test")
        self.wait_for(self.state / "begun")
        self.assertNotEqual(self.policy.read_text(), "mine")
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=60)
        self.assertEqual(process.returncode, 128 + signal.SIGTERM)
        self.assertTrue((self.state / "ended").exists())
        self.assertEqual(self.policy.read_text(), "mine")

    def test_policy_is_put_back_by_the_next_run_after_sigkill(self):
        self.policy.write_text("mine")
        self.apt(install='touch "$STATE/begun"; sleep 1')
        process = self.start("setup.sh", "test")
        self.wait_for(self.state / "begun")
        process.kill()
        process.communicate(timeout=60)
        self.assertNotEqual(self.policy.read_text(), "mine")
        self.run_script("setup.sh", "test")
        self.assertEqual(self.policy.read_text(), "mine")


class Commands(Sandbox):
    """A package that brings a command, on machines where the command is there another way."""

    def setUp(self):
        super().setUp()
        (self.setup / "packages.test").write_text("cmake # why\nbird [tweet]  # why\n")

    def test_a_package_is_missing_where_its_command_is(self):
        self.assert_refused(self.run_script("setup.sh", "--check", "test"), "missing: bird;")
        self.assertEqual(self.run_script("setup.sh", "test").returncode, 0)
        self.assertEqual(self.calls()[-1].split()[-1], "bird")

    def test_a_package_is_not_missing_where_its_command_is_there(self):
        (self.top / "tweet").write_text("#!/bin/sh\n")
        (self.top / "tweet").chmod(0o755)
        path = f"{HERE / 'fakes'}:/usr/bin:/bin:{self.top}"
        run = self.run_script("setup.sh", "--check", "test", PATH=path)
        self.assertEqual((run.returncode, run.err), (0, ""))

    def test_a_package_that_is_there_is_not_missing_whatever_it_brings(self):
        self.installed("cmake", "bird", "shellcheck")
        self.assertEqual(self.run_script("setup.sh", "--check", "test").returncode, 0)


class AsOwner(Sandbox):
    """Only root can give a tree away; for anybody else it stays their own, and so does the file."""
    OWNER = 65534

    def give_tree_away(self):
        if os.geteuid() == 0:
            os.chown(self.tree, self.OWNER, self.OWNER)

    def owner_of_new_file(self):
        self.assertEqual(self.run_script("as-owner.sh", "touch", self.tree / "new").returncode, 0)
        return (self.tree / "new").stat().st_uid

    def test_root_works_as_the_owner_of_the_tree(self):
        self.top.chmod(0o755)
        self.give_tree_away()
        self.assertEqual(self.owner_of_new_file(), self.tree.stat().st_uid)

    def test_root_stays_root_where_the_owner_cannot_write(self):
        self.give_tree_away()
        self.assertEqual(self.owner_of_new_file(), os.geteuid())


class Stage(Sandbox):
    def test_that_works_is_one_line(self):
        run = self.run_script("stage.sh", "build", self.tree / "log", "echo", "noise")
        self.assertEqual((run.returncode, run.err), (0, ""))
        self.assertRegex(run.out, r"\Astage build ok \(\d+s\)\n\Z")

    def test_that_fails_reports_everything_needed_to_look_into_it(self):
        log = self.tree / "new" / "log"
        command = "seq 30; exit 3"
        run = self.run_script("stage.sh", "build", log, "bash", "-c", command)
        self.assertEqual((run.returncode, run.out), (3, ""))
        lines = run.err.splitlines()
        self.assertEqual(lines[:20], [str(n) for n in range(11, 31)])
        self.assertRegex(lines[20], r"^stage build failed \(\d+s\)$")
        self.assertEqual(
            lines[21:],
            [
                "expected: exit 0",
                "got: exit 3",
                f"log: {log}",
                "rerun: bash -c seq\\ 30\\;\\ exit\\ 3",
            ],
        )


if __name__ == "__main__":
    unittest.main()
