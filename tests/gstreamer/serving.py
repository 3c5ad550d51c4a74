# SPDX-License-Identifier: Apache-2.0
"""The server of this folder as a process, and what it wrote down."""
import json
import pathlib
import subprocess
import sys
import time

from player import hurry

SERVER = pathlib.Path(__file__).with_name("server.py")


class Served:
    def __init__(self, folder, root, plan):
        self._log = folder / "server.jsonl"
        ready = folder / "server.ready"
        (folder / "plan.json").write_text(json.dumps(plan))
        self._log.write_text("")
        with open(folder / "server.err", "ab") as out:
            self._process = subprocess.Popen(
                [sys.executable, SERVER, root, folder / "plan.json", self._log, ready],
                stdout=out, stderr=out, stdin=subprocess.DEVNULL, preexec_fn=hurry)
        self.await_log(ready.exists)
        self.port = json.loads(ready.read_text())["port"]

    def url(self, path):
        return f"http://127.0.0.1:{self.port}/{path}"

    def await_log(self, holds, seconds=60):
        deadline = time.monotonic() + seconds
        while not holds():
            if time.monotonic() > deadline or self._process.poll() is not None:
                raise AssertionError(f"the server did not do it; log: {self._log}")
            time.sleep(0.01)

    def _entries(self):
        return [json.loads(line) for line in self._log.read_text().splitlines()]

    def log(self, kind):
        """Entries that have this key."""
        return [entry for entry in self._entries() if kind in entry]

    def answers(self, part=""):
        """Answered requests whose path has this in it, in the order in which they were over."""
        return [entry for entry in self.log("status") if part in entry["path"]]

    def latest_ms(self):
        return max((entry["late_ms"] for entry in self.answers()), default=0.0)

    def stop(self):
        self._process.terminate()
        self._process.wait(timeout=60)
