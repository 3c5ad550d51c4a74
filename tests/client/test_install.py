# SPDX-License-Identifier: Apache-2.0
"""libtally-client as it is installed: what is there, what it shows, and programs built with it.

The build folder is a release of its own: who installs the library has no sanitizers.
"""
import os
import pathlib
import re
import subprocess
import tempfile
import unittest

import case
from case import kinds

ROOT = pathlib.Path(__file__).resolve().parents[2]
EXAMPLE = ROOT / "port/client/example"
HEADERS = ("tally/hook.h", "tally/stats.h", "tally/webrtc.h", "tally_client.h")
# Of headers that are mostly about an agent of one's own.
OF_OTHERS = {"tally_query", "tally_sessions", "tally_status_name"}
# Behind the stage, as a cross-compiler sees it.
PREFIX = "usr"


def run(*command, **environment):
    done = subprocess.run([str(c) for c in command], capture_output=True, text=True, check=False,
                          env=os.environ | environment)
    if done.returncode != 0:
        raise AssertionError(f"{command}: {done.stdout[-2000:]}{done.stderr[-4000:]}")
    return done.stdout


def declared(header):
    """The functions of a header that are not defined there."""
    text = re.sub(r"/\*.*?\*/", "", header.read_text(), flags=re.DOTALL)
    text = re.sub(r"static inline [^{]*\{.*?^\}", "", text, flags=re.DOTALL | re.MULTILINE)
    text = "\n".join(line for line in text.splitlines() if not line.lstrip().startswith("#"))
    return set(re.findall(r"^[a-z][a-z0-9_ ]*[ *](tally_\w+)\(", text, re.MULTILINE))


def setUpModule():
    """Builds, and installs as a packager does: under a stage."""
    scratch = tempfile.TemporaryDirectory()
    unittest.addModuleCleanup(scratch.cleanup)
    Installed.stage = pathlib.Path(scratch.name)
    Installed.prefix = Installed.stage / PREFIX
    Installed.library = Installed.prefix / "lib/libtally-client.so.0"
    Installed.include = Installed.prefix / "include/tally-client"
    build = os.environ["TALLY_CLIENT_BUILD"]
    run("cmake", "-S", ROOT, "-B", build, "-G", "Ninja", "-DTALLY_BOARD=linux",
        "-DCMAKE_BUILD_TYPE=MinSizeRel", f"-DCMAKE_INSTALL_PREFIX=/{PREFIX}",
        "-DCMAKE_INSTALL_LIBDIR=lib",
        f"-DTALLY_MBEDTLS_DIR={os.environ['TALLY_MBEDTLS_DIR']}")
    run("cmake", "--build", build, "--target", "tally_client", "tally_client_static")
    for component in ("tally-client", "tally-client-dev"):
        run("cmake", "--install", build, "--component", component, DESTDIR=str(Installed.stage))


