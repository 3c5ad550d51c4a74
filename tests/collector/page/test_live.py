# SPDX-License-Identifier: Apache-2.0
"""`make live` as somebody types it: a page, what to flash with, a device that is seen to play."""

import contextlib
import json
import os
import pathlib
import signal
import socket
import ssl
import subprocess
import sys
import time
import unittest
import urllib.error
import urllib.request

from by_hand import FOLDER
from harness import CBOR, body, record, scratch

LIVE = FOLDER.parent / "live.py"
# The same with a short stream: what is proved does not need a long one.
SHORT = (f"import sys; sys.path.insert(0, {str(LIVE.parent)!r});"
         " import live; live.STREAM_S = 5; live.main()")


def free_ports():
    """A port that is free, and the one behind it as well."""
    while True:
        with socket.socket() as first, socket.socket() as second:
            first.bind(("127.0.0.1", 0))
            port = first.getsockname()[1]
            with contextlib.suppress(OSError, OverflowError):
                second.bind(("127.0.0.1", port + 1))
                return port


class Live(unittest.TestCase):
    def setUp(self):
        self.folder = pathlib.Path(scratch(self.addCleanup))
        self.log = self.folder / "said"
        self.port = free_ports()

    def start(self, *command, **environment):
        with open(self.log, "wb") as out:
            process = subprocess.Popen(
                [sys.executable, *command], stdout=out, stderr=out, stdin=subprocess.DEVNULL,
                env={**os.environ, "TALLY_LIVE_DIR": str(self.folder / "live"),
                     "PORT": str(self.port), **environment})
        self.addCleanup(process.wait)
        self.addCleanup(process.terminate)
        return process

    def said(self):
        return self.log.read_text(errors="replace")

    def devices(self):
        page = f"http://127.0.0.1:{self.port + 1}/api/devices"
        with urllib.request.urlopen(page, timeout=60) as answer:
            return json.load(answer)["devices"]

    def until(self, process, find):
        """What it finds, once that is something."""
        deadline = time.monotonic() + 120
        while time.monotonic() < deadline and process.poll() is None:
            found = find()
            if found is not None:
                return found
            time.sleep(0.1)
        raise AssertionError("not seen: " + self.said())

    def await_said(self, process, text):
        self.until(process, lambda: text if text in self.said() else None)

    def await_devices(self, process, condition):
        def find():
            with contextlib.suppress(urllib.error.URLError, ConnectionError):
                devices = self.devices()
                return devices if condition(devices) else None
            return None
        return self.until(process, find)

    def upload(self, certs, data):
        context = ssl.create_default_context(cafile=certs / "ca.pem")
        context.load_cert_chain(certs / "device.pem", certs / "device.key")
        request = urllib.request.Request(f"https://127.0.0.1:{self.port}/v1/records", data, CBOR)
        with urllib.request.urlopen(request, context=context, timeout=60) as answer:
            return answer.status

    def test_what_it_says_to_flash_with_is_taken_and_seen_until_ctrl_c(self):
        process = self.start(LIVE)
        certs = self.folder / "live" / "certs"
        self.await_said(process, f"page:     http://localhost:{self.port + 1}/")
        self.await_said(process, f"make firmware BOARD=mps2-an385 ENDPOINT=https://10.0.2.2:{self.port}"
                                 f"/v1/records CERTS={certs}")
        self.await_devices(process, lambda devices: devices == [])
        self.assertEqual(self.upload(certs, body(record(0, "b", 0), device="stb-0001")), 204)
        self.assertEqual(self.devices()[0]["device"], "stb-0001")
        process.send_signal(signal.SIGINT)
        self.assertEqual(process.wait(timeout=60), 0, self.said())
        self.assertIn("live: ended", self.said())

    def test_a_device_of_its_own_plays_one_stream_after_the_other(self):
        process = self.start("-c", SHORT, DEVICE="linux")
        self.await_devices(process, lambda devices: devices and devices[0]["session"] and
                           devices[0]["session"]["state"] == "playing")
        told = self.await_devices(process, lambda devices: devices[0]["sessions"] > 1)
        self.assertEqual(told[0]["device"], "stb-0001")

    def test_a_port_that_is_taken_is_said_in_a_line(self):
        with socket.socket() as taken:
            taken.bind(("127.0.0.1", self.port + 1))
            taken.listen()
            self.assertEqual(self.start(LIVE).wait(timeout=60), 1)
        self.assertRegex(self.said(), rf"\Alive: 127.0.0.1:{self.port + 1}: .*; PORT=n .*\n\Z")

    def test_a_device_that_is_none_is_refused_by_name(self):
        self.assertEqual(self.start(LIVE, DEVICE="toaster").wait(timeout=60), 1)
        self.assertRegex(self.said(), r"\Alive: no device 'toaster'; DEVICE is one of: .*\n\Z")


if __name__ == "__main__":
    unittest.main()
