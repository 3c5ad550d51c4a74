# SPDX-License-Identifier: Apache-2.0
"""Set-up, without a network and without touching this machine.

Each test works in a copy of cmake/setup, with the commands of fakes/ first in
the PATH and the policy-rc.d in the copy as well.
"""

import base64
import hashlib
import io
import os
import shutil
import signal
import subprocess
import tarfile
import tempfile
import time
import unittest
from pathlib import Path

HERE = Path(__file__).resolve().parent
SETUP = HERE.parent.parent / "cmake" / "setup"

PLAN = """
echo '1 upgraded, 2 newly installed, 0 to remove and 3 not upgraded.'
echo 'Need to get 2372 kB of archives.'
echo 'After this operation, 8382 kB of additional disk space will be used.'
"""

ZCBOR = "zcbor 1.2.3 sha256:0abc"


def tarball():
    """A package as npm packs it."""
    held = io.BytesIO()
    with tarfile.open(fileobj=held, mode="w:gz") as tar:
        member = tarfile.TarInfo("package/dist/uPlot.esm.js")
        member.size = 5
        tar.addfile(member, io.BytesIO(b"draws"))
    return held.getvalue()


TARBALL = tarball()
INTEGRITY = "sha512-" + base64.b64encode(hashlib.sha512(TARBALL).digest()).decode()
UPLOT = f"uplot 4.5.6 {INTEGRITY}"


