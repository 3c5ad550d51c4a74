# SPDX-License-Identifier: Apache-2.0
"""boards/README.md: four ways to take tally into a build, each with the same program, which makes
its records; and the steps of a port."""
import json
import re
import subprocess
import unittest

import ways
from ways import ROOT, follow, run

CONFIG_H = ROOT / "agent/include/tally/config.h"
# All that the agent asks of a C library.
FREESTANDING = {"memchr", "memcmp", "memcpy", "memmove", "memset", "strchr", "strlen"}
# Sections of the guide.
SECTION = {"subfolder": "As a subfolder", "installed": "Installed, with CMake",
           "pkg-config": "Installed, with pkg-config", "sources": "By its list of sources"}


class Subfolder(ways.Way):

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        follow(SECTION["subfolder"], cls.box)

    def test_the_program_makes_its_records_in_c_and_in_cpp(self):
        self.assert_quotes(SECTION["subfolder"], "cmake", "CMakeLists.txt")
        self.assert_zaps("build/cmake/zapper")
        self.assert_zaps("build/cmake/zapper_cpp")

    def test_the_kit_is_there_to_be_linked_with(self):
        self.assertTrue((self.box / "build/cmake/conformance").exists())

    def configure(self, lines, *options, status=0):
        """A project of these lines and no more."""
        folder = self.folder()
        (folder / "tally").symlink_to(ROOT)
        (folder / "main.c").write_text("int main(void) { return 0; }\n")
        (folder / "CMakeLists.txt").write_text(
            "cmake_minimum_required(VERSION 3.22)\nproject(box LANGUAGES C)\n" + lines)
        self.said = run("cmake", "-S", folder, "-B", folder / "build", *options, cwd=folder,
                        status=status)
        return folder / "build"

    def test_nothing_is_built_that_nobody_links_with(self):
        build = self.configure(
            f"set(TALLY_CONFIG_DIR {ways.ACME}/config)\nset(TALLY_PORTS lwip mbedtls posix ram)\n"
            "add_subdirectory(tally)\n")
        self.assertIn("no work to do", run("ninja", cwd=build))

    def test_no_package_and_no_source_tree_is_looked_for_that_is_not_asked_for(self):
        self.configure(
            f"set(TALLY_CONFIG_DIR {ways.ACME}/config)\nadd_subdirectory(tally)\n",
            "-DCMAKE_DISABLE_FIND_PACKAGE_Threads=ON", "-DCMAKE_DISABLE_FIND_PACKAGE_PkgConfig=ON",
            "-DTALLY_MBEDTLS_DIR=/nowhere", "-DTALLY_LWIP_DIR=/nowhere")

    def test_rules_of_the_project_stay_as_they_are(self):
        mine = ("set(CMAKE_EXPORT_COMPILE_COMMANDS ON)\nset(CMAKE_C_STANDARD 99)\n"
                "add_library(mbedtls INTERFACE)\nadd_library(lwip INTERFACE)\n"
                "add_library(cmocka INTERFACE)\nadd_custom_target(lint)\nenable_testing()\n%s"
                "add_executable(main main.c)\n"
                "message(STATUS \"rules ${CMAKE_C_STANDARD} ${CMAKE_C_FLAGS} ${PROJECT_NAME}\")\n")
        tally = (f"set(TALLY_CONFIG_DIR {ways.ACME}/config)\n"
                 "set(TALLY_PORTS lwip mbedtls posix ram)\nadd_subdirectory(tally)\n")
        found = []
        for lines in (mine % "", mine % tally):
            build = self.configure(lines)
            commands = json.loads((build / "compile_commands.json").read_text())
            (command,) = [c["command"] for c in commands if c["file"].endswith("main.c") and
                          "/agent/" not in c["file"]]
            rules = re.search("rules .*", self.said)[0]
            found.append((command.replace(str(build.parent), ""), rules))
        self.assertEqual(found[0], found[1])

    def test_what_is_missing_is_named(self):
        self.configure("add_subdirectory(tally)\n", status=1)
        self.assertRegex(self.said, "TALLY_CONFIG_DIR=.* has no tally_config.h")
        self.configure(f"set(TALLY_CONFIG_DIR {ways.ACME}/config)\nset(TALLY_PORTS ram nand)\n"
                       "add_subdirectory(tally)\n", status=1)
        self.assertIn("no port 'nand'; there are lwip, mbedtls, posix, ram", self.said)


