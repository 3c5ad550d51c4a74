# SPDX-License-Identifier: Apache-2.0
"""What is durable in a spool, as tally-spool reads it from the image."""
import dataclasses
import subprocess

import scenario


@dataclasses.dataclass(frozen=True)
class Waiting:
    """A record in the image of a spool."""
    boot: int
    number: int
    kind: str
    ring: str
    data: bytes


def read_image(path, *geometry):
    """What waits, in the order of delivery; `geometry` is tally-spool's if it is not 4 KiB by bytes.
    """
    program = scenario.PROGRAMS / "tally-spool"

    def told(mode):
        result = subprocess.run([program, *geometry, mode, path], check=False, capture_output=True)
        if result.returncode != 0:
            raise scenario.Failed("tally-spool", f"{path} sound", result.stdout + result.stderr,
                                  path)
        return result.stdout

    raw, at, records = told("--raw"), 0, []
    for each in told("--waiting").decode().splitlines():
        ring, _block, _offset, boot, kind, size, number = each.split()
        records.append(Waiting(int(boot, 16), int(number), kind, ring, raw[at:at + int(size)]))
        at += int(size)
    return records
