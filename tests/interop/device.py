# SPDX-License-Identifier: Apache-2.0
"""The device of device.c, and what became of its uploads."""
import json
import subprocess

from minting import certificates
from servers import PROGRAMS

SECONDS = 60  # for a device that does not end by itself


class Run:
    """What a device printed and how it ended."""

    def __init__(self, done):
        self.status = done.returncode
        self.log = done.stderr
        lines = [json.loads(line) for line in done.stdout.splitlines()]
        self.outcomes = [line for line in lines if "begins" not in line]
        self.refusal = next((line for line in lines if "begins" in line), None)

    @property
    def words(self):
        """What each upload ended with, in the words of tally/status.h."""
        return [outcome["status"] for outcome in self.outcomes]

    def __str__(self):
        return f"exit {self.status}, {self.outcomes or self.refusal}\n{self.log}"


def run(port, ca="small", certificate="device", **switches):
    """A device that trusts the root of chain `ca`; switches as in options.c, True for a flag."""
    folder = certificates()
    values = {"port": port, **switches}
    if ca is not None:
        values["ca"] = folder / f"{ca}-root.pem"
    if certificate is not None:
        values |= {"cert": folder / f"{certificate}.pem", "key": folder / f"{certificate}.key"}
    words = [PROGRAMS / "interop_device", "--log"]
    for name, value in values.items():
        words += [f"--{name}"] if value is True else [f"--{name}", str(value)]
    return Run(subprocess.run([str(word) for word in words], stdin=subprocess.DEVNULL, text=True,
                              capture_output=True, timeout=SECONDS, check=False))