class Installed(ways.Way):

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        follow(SECTION["installed"], cls.box)
        cls.sdk = cls.box / "sdk"

    def cc(self, *options, program="zapper", **status):
        flags = run("pkg-config", "--cflags", "--libs", "--static", "tally-port-ram", cwd=self.box,
                    PKG_CONFIG_PATH=str(self.sdk / "lib/pkgconfig")).split()
        return run("cc", "-Wall", "-Wextra", "-Werror", *options, "zapper.c", "acme_linux.c",
                   "acme_no_network.c", *flags, "-o", program, cwd=self.box, **status)

    def test_the_program_makes_its_records_in_c_and_in_cpp(self):
        self.assert_quotes(SECTION["installed"], "cmake", "installed/CMakeLists.txt")
        self.assert_zaps("build/installed/zapper")
        self.assert_zaps("build/installed/zapper_cpp")

    def test_with_pkg_config_too(self):
        follow(SECTION["pkg-config"], self.box)
        self.assert_zaps("./zapper")

    def test_a_program_of_another_configuration_does_not_link_and_is_told_why(self):
        other = self.folder()
        (other / "tally_config.h").write_text(
            (self.box / "config/tally_config.h").read_text().replace(
                "TALLY_SESSIONS      2", "TALLY_SESSIONS      3"))
        said = self.cc(f"-I{other}", program=other / "zapper", status=1)
        name = r"tally_init__by_tally_config_h__registry_\d+_user_0_sessions_"
        self.assertRegex(said, f"undefined reference to .{name}3_")
        symbols = run("nm", "-g", self.sdk / "lib/libtally.a", cwd=self.box)
        self.assertRegex(symbols, f"T {name}2_")

    def test_it_can_be_moved(self):
        moved = self.folder() / "elsewhere"
        run("cp", "-r", self.sdk, moved, cwd=self.box)
        for path in moved.rglob("*"):
            if path.suffix in (".cmake", ".pc", ".h"):
                for place in (self.scratch, ROOT):
                    self.assertNotIn(str(place), path.read_text(), path)
        build = self.folder()
        run("cmake", "-S", "installed", "-B", build, f"-DCMAKE_PREFIX_PATH={moved}", cwd=self.box)
        self.assertIn(str(moved), (build / "build.ninja").read_text())
        self.assertNotIn(str(self.sdk), (build / "build.ninja").read_text())
        said = run("pkg-config", "--cflags", "--libs", "tally", cwd=self.box,
                   PKG_CONFIG_PATH=str(moved / "lib/pkgconfig"))
        self.assertIn(str(moved), said)
        self.assertNotIn(str(self.sdk), said)

    def test_under_a_stage_as_cross_builds_have_it(self):
        stage = self.folder()
        run("cmake", "--install", "build/tally", "--prefix", "/usr", cwd=self.box,
            DESTDIR=str(stage))
        said = run("pkg-config", "--cflags", "tally", cwd=self.box,
                   PKG_CONFIG_SYSROOT_DIR=str(stage),
                   PKG_CONFIG_LIBDIR=str(stage / "usr/lib/pkgconfig"))
        for folder in re.findall(r"-I(\S+)", said):
            self.assertTrue(folder.startswith(str(stage)), folder)
            self.assertNotIn(str(stage), folder[len(str(stage)):])

    def test_contents(self):
        headers = self.sdk / "include/tally"
        self.assertEqual({p.name for p in (headers / "config").iterdir()}, {"tally_config.h"})
        self.assertEqual({p.name for p in (headers / "port").iterdir()}, {"ram"})
        self.assertEqual({p.name for p in (headers / "agent/include/tally").iterdir()},
                         {p.name for p in (ROOT / "agent/include/tally").iterdir()})
        self.assertEqual({p.name for p in self.sdk.rglob("*.a")},
                         {"libtally.a", "libtally-port-ram.a"})
        self.assertEqual({p.name for p in self.sdk.rglob("*.pc")},
                         {"tally.pc", "tally-port-ram.pc"})
        said = run("pkg-config", "--variable=configdir", "tally", cwd=self.box,
                   PKG_CONFIG_PATH=str(self.sdk / "lib/pkgconfig"))
        self.assertTrue((self.box / said.strip() / "tally_config.h").exists())

    def assert_refused(self, line, why):
        folder = self.folder()
        (folder / "CMakeLists.txt").write_text(
            f"cmake_minimum_required(VERSION 3.22)\nproject(later C)\n{line}\n")
        said = run("cmake", "-S", folder, "-B", folder / "build",
                   f"-DCMAKE_PREFIX_PATH={self.sdk}", cwd=folder, status=1)
        self.assertIn(why, said)

    def test_a_port_or_a_version_that_is_not_there_is_named(self):
        self.assert_refused("find_package(tally 0.1 REQUIRED COMPONENTS lwip)",
                            "it was built without 'lwip' among its TALLY_PORTS")
        self.assert_refused("find_package(tally 0.2 REQUIRED)", "version: 0.1.0")


