# SPDX-License-Identifier: Apache-2.0
"""tallyd --check: every mistake at once, each with file, line and key; and the files it comes with."""
import os
import re
import shutil
import subprocess
import unittest

import box

BOARD = box.scenario.ROOT / "boards/linux"
EXPOSURE_MOST = 1.5  # of 10; what is left is that it talks to the network and to players


class Check(box.Box):
    def config(self, **changes):
        """The file, and the line of each key."""
        settings = {
            "endpoint": "https://127.0.0.1/v1/records", "device_id": "box-1",
            "operator_id": "acme", "ca": self.certs / "ca.pem",
            "certificate": self.certs / "device.pem", "key": self.certs / "device.key",
            "socket": "tallyd.sock", "spool": "spool", "settings": "settings", **changes}
        path = self.folder / "tallyd.conf"
        path.write_text("".join(f"{key} = {value}\n" for key, value in settings.items()))
        return path, {key: number for number, key in enumerate(settings, 1)}

    def complaints(self, path, **options):
        result = box.run_tallyd("--check", path, **options)
        self.assertEqual((result.returncode, result.stdout), (1, ""))
        return result.stderr.splitlines()

    def test_a_good_one(self):
        path, _ = self.config()
        result = box.run_tallyd("--check", path)
        self.assertEqual((result.returncode, result.stderr), (0, ""))
        self.assertEqual(os.listdir(self.folder), ["tallyd.conf"])

    def test_all_mistakes_are_told_at_once(self):
        path, line = self.config(
            ca="no-ca.pem", key="no.key", spool="no/spool", settings=self.folder,
            socket="none/tallyd.sock", player_user="nobody-at-all", players=0,
            socket_mode="0999", colour="blue")
        gone = "No such file or directory"
        self.assertEqual(self.complaints(path), [
            f"{path}:{line['player_user']}: player_user: no such user",
            f"{path}:{line['players']}: players: out of range",
            f"{path}:{line['socket_mode']}: socket_mode: "
            "is not permissions in octal, such as 0660",
            f"{path}:{line['colour']}: colour: unknown key",
            f"{path}:{line['ca']}: ca: {self.folder}/no-ca.pem: {gone}",
            f"{path}:{line['key']}: key: {self.folder}/no.key: {gone}",
            f"{path}:{line['spool']}: spool: {self.folder}/no: {gone}",
            f"{path}:{line['settings']}: settings: {self.folder}: not a file",
            f"{path}:{line['socket']}: socket: {self.folder}/none: {gone}",
        ])

    @unittest.skipIf(os.geteuid() != 0, "root becomes another user")
    def test_what_another_user_may_not_touch(self):
        path, line = self.config(key=self.folder / "private.key")
        shutil.copy(self.certs / "device.key", self.folder / "private.key")
        os.chmod(self.folder / "private.key", 0o600)
        for place in (self.shared, self.folder, self.certs, path):
            os.chmod(place, 0o755)
        for name in ("ca.pem", "device.pem"):
            os.chmod(self.certs / name, 0o644)
        # The tree may lie where nobody else may enter, as in root's home.
        whose = {"user": box.NOBODY_UID,
                 "program": shutil.copy(box.scenario.PROGRAMS / "tallyd", self.shared)}
        complaints = self.complaints(path, **whose)
        denied = "Permission denied"
        self.assertEqual(complaints, [
            f"{path}:{line['key']}: key: {self.folder}/private.key: {denied}",
            f"{path}:{line['spool']}: spool: {self.folder}: {denied}",
            f"{path}:{line['settings']}: settings: {self.folder}: {denied}",
            f"{path}:{line['socket']}: socket: {self.folder}: {denied}",
        ])
        result = box.run_tallyd("--run", path, **whose)
        self.assertEqual(result.returncode, 1)
        self.assertIn(complaints[0], result.stderr)

    def test_a_full_file_system(self):
        """On a tmpfs of its own: the spool gets its space at the start or not at all."""
        path, _ = self.config(spool="/mnt/spool", spool_bytes=1 << 20)
        result = subprocess.run(
            ["unshare", "--mount", "sh", "-c",
             'mount -t tmpfs -o size=256k none /mnt && exec "$0" --run "$1"',
             box.scenario.PROGRAMS / "tallyd", path],
            check=False, capture_output=True, text=True, timeout=60)
        if "unshare failed" in result.stderr or "permission denied" in result.stderr:
            self.skipTest("no mount name space to be had")
        self.assertEqual((result.returncode, result.stderr),
                         (1, "tallyd: /mnt/spool: No space left on device\n"))

    def test_the_example_with_the_files_of_this_test(self):
        text = (BOARD / "tallyd.conf").read_text()
        for name in ("ca.pem", "device.pem", "device.key"):
            self.assertIn(f"/etc/tally/{name}\n", text)
            text = text.replace(f"/etc/tally/{name}", str(self.certs / name))
        text = re.sub("/run/tally|/var/lib/tally", str(self.folder), text)
        path = self.folder / "tallyd.conf"
        path.write_text(text)
        result = box.run_tallyd("--check", path)
        self.assertEqual((result.returncode, result.stderr), (0, ""))

    def test_the_example_has_all_keys_with_their_defaults(self):
        text = (BOARD / "tallyd.conf").read_text()
        shown = re.findall(r"^#?([a-z_]+) = ", text, re.MULTILINE)
        table = re.findall(r'^    \{"([a-z_]+)",', (BOARD / "config.c").read_text(), re.MULTILINE)
        self.assertEqual(sorted(shown), sorted(table))
        path, line = self.config(**dict(re.findall(r"^#([a-z_]+) = (.*)$", text, re.MULTILINE)))
        complaint = f"{path}:{line['config_key']}: config_key: /etc/tally/operator.pem: "
        self.assertEqual([each for each in self.complaints(path) if complaint not in each], [])

    def test_the_page_has_all_keys(self):
        page = (BOARD / "README.md").read_text()
        table = re.findall(r'^    \{"([a-z_]+)",', (BOARD / "config.c").read_text(), re.MULTILINE)
        for key in table:
            with self.subTest(key=key):
                self.assertRegex(page, rf"(?m)^\| `{key}`")


