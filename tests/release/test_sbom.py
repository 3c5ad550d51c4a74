# SPDX-License-Identifier: Apache-2.0
"""What is said to be in an image is in it, all of it and nothing else; and a document that says
something else is found out."""
import copy
import json
import os
import pathlib
import tempfile
import unittest

import builds
import sbom_judge

import board

HOST = pathlib.Path(os.environ.get("TALLY_LINUX_DIR", builds.ROOT / "build" / "linux"))


class Sbom(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        holder = tempfile.TemporaryDirectory(prefix="tally sbom ")
        cls.addClassCleanup(holder.cleanup)
        cls.folder = pathlib.Path(holder.name)
        cls.certs = builds.scenario.make_certificates(cls.folder / "certs")
        cls.image = board.build("mps2-an385", cls.folder / "box", cls.certs, 8443)
        cls.text = (cls.image.parent / "tally.spdx.json").read_text()
        cls.document = json.loads(cls.text)

    def package(self, name):
        return next(one for one in self.document["packages"] if one["name"] == name)

    def relations(self, one, kind):
        names = {package["SPDXID"]: package["name"] for package in self.document["packages"]}
        return {names[entry["relatedSpdxElement"]] for entry in self.document["relationships"]
                if (entry["spdxElementId"], entry["relationshipType"]) == (one, kind)}


class Firmware(Sbom):
    def test_is_valid_and_agrees_with_the_image(self):
        self.assertEqual(sbom_judge.faults(self.document, self.image), [])

    def test_lists_what_is_linked_and_no_tool_of_the_tests(self):
        self.assertEqual([package["name"] for package in self.document["packages"]],
                         ["tally-mps2-an385", "tally", "Mbed TLS", "lwIP", "gcc-arm-none-eabi",
                          "picolibc-arm-none-eabi"])
        linked = {"Mbed TLS", "lwIP", "gcc-arm-none-eabi", "picolibc-arm-none-eabi"}
        self.assertEqual(self.relations("SPDXRef-Image", "STATIC_LINK"), linked)
        self.assertEqual(self.relations("SPDXRef-Image", "CONTAINS"), linked)
        self.assertEqual(self.relations("SPDXRef-Image", "GENERATED_FROM"), {"tally"})

    def test_leaves_out_sources_that_nothing_calls(self):
        listed = {file["fileName"] for file in self.document["files"]}
        self.assertIn("./mbedtls/library/ssl_tls13_client.c", listed)
        self.assertIn("./lwip/src/core/ipv4/dhcp.c", listed)
        for name in ("mbedtls/library/ssl_tls13_server.c", "lwip/src/core/ipv6/nd6.c",
                     "tally/boards/vexpress-a9/board.c"):
            self.assertNotIn(f"./{name}", listed)

    def test_says_the_licences_of_those_who_wrote_it(self):
        for name, licence in (("tally", "Apache-2.0"), ("lwIP", "BSD-3-Clause"),
                              ("Mbed TLS", "Apache-2.0 OR GPL-2.0-or-later"),
                              ("gcc-arm-none-eabi", "GPL-3.0-or-later WITH GCC-exception-3.1")):
            self.assertEqual(self.package(name)["licenseConcluded"], licence)

    def test_tells_nothing_of_the_device_or_of_this_machine(self):
        for secret in (self.certs, self.folder, builds.ROOT, "8443", "stb-0001", "provision.c"):
            self.assertNotIn(str(secret), self.text)

    def test_is_dated_as_the_build_is(self):
        self.assertRegex(self.document["creationInfo"]["created"], r"^20\d\d-\d\d-\d\dT[\d:]{8}Z$")


class Daemon(unittest.TestCase):
    def test_is_valid_and_agrees_with_the_image(self):
        document = json.loads((HOST / "tallyd.spdx.json").read_text())
        self.assertEqual(sbom_judge.faults(document, HOST / "tallyd"), [])
        names = [package["name"] for package in document["packages"]]
        self.assertEqual(names[:3], ["tallyd-linux", "tally", "Mbed TLS"])
        self.assertNotIn("lwIP", names)


class Mutants(Sbom):
    """Each is wrong in one thing."""

    def found(self, change):
        document = copy.deepcopy(self.document)
        change({package["name"]: package for package in document["packages"]}, document)
        return "\n".join(sbom_judge.faults(document, self.image))

    def test_a_package_without_a_licence(self):
        for words in ("", "NOASSERTION"):
            def change(packages, _, words=words):
                packages["lwIP"]["licenseConcluded"] = words
            with self.subTest(words):
                self.assertNotEqual(self.found(change), "")

    def test_a_licence_that_there_is_not(self):
        def change(packages, _):
            packages["tally"]["licenseConcluded"] = "Apache-7.0"
        self.assertIn("Apache-7.0", self.found(change))

    def test_a_licence_whose_text_is_missing(self):
        def change(_, document):
            document["hasExtractedLicensingInfos"] = []
        self.assertIn("LicenseRef-picolibc", self.found(change))

    def test_a_file_with_another_checksum(self):
        def change(_, document):
            one = document["files"][7]["checksums"][1]
            one["checksumValue"] = one["checksumValue"][::-1]
        self.assertIn(f"{self.document['files'][7]['fileName']}: SHA256", self.found(change))

    def test_another_image(self):
        def change(packages, _):
            packages["tally-mps2-an385"]["checksums"][1]["checksumValue"] = "0" * 64
        self.assertEqual(self.found(change), "the image: SHA256")

    def test_another_archive(self):
        def change(packages, _):
            packages["Mbed TLS"]["checksums"][0]["checksumValue"] = "0" * 64
        self.assertIn("Mbed TLS: not what set-up fetched", self.found(change))

    def test_another_version(self):
        for name in ("Mbed TLS", "picolibc-arm-none-eabi"):
            def change(packages, _, name=name):
                packages[name]["versionInfo"] = "3.6.0"
            with self.subTest(name):
                self.assertIn(f"{name}: ", self.found(change))

    def test_a_file_left_out(self):
        def change(_, document):
            file = next(one for one in document["files"] if one["fileName"].endswith("/tcp_in.c"))
            document["files"].remove(file)
            document["relationships"] = [one for one in document["relationships"]
                                         if one["relatedSpdxElement"] != file["SPDXID"]]
        self.assertIn("not listed: /lwip/src/core/tcp_in.c", self.found(change))

    def test_a_package_left_out(self):
        def change(packages, document):
            document["packages"].remove(packages["lwIP"])
        self.assertIn("SPDXRef-lwip", self.found(change))

    def test_no_date(self):
        def change(_, document):
            document["creationInfo"]["created"] = "yesterday"
        self.assertIn("yesterday", self.found(change))


if __name__ == "__main__":
    unittest.main()