class Sizes(ways.Way):
    """The name that tally_init() is linked by tells all that the size of a tally_t depends on."""

    # Some of all there is, and each macro of tally/config.h with a value it does not have then.
    USUAL = {"TALLY_PLAYERS": 2, "TALLY_PLAYER_HALF": 1, "TALLY_PLAYER_SESSIONS": 2,
             "TALLY_TX_BYTES": 3000, "TALLY_BATCH_BYTES": 20000, "TALLY_VENDOR_ID": 99}
    OTHER = {"TALLY_SESSIONS": 5, "TALLY_METRICS_USER": 1, "TALLY_VENDOR_ID": 98,
             "TALLY_SESSION_TEXT_BYTES": 200, "TALLY_EVENTS": 128, "TALLY_TEXT_SLOTS": 5,
             "TALLY_TEXT_BYTES": 72, "TALLY_STREAMS": 5, "TALLY_DEVICE": 0,
             "TALLY_WEBRTC_TRACKS": 3, "TALLY_PLAYER_HALF": 0, "TALLY_PLAYERS": 3,
             "TALLY_PLAYER_SESSIONS": 3, "TALLY_PLAYER_STREAM_BYTES": 512,
             "TALLY_RECORD_BYTES": 1000, "TALLY_EVENT_BURST": 21, "TALLY_EVENT_REFILL_MS": 9,
             "TALLY_START_BURST": 21, "TALLY_START_REFILL_MS": 9, "TALLY_TX_BYTES": 4000,
             "TALLY_BATCH_BYTES": 30000, "TALLY_LOG_LEVEL": 4, "TALLY_LOG_TEXT": 0,
             "TALLY_ATOMICS": 0}

    def sizes_and_name(self, **other):
        """Of what a caller has to have the memory, and of tally_init(), with a configuration."""
        folder = self.folder()
        (folder / "tally_config.h").write_text(
            "".join(f"#define {name} {value}\n" for name, value in (self.USUAL | other).items()))
        (folder / "x.c").write_text(
            "#include <tally/state.h>\n"
            "char state[sizeof(tally_t)], options[sizeof(tally_options_t)];\n"
            "int main(void) { return tally_init(0, 0, 0, 0, 0); }\n")
        run("cc", "-c", "x.c", "-o", "x.o", f"-I{folder}", f"-I{ROOT}/agent/include",
            f"-I{ROOT}/tests/unit/user_metrics", cwd=folder)
        symbols = run("nm", "-S", "x.o", cwd=folder)
        sizes = {n: s for s, n in re.findall(r" (\w+) \w (state|options)$", symbols, re.MULTILINE)}
        return sizes, re.search(r"U (tally_init\w+)", symbols)[1]

    def test_each_macro_that_changes_a_size_changes_the_name(self):
        macros = re.findall(r"^#ifndef (TALLY_\w+)\n(?:#ifdef .*\n)?#define \1 ",
                            CONFIG_H.read_text(), re.MULTILINE)
        self.assertEqual(set(macros), set(self.OTHER))
        sizes, name = self.sizes_and_name()
        changed = {m: self.sizes_and_name(**{m: value}) for m, value in self.OTHER.items()}
        resized = {m for m, (its_sizes, _) in changed.items() if its_sizes != sizes}
        renamed = {m for m, (_, its_name) in changed.items() if its_name != name}
        self.assertEqual(resized - renamed, set())
        self.assertGreater(len(resized), 10)


