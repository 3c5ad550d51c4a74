# SPDX-License-Identifier: Apache-2.0
"""Runs in which this machine did not stand still."""
import functools
import pathlib
import tempfile

import agreement
import scenario

RUNS_MOST = 3


class StoodStill(Exception):
    """This run says nothing about the device."""


def was_in_time(plan, buffer):
    """Whether the sender was never so late that the device's picture froze without a plan."""
    return plan["latest_ms"] < min(buffer.start_ms, buffer.resume_ms) - agreement.CLOCK_MS


def was_undisturbed(run):
    """Whether the sender was in time and the emulated chip lost no packet."""
    return run.device.refused == 0 and was_in_time(run.plan, run.device.buffer)


def repeated(test):
    """A test of a Line that is played again, in a fresh folder, when it raises StoodStill."""
    @functools.wraps(test)
    def play(self, *arguments):
        for _ in range(RUNS_MOST - 1):
            try:
                return test(self, *arguments)
            except StoodStill as why:
                print(f"again, this machine stood still: {why}", flush=True)
                self.doCleanups()
                self.folder = pathlib.Path(tempfile.mkdtemp(dir=self.shared))
        return test(self, *arguments)
    return play


def alone(test):
    """A test that has no others beside it, see lanes.py."""
    test.alone = True
    return test


def undisturbed(play):
    """The first such run that play() returns; a run has a `device` and the `plan` of its sender."""
    disturbed = []
    for _ in range(RUNS_MOST):
        run = play()
        if was_undisturbed(run):
            return run
        disturbed.append(f"QEMU lost {run.device.refused}, late {run.plan['latest_ms']} ms")
    raise scenario.Failed("machine", "a run in which it never stood still", "; ".join(disturbed),
                          run.device.log)
