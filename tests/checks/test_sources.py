# SPDX-License-Identifier: Apache-2.0
"""A source tree that is not what an OEM takes it for is refused by name."""
import pathlib
import subprocess
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]


class Sources(unittest.TestCase):
    def setUp(self):
        holder = tempfile.TemporaryDirectory()
        self.addCleanup(holder.cleanup)
        self.folder = pathlib.Path(holder.name)

    def give(self, name, text):
        path = self.folder / name
        path.parent.mkdir(parents=True)
        path.write_text(text)

    def refusal(self, option, script):
        """What cmake says of the folder; the check comes before all that a script cannot do."""
        done = subprocess.run(["cmake", f"-D{option}={self.folder}", "-P", ROOT / "cmake" / script],
                              capture_output=True, text=True, check=False)
        self.assertNotEqual(done.returncode, 0)
        self.assertIn(f"-D{option}={self.folder} is not a", done.stderr)
        return " ".join(done.stderr.split())

    def test_an_empty_folder_is_no_mbedtls(self):
        self.assertIn("make setup", self.refusal("TALLY_MBEDTLS_DIR", "mbedtls.cmake"))

    def test_an_older_mbedtls_is_named_by_its_version(self):
        self.give("include/mbedtls/build_info.h", '#define MBEDTLS_VERSION_STRING "3.5.2"\n')
        self.assertIn("got: 3.5.2", self.refusal("TALLY_MBEDTLS_DIR", "mbedtls.cmake"))

    def test_an_empty_folder_is_no_lwip(self):
        self.assertIn("make setup", self.refusal("TALLY_LWIP_DIR", "lwip.cmake"))

    def test_an_older_lwip_is_named_by_its_version(self):
        self.give("src/include/lwip/init.h",
                  "#define LWIP_VERSION_MAJOR 2\n#define LWIP_VERSION_MINOR 1\n"
                  "#define LWIP_VERSION_REVISION 3\n")
        self.assertIn("got: 2.1.3", self.refusal("TALLY_LWIP_DIR", "lwip.cmake"))

    def test_an_empty_folder_is_no_cmocka(self):
        self.assertIn("make setup", self.refusal("TALLY_CMOCKA_DIR", "cmocka.cmake"))

    def test_a_newer_cmocka_is_named_by_its_version(self):
        (self.folder / "CMakeLists.txt").write_text("project(cmocka VERSION 2.0.1 LANGUAGES C)\n")
        self.assertIn("got: 2.0.1", self.refusal("TALLY_CMOCKA_DIR", "cmocka.cmake"))


if __name__ == "__main__":
    unittest.main()