class Sources(ways.Way):

    def test_the_program_makes_its_records(self):
        self.assert_quotes(SECTION["sources"], "make", "Makefile")
        follow(SECTION["sources"], self.box)
        self.assert_zaps("build/make/zapper")

    def test_on_a_cortex_m_step_by_step(self):
        said = follow("1. The toolchain and tally_config.h", self.box)
        missing = set(re.findall(r" U (\w+)", said))
        self.assertEqual({m for m in missing if not m.startswith("__aeabi_")}, FREESTANDING)
        self.assertRegex(said, r"text\s+data\s+bss")
        said = follow("2. The port", self.box)
        self.assertIn("records waiting: 4\n", said)
        said = follow("5. The conformance kit", self.box)
        self.assertEqual(re.findall(r"(\d+) failed", said), ["0", "0"], said)
        for passed in re.findall(r"(\d+) passed,", said):
            self.assertGreater(int(passed), 50)
        said = follow("8. The size", self.box)
        largest = re.findall(r"^\w+ (\d+) \w (\w+)$", said, re.MULTILINE)[-2:]
        self.assertEqual({name for _, name in largest}, {"agent", "memory"})

    def test_the_list_is_all_of_the_agent(self):
        listed = re.findall(r"^TALLY_AGENT_SOURCES \+= (\S+)$",
                            (ROOT / "agent/sources.mk").read_text(), re.MULTILINE)
        there = [str(p.relative_to(ROOT / "agent")) for p in (ROOT / "agent/src").glob("*.c")]
        self.assertEqual(sorted(listed), sorted(there))

    def test_all_that_lies_in_the_folder_of_a_port_belongs_to_it(self):
        for port in ("lwip", "mbedtls", "posix", "ram"):
            text = (ROOT / "port" / port / "CMakeLists.txt").read_text()
            listed = set(re.findall(r"\b(\w+\.c)\b", text.split(f"add_library(tally_port_{port}")[1]
                                    .split(")")[0]))
            with self.subTest(port):
                self.assertEqual(listed, {p.name for p in (ROOT / "port" / port).glob("*.c")})


class Tables(unittest.TestCase):
    """What the guide lists is what there is."""

    def listed(self, header):
        table = re.search(rf"^\| {header} \|.*?\n\n", ways.GUIDE.read_text() + "\n",
                          re.DOTALL | re.MULTILINE)[0]
        first = (line.split("|")[1].strip() for line in table.splitlines()[2:] if line)
        return {re.sub(r"^\[|\]\(.*|`|/\]\(.*", "", cell) for cell in first}

    def test_boards(self):
        boards = {p.parent.name for p in (ROOT / "boards").glob("*/board.cmake")}
        self.assertEqual(self.listed("board"), boards)
        for board in boards - {"linux"}:
            said = run("make", "-n", "firmware", f"BOARD={board}", "ENDPOINT=https://h:1/p",
                       "CERTS=c", cwd=ROOT)
            toolchain = re.search(r"--toolchain (\S+)", said)[1]
            self.assertTrue((ROOT / toolchain).exists(), toolchain)
            self.assertIn(f"-DTALLY_BOARD={board} ", said)

    def test_toolchains(self):
        self.assertEqual(self.listed("toolchain"),
                         {p.stem for p in (ROOT / "toolchains").iterdir()})

    def test_links(self):
        for link in re.findall(r"\]\(([^)#]+)", ways.GUIDE.read_text()):
            with self.subTest(link):
                self.assertTrue((ways.GUIDE.parent / link).exists())


if __name__ == "__main__":
    unittest.main()
