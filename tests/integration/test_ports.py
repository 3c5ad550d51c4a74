# SPDX-License-Identifier: Apache-2.0
"""What takes Mbed TLS and lwIP: the installation with all ports, and the first upload of a box."""
import contextlib
import os
import re
import signal
import sqlite3
import subprocess
import sys
import unittest

import ways
from ways import run

sys.path.insert(0, str(ways.ROOT / "tests/e2e"))
import board  # noqa: E402

TLS_C = """
#include <stdio.h>
#include <string.h>
#include "tally_lwip.h"
#include "tally_tls.h"
static tally_tls_t tls;
static uint8_t heap[8192];
int main(void) {
    tally_tls_config_t config;
    memset(&config, 0, sizeof config);
    config.heap = heap;
    config.heap_bytes = sizeof heap;
    const tally_port_t port = {0};
    const tally_transport_t lower = {0};
    printf("%d %d %u\\n", tally_tls_init(&tls, &config, &port, &lower) == TALLY_E_ARGUMENT,
           tally_lwip_start(NULL) == TALLY_E_ARGUMENT, MBEDTLS_SSL_IN_CONTENT_LEN + 0u);
    return 0;
}
"""
POSIX_C = """
#include <stdio.h>
#include "tally_posix.h"
int main(void) {
    static tally_posix_t posix;
    tally_posix_init(&posix, TALLY_LOG_WARNING);
    const tally_port_t *const port = tally_posix_port(&posix);
    printf("%d\\n", port->monotonic_ms(port->ctx) > 0);
    return 0;
}
"""
PROJECT = """
cmake_minimum_required(VERSION 3.22)
project(box LANGUAGES C)
find_package(tally 0.1 REQUIRED COMPONENTS lwip mbedtls posix ram)
add_executable(tls tls.c)
target_link_libraries(tls PRIVATE tally::port_mbedtls tally::port_lwip)
add_executable(posix posix.c)
target_link_libraries(posix PRIVATE tally::port_posix)
"""


TREES = [f"-D{name}={os.environ[name]}" for name in ("TALLY_MBEDTLS_DIR", "TALLY_LWIP_DIR")]


class Ports(ways.Way):

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.sdk = cls.box / "sdk"
        (cls.box / "config/tally_config.h").write_text("#define TALLY_TLS_IN_BYTES 3000\n")
        run("cmake", "-S", "tally", "-B", "build/tally", f"-DTALLY_CONFIG_DIR={cls.box}/config",
            "-DTALLY_PORTS=lwip;mbedtls;posix;ram", *TREES, cwd=cls.box)
        run("cmake", "--build", "build/tally", cwd=cls.box)
        run("cmake", "--install", "build/tally", "--prefix", cls.sdk, cwd=cls.box)
        for name, text in (("tls.c", TLS_C), ("posix.c", POSIX_C), ("CMakeLists.txt", PROJECT)):
            (cls.box / name).write_text(text)

    def test_with_cmake(self):
        run("cmake", "-S", ".", "-B", "build/ports", f"-DCMAKE_PREFIX_PATH={self.sdk}",
            cwd=self.box)
        run("cmake", "--build", "build/ports", cwd=self.box)
        self.assertEqual(run("build/ports/tls", cwd=self.box), "1 1 3000\n")
        self.assertEqual(run("build/ports/posix", cwd=self.box), "1\n")

    def test_with_pkg_config(self):
        for program, said, packages in (
                ("tls", "1 1 3000\n", ("tally-port-lwip", "tally-port-mbedtls")),
                ("posix", "1\n", ("tally-port-posix", "tally-port-ram"))):
            with self.subTest(program):
                flags = run("pkg-config", "--cflags", "--libs", "--static", *packages, cwd=self.box,
                            PKG_CONFIG_PATH=str(self.sdk / "lib/pkgconfig")).split()
                run("cc", "-Wall", "-Wextra", "-Wpedantic", "-Werror", f"{program}.c", *flags,
                    "-o", program, cwd=self.box)
                self.assertEqual(run(f"./{program}", cwd=self.box), said)

    def test_a_program_of_another_tls_does_not_link(self):
        other = self.folder()
        (other / "tally_config.h").write_text("#define TALLY_TLS_1_2 1\n")
        flags = run("pkg-config", "--cflags", "--libs", "tally-port-lwip", "tally-port-mbedtls",
                    cwd=self.box, PKG_CONFIG_PATH=str(self.sdk / "lib/pkgconfig")).split()
        said = run("cc", f"-I{other}", "tls.c", *flags, "-o", other / "tls", cwd=self.box, status=1)
        self.assertTrue(re.search("undefined reference to .tally_tls_init__by_tally_config_h__"
                                  "webpki_0_tls_1_2_1_tickets_1", said), said)


class FirstUpload(ways.Way):

    def test_the_records_of_the_box_reach_the_collector(self):
        beside, box = ways.blocks("9. The first upload", "sh")
        port = str(board.choose_port())
        beside, box = (text.replace("8443", port) for text in (beside, box))
        box = box.replace("-S network", f"-S network {' '.join(TREES)}")
        with open(self.box / "collected", "wb") as out:
            collector = subprocess.Popen(["bash", "-ec", beside], cwd=self.box, stdout=out,
                                         stderr=subprocess.STDOUT, start_new_session=True)
        self.addCleanup(collector.wait)
        self.addCleanup(os.killpg, collector.pid, signal.SIGTERM)
        said = run("bash", "-ec", box, cwd=self.box)
        self.assertEqual(re.findall("records waiting: .*", said),
                         ["records waiting: 4", "records waiting: 0"], said)
        with contextlib.closing(sqlite3.connect(self.box / "build/records.db")) as database:
            kinds = database.execute("SELECT kind FROM records ORDER BY seq").fetchall()
        self.assertEqual("".join(kind for (kind,) in kinds)[:4], "bsex")


if __name__ == "__main__":
    unittest.main()