class Installed(case.Case):

    def scratch(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        return pathlib.Path(folder.name)

    def pkg_config(self):
        """The environment that a cross build gives pkg-config."""
        return {"PKG_CONFIG_SYSROOT_DIR": str(self.stage),
                "PKG_CONFIG_LIBDIR": str(self.prefix / "lib/pkgconfig")}

    def assert_tells_its_story(self, program):
        thread = self.dutiful()
        said = run(program, 0, TALLY_SOCKET=self.socket, LD_LIBRARY_PATH=str(self.prefix / "lib"))
        self.assertRegex(said, r"^player: \d+ messages sent, 0 waiting, 0 dropped, 0 refused\n$")
        heard = kinds(thread.heard)
        self.assertEqual(heard[0], "p")
        self.assertLess(heard.index("s"), heard.index("f"))
        self.assertLess(heard.index("f"), heard.index("x"))
        end = next(m[0] for m in thread.heard if m[0]["k"] == "x")
        self.assertEqual(end["d"]["ct"], "Alps")
        self.assertGreaterEqual(end["p"]["pt"], 900)
        thread.stop()
        thread.host.go()


class Contents(Installed):

    def test_all_is_where_it_is_looked_for(self):
        files = {str(p.relative_to(self.prefix)) for p in self.prefix.rglob("*") if p.is_file()}
        headers = {"config.h", "device.h", "enums.h", "hook.h", "linked.h", "metrics.def",
                   "metrics.h", "port.h", "settings.h", "stats.h", "status.h", "tally.h", "webrtc.h"}
        self.assertEqual({f for f in files if not f.startswith("lib/cmake")}, {
            "lib/libtally-client.so", "lib/libtally-client.so.0", "lib/libtally-client.so.0.1.0",
            "lib/libtally-client.a", "lib/pkgconfig/tally-client.pc",
            "include/tally-client/tally_client.h", "include/tally-client/tally_config.h",
            *(f"include/tally-client/tally/{h}" for h in headers)})

    def test_the_library_has_its_name_and_needs_the_c_library_only(self):
        dynamic = run("readelf", "-d", self.library)
        self.assertIn("[libtally-client.so.0]", dynamic)
        needed = set(re.findall(r"\(NEEDED\).*\[(.*?)\]", dynamic))
        self.assertLessEqual(needed, {"libc.so.6", "libpthread.so.0"})
        self.assertIn("NODELETE", dynamic)  # its thread outlives a dlclose()

    def test_it_shows_what_its_headers_declare_and_nothing_else(self):
        declarations = set().union(*(declared(self.include / h) for h in HEADERS)) | OF_OTHERS
        self.assertGreater(len(declarations), 40)
        shown = re.findall(r" [A-Z] (\w+)@@(\w+)",
                           run("nm", "-D", "--defined-only", "--with-symbol-versions", self.library))
        version = re.search(r"TALLY_REGISTRY_VERSION (\d+)",
                            (self.include / "tally/metrics.h").read_text())[1]
        functions = {name for name, _ in shown if not name.startswith("TALLY_REGISTRY_")}
        self.assertEqual(functions, declarations)
        # Metrics go by their place: programs of another registry must not load it.
        self.assertEqual({v for n, v in shown if n in functions}, {f"TALLY_REGISTRY_{version}"})

    def test_names_of_the_archive_are_tallys(self):
        names = re.findall(r" [BCDRT] (\w+)$",
                           run("nm", "-g", "--defined-only", self.prefix / "lib/libtally-client.a"),
                           re.MULTILINE)
        self.assertEqual([n for n in names if not n.startswith("tally_")], [])

    def test_a_plugin_with_the_archive_inside_shows_none_of_it(self):
        folder = self.scratch()
        (folder / "plugin.c").write_text(
            "#include <tally_client.h>\nvoid plugin(void);\n"
            "void plugin(void) { tally_client_close(tally_client_open(0)); }\n")
        (folder / "CMakeLists.txt").write_text(
            "cmake_minimum_required(VERSION 3.22)\nproject(plugin C)\n"
            "find_package(tally-client REQUIRED)\nadd_library(plugin SHARED plugin.c)\n"
            "target_link_libraries(plugin PRIVATE tally-client::tally-client-static)\n")
        run("cmake", "-S", folder, "-B", folder / "build", f"-DCMAKE_PREFIX_PATH={self.prefix}")
        run("cmake", "--build", folder / "build")
        shown = run("nm", "-D", "--defined-only", folder / "build/libplugin.so")
        self.assertIn(" plugin", shown)
        self.assertNotIn("tally_", shown)

    def test_headers_are_c11_and_c_plus_plus_17(self):
        folder = self.scratch()
        for name, compiler in (("x.c", ("gcc", "-std=c11")), ("x.cpp", ("g++", "-std=c++17"))):
            for header in (*HEADERS, "tally/tally.h"):
                with self.subTest(header=header, compiler=compiler[0]):
                    (folder / name).write_text(f"#include <{header}>\n")
                    run(*compiler, "-Wall", "-Wextra", "-Wpedantic", "-Werror",
                        f"-I{self.include}", "-fsyntax-only", folder / name)


class Example(Installed):

    def test_with_cmake_shared_and_static(self):
        build = self.scratch()
        run("cmake", "-S", EXAMPLE, "-B", build, f"-DCMAKE_PREFIX_PATH={self.prefix}",
            "-DCMAKE_C_FLAGS=-Wall -Wextra -Werror")
        run("cmake", "--build", build)
        self.assertIn("libtally-client.so.0", run("readelf", "-d", build / "player"))
        self.assertNotIn("libtally", run("readelf", "-d", build / "player_static"))
        for program in ("player", "player_static"):
            with self.subTest(program):
                self.assert_tells_its_story(build / program)

    def test_with_pkg_config(self):
        folder = self.scratch()
        for name in ("player.c", "Makefile"):
            (folder / name).write_text((EXAMPLE / name).read_text())
        run("make", "-C", folder, "CFLAGS=-Wall -Wextra -Werror", **self.pkg_config())
        self.assertIn("libtally-client.so.0", run("readelf", "-d", folder / "player"))
        self.assert_tells_its_story(folder / "player")

    def test_versions(self):
        self.assertEqual(run("pkg-config", "--modversion", "tally-client", **self.pkg_config()),
                         "0.1.0\n")
        folder = self.scratch()
        (folder / "CMakeLists.txt").write_text(
            "cmake_minimum_required(VERSION 3.22)\nproject(later C)\n"
            "find_package(tally-client 0.2 REQUIRED)\n")
        with self.assertRaisesRegex(AssertionError, "version: 0.1.0"):
            run("cmake", "-S", folder, "-B", folder / "build",
                f"-DCMAKE_PREFIX_PATH={self.prefix}")

    def test_without_a_daemon_it_ends_and_says_so(self):
        build = self.scratch()
        run("gcc", EXAMPLE / "player.c", "-o", build / "player", f"-I{self.include}",
            self.prefix / "lib/libtally-client.a", "-pthread")
        done = subprocess.run([build / "player", "0"], capture_output=True, text=True, check=False,
                              timeout=60, env=os.environ | {"TALLY_SOCKET": self.socket})
        self.assertEqual((done.returncode, done.stderr), (1, ""))


if __name__ == "__main__":
    unittest.main()