class Sandbox(unittest.TestCase):
    """A tree, a state for the fakes, and a machine with nothing missing.

    Its path has a blank, as a user's may.
    """

    def setUp(self):
        self.top = Path(tempfile.mkdtemp(prefix="tally setup "))
        self.addCleanup(shutil.rmtree, self.top)
        self.state = self.top / "state"
        self.tree = self.top / "tree"
        self.setup = self.tree / "cmake" / "setup"
        self.deps = self.tree / ".deps"
        self.policy = self.top / "policy-rc.d"
        (self.state / "etc" / "sources.list.d").mkdir(parents=True)
        shutil.copytree(SETUP, self.setup)

        (self.setup / "packages.test").write_text("cmake # why\nninja-build\n")
        (self.setup / "packages.lint").write_text("shellcheck # why\n")
        self.installed("cmake", "ninja-build", "shellcheck")
        (self.setup / "zcbor.pin").write_text("# why\nzcbor==1.2.3 --hash=sha256:0abc\n")
        (self.setup / "uplot.pin").write_text(f"# why\nuplot@4.5.6 {INTEGRITY}\n")
        (self.state / "uplot.tgz").write_bytes(TARBALL)
        for name in ("mbedtls", "lwip", "cmocka", "zcbor", "uplot"):
            (self.deps / name).mkdir(parents=True)
        (self.deps / "versions").write_text(
            f"mbedtls 3.6.6 x\nlwip 2.2.1 x\ncmocka 1.1.5 x\n{ZCBOR}\n{UPLOT}\n")
        self.apt(plan=PLAN)

    def installed(self, *packages):
        (self.state / "installed").write_text("".join(f"{p}\n" for p in packages))

    def apt(self, **steps):
        for step, script in steps.items():
            (self.state / step).write_text(script)

    def calls(self):
        calls = self.state / "calls"
        return calls.read_text().splitlines() if calls.exists() else []

    def steps(self):
        return [call.split()[0] for call in self.calls()]

    def start(self, script, *args, uid=0, **environment):
        return subprocess.Popen(
            [self.setup / script, *args],
            env={
                "PATH": f"{HERE / 'fakes'}:/usr/bin:/bin",
                "STATE": str(self.state),
                "FAKE_UID": str(uid),
                "TALLY_POLICY_RC": str(self.policy),
                "TALLY_PYTHON": str(HERE / "fakes" / "python-with-pip"),
                **environment,
            },
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def run_script(self, script, *args, **options):
        process = self.start(script, *args, **options)
        process.out, process.err = process.communicate(timeout=60)
        return process

    def wait_for(self, path):
        deadline = time.monotonic() + 60
        while not path.exists():
            self.assertLess(time.monotonic(), deadline, f"{path} never came")
            time.sleep(0.02)

    def assert_refused(self, run, *words):
        """One line, which has the words, and a failure."""
        self.assertNotEqual(run.returncode, 0)
        self.assertEqual(len(run.err.splitlines()), 1, run.err)
        for word in words:
            self.assertIn(word, run.err)


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
        self.assert_refused(run, "missing: ninja-build lwip cmocka zcbor uplot;")
        run = self.run_script("setup.sh", "--check", "lint")
        self.assert_refused(run, "missing: lwip;")
        self.assertEqual(self.calls(), [])

    def test_an_unknown_set_is_refused_by_name(self):
        run = self.run_script("setup.sh", "tset")
        self.assert_refused(run, "no set 'tset'", "bench demo demo-linux lint linux live test")

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

class Sources(Sandbox):
    """Mbed TLS, lwIP and TinyCBOR, which come from trixie, and cmocka, which is bookworm's."""

    def setUp(self):
        super().setUp()
        shutil.rmtree(self.deps)
        self.archive = self.state / "archive"
        self.archive.mkdir()
        self.publish("mbedtls", "3.6.6-0.1~deb13u1")
        self.publish("lwip", "2.2.1+dfsg1-1")
        self.publish("cmocka", "1.1.5-2.1")
        self.publish("tinycbor", "0.6.1-1")
        self.apt(source='cp "$STATE"/archive/* .')
        self.write_list("deb http://mirror.example/debian bookworm main")

    def publish(self, name, version):
        """Puts a source package into the archive."""
        for old in self.archive.glob(f"{name}_*"):
            old.unlink()
        tarball = self.archive / f"{name}_{version.rsplit('-', 1)[0]}.orig.tar.xz"
        with tarfile.open(tarball, "w:xz") as tar:
            member = tarfile.TarInfo(f"{name}-upstream/README")
            member.size = len(name)
            tar.addfile(member, io.BytesIO(name.encode()))
        return hashlib.sha256(tarball.read_bytes()).hexdigest()

    def write_list(self, text):
        (self.state / "etc" / "sources.list").write_text(text)

    def write_part(self, name, text):
        (self.state / "etc" / "sources.list.d" / name).write_text(text)

    def mirrors(self, *sets):
        """The sources given to apt when no mirror delivers, in order."""
        keep = "cat \"$(sed -n 's/.*SourceList \"\\(.*\\)\";/\\1/p' \"$2\")\""
        self.apt(update=f"({keep}; echo) >>\"$STATE/mirrors\"; exit 100")
        self.run_script("fetch.sh", *sets)
        return (self.state / "mirrors").read_text().strip().split("\n\n")

    @staticmethod
    def stanza(uri, key="", suites="trixie"):
        return (
            f"Types: deb-src\nURIs: {uri}\nSuites: {suites}\nComponents: main"
            + (f"\nSigned-By: {key}" if key else "")
        )

    def leftovers(self):
        return list(self.deps.glob("fetch.??????"))

    def test_come_unpacked_recorded_and_without_root(self):
        mbedtls = self.publish("mbedtls", "3.6.7-1")
        run = self.run_script("setup.sh", "test", uid=1000)
        self.assertEqual((run.returncode, run.err), (0, ""))
        self.assertEqual((self.deps / "mbedtls" / "README").read_text(), "mbedtls")
        self.assertEqual((self.deps / "lwip" / "README").read_text(), "lwip")
        versions = (self.deps / "versions").read_text().splitlines()
        self.assertEqual(versions[0], f"mbedtls 3.6.7 sha256:{mbedtls}")
        self.assertIn("lwip 2.2.1+dfsg1 sha256:", versions[1])
        self.assertIn("cmocka 1.1.5 sha256:", versions[2])
        self.assertIn(versions[0], run.out)
        self.assertEqual(versions[3:], [ZCBOR, UPLOT])
        self.assertEqual(self.leftovers(), [])

    def test_are_not_fetched_twice(self):
        self.run_script("fetch.sh")
        before = self.calls()
        self.assertEqual(self.run_script("fetch.sh").returncode, 0)
        self.assertEqual(self.calls(), before)

    def test_given_by_the_caller_are_not_fetched(self):
        run = self.run_script("fetch.sh", TALLY_MBEDTLS_DIR="/mine")
        self.assertEqual(run.returncode, 0)
        self.assertTrue(
            self.calls()[-1].endswith("source --download-only --tar-only lwip/trixie"))
        self.assertFalse((self.deps / "mbedtls").exists())

    def test_that_only_the_tests_need_come_with_the_set_test(self):
        self.assertEqual(self.run_script("setup.sh", "lint").returncode, 0)
        self.assertFalse((self.deps / "cmocka").exists())
        self.assertEqual(self.run_script("setup.sh", "lint", "test").returncode, 0)
        self.assertTrue(any(call.endswith("source --download-only --tar-only cmocka/bookworm")
                            for call in self.calls()))
        self.assertTrue((self.deps / "cmocka").exists())

    def test_that_only_the_tests_need_can_be_given_as_well(self):
        run = self.run_script("fetch.sh", "test", TALLY_CMOCKA_DIR="/mine")
        self.assertEqual(run.returncode, 0)
        self.assertFalse((self.deps / "cmocka").exists())

    def test_come_from_the_suites_that_have_them(self):
        mirror = "http://mirror.example/debian"
        self.assertEqual(
            self.mirrors("test"), [self.stanza(mirror, suites="bookworm trixie")]
        )

    def test_that_only_the_bench_needs_come_with_the_set_bench(self):
        (self.setup / "packages.bench").write_text("cmake # why\n")
        self.assertEqual(self.run_script("setup.sh", "lint").returncode, 0)
        self.assertFalse((self.deps / "tinycbor").exists())
        self.assert_refused(self.run_script("setup.sh", "--check", "lint", "bench"),
                            "missing: tinycbor;", "SETS='lint bench'")
        self.assertEqual(self.run_script("setup.sh", "lint", "bench").returncode, 0)
        self.assertIn("tinycbor", self.calls()[-1])
        self.assertNotIn("lwip", self.calls()[-1])
        self.assertEqual((self.deps / "tinycbor" / "README").read_text(), "tinycbor")

    def test_that_only_the_bench_needs_can_be_given_as_well(self):
        run = self.run_script("fetch.sh", "bench", TALLY_TINYCBOR_DIR="/mine")
        self.assertEqual(run.returncode, 0)
        self.assertFalse((self.deps / "tinycbor").exists())

    def test_of_another_release_series_are_refused_by_name(self):
        self.publish("mbedtls", "4.0.0-1")
        run = self.run_script("fetch.sh")
        self.assert_refused(run, "trixie's mbedtls is 4.0.0", "3.6.x", "make setup")
        self.assertFalse((self.deps / "mbedtls").exists())
        self.assertEqual(self.leftovers(), [])

    def test_with_another_checksum_are_refused(self):
        self.apt(source="echo 'E: Failed to fetch x Hash Sum mismatch'; exit 100")
        self.assert_refused(self.run_script("fetch.sh"), "Hash Sum mismatch", "make setup")
        self.assertFalse((self.deps / "mbedtls").exists())

    def test_bring_their_upstream_tarball_and_no_signature_of_it(self):
        (self.archive / "lwip_2.2.1+dfsg1.orig.tar.xz.asc").write_text("a signature")
        self.assertEqual(self.run_script("fetch.sh").returncode, 0)
        self.assertIn("--tar-only", self.calls()[-1])
        self.assertEqual((self.deps / "lwip" / "README").read_text(), "lwip")

    def test_offline_is_one_line(self):
        self.apt(update="echo 'E: Failed to fetch x Could not connect to y'; exit 100")
        self.assert_refused(self.run_script("fetch.sh"), "offline", "run: make setup\n")

    def test_a_full_disk_is_one_line(self):
        self.apt(source="echo 'E: Write error - (28: No space left on device)'; exit 100")
        self.assert_refused(self.run_script("fetch.sh"), "no disk space", "make setup\n")

    def test_interrupted_leave_nothing_behind(self):
        self.apt(update='touch "$STATE/begun"; sleep 1')
        process = self.start("fetch.sh")
        self.wait_for(self.state / "begun")
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=60)
        self.assertNotEqual(process.returncode, 0)
        self.assertEqual(self.leftovers(), [])

    def test_come_from_the_mirror_of_a_one_line_file(self):
        self.write_list(
            "# deb http://commented.example/debian bookworm main\n"
            "deb cdrom:[Debian 12 _Bookworm_]/ bookworm main\n"
            "deb [ arch=amd64 signed-by=/key.gpg ] http://one.example/debian/ "
            "bookworm main contrib # the fast one\n"
        )
        self.assertEqual(
            self.mirrors(), [self.stanza("http://one.example/debian/", "/key.gpg")]
        )

    def test_come_from_the_mirrors_of_a_deb822_file(self):
        self.write_list("")
        self.write_part(
            "debian.sources",
            "Types: deb\n# a comment\nURIs: http://a.example/debian http://b.example/debian\n"
            "Suites: bookworm bookworm-updates\nComponents: main\nSigned-By:\n"
            " -----BEGIN PGP PUBLIC KEY BLOCK-----\n .\n mQ==\n\n"
            "Types: deb\nEnabled: no\nURIs: http://c.example/debian\n"
            "Suites: bookworm\nComponents: main\n\n"
            "Types: deb\nuris: http://d.example/debian\nSuites: stable\n"
            "Components: main\nSigned-By: /key.gpg",
        )
        block = "\n -----BEGIN PGP PUBLIC KEY BLOCK-----\n .\n mQ=="
        self.assertEqual(
            self.mirrors(),
            [
                self.stanza("http://a.example/debian", block),
                self.stanza("http://b.example/debian", block),
                self.stanza("http://d.example/debian", "/key.gpg"),
            ],
        )

    def test_never_come_from_security_mirrors_or_vendors(self):
        self.write_list(
            "deb http://security.debian.org/debian-security bookworm-security main\n"
            "deb http://mirror.example/debian-security bookworm main\n"
            "deb http://vendor.example/apt nodistro main\n"
            "deb http://vendor.example/docker bookworm stable\n"
        )
        run = self.run_script("fetch.sh")
        self.assert_refused(run, "no Debian mirror", "run: make setup\n")

    def test_come_from_the_next_mirror_when_one_fails(self):
        self.write_list(
            "deb http://dead.example/debian bookworm main\n"
            "deb http://live.example/debian bookworm main\n"
            "deb http://live.example/debian bookworm-updates main\n"
        )
        self.apt(update='[ "$(grep -c ^update "$STATE/calls")" -gt 1 ]')
        self.assertEqual(self.run_script("fetch.sh").returncode, 0)
        self.assertEqual(self.steps(), ["update", "update", "source"])


