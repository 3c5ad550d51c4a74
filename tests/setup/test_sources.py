# SPDX-License-Identifier: Apache-2.0
"""What fetch.sh brings: from where, checked how, and what is left when it fails."""
import hashlib
import io
import shutil
import signal
import tarfile
import unittest

from sandbox import SPDX, TARBALL, UPLOT, ZCBOR, Sandbox


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
        self.assertEqual(versions[3:], [ZCBOR, SPDX, UPLOT])
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
    """What comes from PyPI: the validators of the tests."""

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
            self.versions(), ["mbedtls 3.6.6 x", "lwip 2.2.1 x", "cmocka 1.1.5 x", SPDX, UPLOT, ZCBOR])
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
        self.assertEqual(self.versions()[3:], [SPDX, UPLOT, "zcbor 1.2.4 sha256:0abc"])

    def test_of_several_that_belong_together_one_changed_is_enough(self):
        self.run_script("fetch.sh", "test")
        pin = self.setup / "spdx.pin"
        pin.write_text(pin.read_text().replace("0.2.0", "0.2.1"))
        run = self.run_script("fetch.sh", "test")
        self.assertEqual((run.returncode, self.steps()), (0, ["pip", "pip"]))
        self.assertIn(f"--requirement {pin} ", self.calls()[1])
        self.assertIn("spdx 0.8.3 sha256:1abc 0.2.1 sha256:2abc", self.versions())

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
        for name in ("live", "fleet"):
            (self.setup / f"packages.{name}").write_text("cmake # why\n")

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
        self.assertEqual(self.steps(), ["npm"] * 3)

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

if __name__ == "__main__":
    unittest.main()
