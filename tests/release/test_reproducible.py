# SPDX-License-Identifier: Apache-2.0
"""Firmware is the same to the byte from two folders, built in two others; and a build that told of
its place or its time would be found out."""
import json
import os
import pathlib
import subprocess
import tempfile
import unittest

import builds

import board

HERE_BUILD = pathlib.Path(os.environ.get("TALLY_LINUX_DIR", builds.ROOT / "build" / "linux"))
# What goes onto a box, of what `make linux` builds.
HOST_TARGETS = {"tallyd": "tallyd", "tally_client": "port/client/libtally-client.so",
                "tally_client_static": "port/client/libtally-client.a",
                "gsttally": "gstreamer/libgsttally.so"}


class Folders(unittest.TestCase):
    def setUp(self):
        holder = tempfile.TemporaryDirectory(prefix="tally release ")
        self.addCleanup(holder.cleanup)
        self.folder = pathlib.Path(holder.name)

    def assert_same(self, one, other):
        self.assertEqual(builds.difference(one, other), "")

    def assert_silent_about(self, folder, image):
        self.assertNotIn(str(folder).encode(), image.read_bytes(), f"{image} names {folder}")


class Firmware(Folders):
    def raw(self, image):
        """What is flashed of an ELF image."""
        target = image.with_suffix(".bin")
        subprocess.run(["arm-none-eabi-objcopy", "-O", "binary", image, target], check=True)
        return target

    def said_of(self, image):
        """What is said to be in an image, but for the commit: the copy has no repository."""
        document = json.loads((image.parent / "tally.spdx.json").read_text())
        for package in document["packages"]:
            if package["name"] == "tally":
                package.pop("sourceInfo", None)
        return document

    def compare(self, name):
        certs = builds.scenario.make_certificates(self.folder / "certs")
        other = builds.copy_tree(self.folder / "some" / "other" / "place")
        with builds.date(builds.EPOCH):
            here = board.build(name, self.folder / "here", certs, 8443)
            there = board.build(name, other / "out of here", certs, 8443, source=other,
                                **{f"TALLY_{library.upper()}_DIR": other / ".deps" / library
                                   for library in builds.LIBRARIES})
        self.assert_same(here, there)
        self.assert_same(self.raw(here), self.raw(there))
        self.assertEqual(*(self.said_of(image) for image in (here, there)))
        for image in (here, there):
            self.assert_silent_about(builds.ROOT, image)
            self.assert_silent_about(self.folder, image)

    def test_mps2_an385(self):
        self.compare("mps2-an385")

    def test_vexpress_a9(self):
        self.compare("vexpress-a9")


class Host(Folders):
    def test_what_goes_onto_a_linux_box(self):
        """What `make linux` built here, against another tree."""
        header = (HERE_BUILD / "port/mbedtls/generated/tally_build_time.h").read_text()
        epoch = header.partition("TALLY_BUILD_UNIX_S ")[2].partition("u")[0]
        other = builds.copy_tree(self.folder / "place")
        with builds.date(epoch):
            builds.build_host(other, self.folder / "out", self.folder / "log", *HOST_TARGETS)
        for name in HOST_TARGETS.values():
            with self.subTest(name):
                self.assert_same(HERE_BUILD / name, self.folder / "out" / name)
                self.assert_silent_about(builds.ROOT, HERE_BUILD / name)


class Leaks(Folders):
    """A library of one file from two folders: sound, and with something smuggled in."""

    SOURCE = "int leak(void);\nint leak(void) { return 1; }\n"
    PROJECT = """cmake_minimum_required(VERSION 3.22)
project(leak LANGUAGES C)
add_compile_options(-g)
set(TALLY_MBEDTLS_DIR "${PROJECT_SOURCE_DIR}/mbedtls")
set(TALLY_LWIP_DIR "${PROJECT_SOURCE_DIR}/lwip")
REPRODUCIBLE
add_library(leak STATIC leak.c)
"""

    def difference(self, text="", cmake="", dates=(builds.EPOCH, builds.EPOCH), mended=True):
        """Between two builds of a source with `text`, a day apart."""
        recipe = builds.ROOT / "cmake" / "reproducible.cmake"
        project = self.PROJECT.replace("REPRODUCIBLE", f'include("{recipe}")' if mended else "")
        libraries = []
        for days, epoch in enumerate(dates):
            tree = self.folder / "place" / ("deeper" * (days + 1))
            tree.mkdir(parents=True)
            (tree / "CMakeLists.txt").write_text(project + cmake)
            (tree / "leak.c").write_text(f"{self.SOURCE}{text}\n")
            os.utime(tree / "leak.c", (int(builds.EPOCH), int(builds.EPOCH) + days * 86400))
            with builds.date(epoch):
                builds.build_host(tree, tree / "build", self.folder / "log", "leak")
            libraries.append(tree / "build" / "libleak.a")
        return builds.difference(*libraries)

    def test_a_sound_library_is_the_same(self):
        self.assertEqual(self.difference(), "")

    def test___file___names_no_folder(self):
        self.assertEqual(self.difference("const char *const made = __FILE__;"), "")

    def test_folders_in_debug_information_are_found(self):
        self.assertNotEqual(self.difference(mended=False), "")

    def test_the_date_of_a_file_is_found(self):
        self.assertNotEqual(self.difference("const char *const made = __TIMESTAMP__;"), "")

    def test_the_date_of_the_build_is_found(self):
        leak = "const char *const made = __DATE__;"
        self.assertNotEqual(self.difference(leak, dates=(builds.EPOCH, "1600000000")), "")

    def test_a_folder_in_a_string_is_found(self):
        self.assertNotEqual(self.difference(
            "const char *const made = LEAK;",
            'target_compile_definitions(leak PRIVATE LEAK="${PROJECT_SOURCE_DIR}")\n'), "")

    def test_chance_is_found(self):
        self.assertNotEqual(self.difference(
            "const char *const made = LEAK;",
            "string(RANDOM LENGTH 12 chance)\n"
            'target_compile_definitions(leak PRIVATE LEAK="${chance}")\n'), "")


if __name__ == "__main__":
    unittest.main()