class Zcbor(Sandbox):
    """The tests' validator, which comes from PyPI; nothing else does."""

    def setUp(self):
        super().setUp()
        shutil.rmtree(self.deps / "zcbor")

    def versions(self):
        return (self.deps / "versions").read_text().splitlines()

    def test_comes_for_the_tests_alone(self):
        self.assertEqual(self.run_script("setup.sh", "lint").returncode, 0)
        self.assertEqual(self.calls(), [])
        run = self.run_script("setup.sh", "test", uid=1000)
        self.assertEqual((run.returncode, run.err), (0, ""))
        self.assertEqual(self.steps(), ["pip"])
        self.assertEqual((self.deps / "zcbor" / "README").read_text(), "zcbor\n")
        self.assertEqual(
            self.versions(), ["mbedtls 3.6.6 x", "lwip 2.2.1 x", "cmocka 1.1.5 x", UPLOT, ZCBOR])
        self.assertIn(ZCBOR, run.out)

    def test_comes_in_the_pinned_version_with_nothing_beside_it(self):
        self.run_script("fetch.sh", "test")
        call = self.calls()[0]
        self.assertIn(f"--requirement {self.setup / 'zcbor.pin'} ", call)
        for option in ("--require-hashes", "--no-deps", "--no-input"):
            self.assertIn(f" {option} ", call)

    def test_is_not_fetched_twice(self):
        self.run_script("fetch.sh", "test")
        self.assertEqual(self.run_script("fetch.sh", "test").returncode, 0)
        self.assertEqual(self.steps(), ["pip"])

    def test_given_by_the_caller_is_not_fetched(self):
        run = self.run_script("fetch.sh", "test", TALLY_ZCBOR_DIR="/mine")
        self.assertEqual((run.returncode, self.calls()), (0, []))

    def test_of_another_version_is_fetched_anew(self):
        self.run_script("fetch.sh", "test")
        pin = self.setup / "zcbor.pin"
        pin.write_text(pin.read_text().replace("1.2.3", "1.2.4"))
        self.assertEqual(self.run_script("fetch.sh", "test").returncode, 0)
        self.assertEqual(self.steps(), ["pip", "pip"])
        self.assertEqual(self.versions()[3:], [UPLOT, "zcbor 1.2.4 sha256:0abc"])

    def test_that_does_not_come_is_one_line_and_leaves_nothing_behind(self):
        for says, word in (
            ("ERROR: THESE PACKAGES DO NOT MATCH THE HASHES FROM THE FILE.", "zcbor.pin says"),
            ("WARNING: Retrying after connection broken by NewConnectionError", "offline"),
            ("ERROR: Could not install: [Errno 28] No space left on device", "no disk space"),
            ("ERROR: No matching distribution found", "pip failed (No matching distribution"),
            ("nothing of use", "pip failed (no reason given"),
        ):
            with self.subTest(says=says):
                self.apt(pip=f"echo '{says}'; exit 1")
                run = self.run_script("setup.sh", "test")
                self.assert_refused(run, word, "run: make setup\n")
                self.assertFalse((self.deps / "zcbor").exists())
                self.assertEqual(list(self.deps.glob("fetch.??????")), [])


