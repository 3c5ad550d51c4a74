# SPDX-License-Identifier: Apache-2.0
"""Set-up, without a network and without touching this machine.

Each test works in a copy of cmake/setup, with the commands of fakes/ first in
the PATH and the policy-rc.d in the copy as well.
"""

import base64
import hashlib
import io
import shutil
import subprocess
import tarfile
import tempfile
import time
import unittest
from pathlib import Path

HERE = Path(__file__).resolve().parent
SETUP = HERE.parent.parent / "cmake" / "setup"

PLAN = """
echo '1 upgraded, 2 newly installed, 0 to remove and 3 not upgraded.'
echo 'Need to get 2372 kB of archives.'
echo 'After this operation, 8382 kB of additional disk space will be used.'
"""

ZCBOR = "zcbor 1.2.3 sha256:0abc"
SPDX = "spdx 0.8.3 sha256:1abc 0.2.0 sha256:2abc"


def tarball():
    """A package as npm packs it."""
    held = io.BytesIO()
    with tarfile.open(fileobj=held, mode="w:gz") as tar:
        member = tarfile.TarInfo("package/dist/uPlot.esm.js")
        member.size = 5
        tar.addfile(member, io.BytesIO(b"draws"))
    return held.getvalue()


TARBALL = tarball()
INTEGRITY = "sha512-" + base64.b64encode(hashlib.sha512(TARBALL).digest()).decode()
UPLOT = f"uplot 4.5.6 {INTEGRITY}"


class Sandbox(unittest.TestCase):
    """A tree, a state for the fakes, and a machine with nothing missing.

    Its path has a blank, as a user's may.
    """

    def setUp(self):
        self.top = Path(tempfile.mkdtemp(prefix="tally setup "))
        self.addCleanup(shutil.rmtree, self.top)
        self.state = self.top / "state"
        self.tree = self.top / "tree"
        self.setup = self.tree / "cmake" / "setup"
        self.deps = self.tree / ".deps"
        self.policy = self.top / "policy-rc.d"
        (self.state / "etc" / "sources.list.d").mkdir(parents=True)
        shutil.copytree(SETUP, self.setup)

        (self.setup / "packages.test").write_text("cmake # why\nninja-build\n")
        (self.setup / "packages.lint").write_text("shellcheck # why\n")
        self.installed("cmake", "ninja-build", "shellcheck")
        (self.setup / "zcbor.pin").write_text("# why\nzcbor==1.2.3 --hash=sha256:0abc\n")
        (self.setup / "spdx.pin").write_text(
            "# why\nspdx-tools==0.8.3 --hash=sha256:1abc\nbeartype==0.2.0 --hash=sha256:2abc\n")
        (self.setup / "uplot.pin").write_text(f"# why\nuplot@4.5.6 {INTEGRITY}\n")
        (self.state / "uplot.tgz").write_bytes(TARBALL)
        for name in ("mbedtls", "lwip", "cmocka", "zcbor", "spdx", "uplot"):
            (self.deps / name).mkdir(parents=True)
        (self.deps / "versions").write_text(
            f"mbedtls 3.6.6 x\nlwip 2.2.1 x\ncmocka 1.1.5 x\n{ZCBOR}\n{SPDX}\n{UPLOT}\n")
        self.apt(plan=PLAN)

    def installed(self, *packages):
        (self.state / "installed").write_text("".join(f"{p}\n" for p in packages))

    def apt(self, **steps):
        for step, script in steps.items():
            (self.state / step).write_text(script)

    def calls(self):
        calls = self.state / "calls"
        return calls.read_text().splitlines() if calls.exists() else []

    def steps(self):
        return [call.split()[0] for call in self.calls()]

    def start(self, script, *args, uid=0, **environment):
        return subprocess.Popen(
            [self.setup / script, *args],
            env={
                "PATH": f"{HERE / 'fakes'}:/usr/bin:/bin",
                "STATE": str(self.state),
                "FAKE_UID": str(uid),
                "TALLY_POLICY_RC": str(self.policy),
                "TALLY_PYTHON": str(HERE / "fakes" / "python-with-pip"),
                **environment,
            },
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def run_script(self, script, *args, **options):
        process = self.start(script, *args, **options)
        process.out, process.err = process.communicate(timeout=60)
        return process

    def wait_for(self, path):
        deadline = time.monotonic() + 60
        while not path.exists():
            self.assertLess(time.monotonic(), deadline, f"{path} never came")
            time.sleep(0.02)

    def assert_refused(self, run, *words):
        """One line, which has the words, and a failure."""
        self.assertNotEqual(run.returncode, 0)
        self.assertEqual(len(run.err.splitlines()), 1, run.err)
        for word in words:
            self.assertIn(word, run.err)