class Unit(box.Box):
    def unit(self):
        """The units as they are installed, but for the place of the program."""
        service = (box.scenario.PROGRAMS / "systemd/tallyd.service").read_text()
        program = box.scenario.PROGRAMS / "tallyd"
        text, count = re.subn(r"^ExecStart=\S+", f"ExecStart={program}", service, flags=re.MULTILINE)
        self.assertEqual(count, 1)
        (self.folder / "tallyd.service").write_text(text)
        shutil.copy(BOARD / "tallyd.socket", self.folder)
        return [self.folder / "tallyd.service", self.folder / "tallyd.socket"]

    def analyze(self, *arguments):
        return subprocess.run(["systemd-analyze", *map(str, arguments)], check=False, text=True,
                              capture_output=True, timeout=60)

    def test_systemd_has_nothing_to_say_against_the_units(self):
        result = self.analyze("verify", "--man=no", *self.unit())
        self.assertEqual((result.returncode, result.stderr), (0, ""))

    def test_how_much_the_daemon_is_exposed_to(self):
        result = self.analyze("security", "--offline=true", "--no-pager", self.unit()[0])
        score = float(re.search(r"exposure level for tallyd.service: ([\d.]+)", result.stdout)[1])
        print(f"exposure of tallyd.service: {score} of 10", flush=True)
        self.assertLessEqual(score, EXPOSURE_MOST, result.stdout)

    def test_a_mistake_in_a_unit_would_be_seen(self):
        service = self.unit()[0]
        service.write_text(service.read_text() + "NoSuchSetting=yes\n")
        self.assertIn("NoSuchSetting", self.analyze("verify", "--man=no", service).stderr)

    def test_the_paths_of_units_and_example_agree(self):
        config = (BOARD / "tallyd.conf").read_text()
        self.assertIn("ListenSequentialPacket=/run/tally/tallyd.sock\n",
                      (BOARD / "tallyd.socket").read_text())
        self.assertIn("\nsocket = /run/tally/tallyd.sock\n", config)
        self.assertIn("\nStateDirectory=tally\n", (BOARD / "tallyd.service.in").read_text())
        self.assertIn("\nspool = /var/lib/tally/spool\n", config)
        client = (box.scenario.ROOT / "port/client/tally_client.h").read_text()
        self.assertIn('TALLY_CLIENT_SOCKET      "/run/tally/tallyd.sock"', client)


if __name__ == "__main__":
    unittest.main()