class Uplot(Sandbox):
    """What draws the live page's plots, which comes from npm's registry; nothing else does."""

    def setUp(self):
        super().setUp()
        shutil.rmtree(self.deps / "uplot")
        (self.setup / "packages.live").write_text("cmake # why\n")

    def test_comes_for_the_page_and_for_its_tests(self):
        self.assertEqual(self.run_script("setup.sh", "lint").returncode, 0)
        self.assertEqual(self.calls(), [])
        for name in ("live", "fleet", "test"):
            with self.subTest(set=name):
                shutil.rmtree(self.deps / "uplot", ignore_errors=True)
                run = self.run_script("setup.sh", name, uid=1000)
                self.assertEqual((run.returncode, run.err), (0, ""))
                self.assertEqual((self.deps / "uplot/dist/uPlot.esm.js").read_text(), "draws")
                self.assertIn(UPLOT, run.out)
                self.assertEqual((self.deps / "versions").read_text().splitlines()[-1], UPLOT)
        self.assertEqual(self.steps(), ["npm", "npm"])

    def test_comes_in_the_pinned_version_and_runs_nothing(self):
        self.run_script("fetch.sh", "live")
        self.assertRegex(self.calls()[0], "^npm pack uplot@4.5.6 --ignore-scripts ")

    def test_is_not_fetched_twice(self):
        self.run_script("fetch.sh", "live")
        self.assertEqual(self.run_script("fetch.sh", "live", "test").returncode, 0)
        self.assertEqual(self.steps(), ["npm"])

    def test_given_by_the_caller_is_not_fetched(self):
        run = self.run_script("fetch.sh", "live", TALLY_UPLOT_DIR="/mine")
        self.assertEqual((run.returncode, self.calls()), (0, []))

    def test_of_another_version_is_fetched_anew(self):
        self.run_script("fetch.sh", "live")
        pin = self.setup / "uplot.pin"
        pin.write_text(pin.read_text().replace("4.5.6", "4.5.7"))
        self.assertEqual(self.run_script("fetch.sh", "live").returncode, 0)
        self.assertEqual(self.steps(), ["npm", "npm"])

    def test_with_other_bytes_than_the_pinned_ones_is_refused(self):
        (self.state / "uplot.tgz").write_bytes(TARBALL[:-1] + bytes([TARBALL[-1] ^ 1]))
        run = self.run_script("fetch.sh", "live")
        self.assert_refused(run, "not what uplot.pin says", "run: make setup\n")
        self.assertFalse((self.deps / "uplot").exists())
        self.assertEqual(list(self.deps.glob("fetch.??????")), [])

    def test_that_does_not_come_is_one_line_and_leaves_nothing_behind(self):
        for says, word in (
            ("npm ERR! code EINTEGRITY", "npm's registry says"),
            ("npm error code ENOTFOUND", "offline"),
            ("npm ERR! code ENOSPC", "no disk space"),
            ("npm ERR! code E404", "npm failed (ERR! code E404"),
            ("nothing of use", "npm failed (no reason given"),
        ):
            with self.subTest(says=says):
                self.apt(npm=f"echo '{says}'; exit 1")
                self.assert_refused(self.run_script("setup.sh", "live"), word, "run: make setup")
                self.assertFalse((self.deps / "uplot").exists())
                self.assertEqual(list(self.deps.glob("fetch.??????")), [])


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
