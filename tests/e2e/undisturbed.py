# SPDX-License-Identifier: Apache-2.0
"""Runs in which this machine did not stand still."""
import agreement
import scenario

RUNS_MOST = 3


def was_undisturbed(run):
    """Whether the emulated chip lost no packet, and the sender was never so late that the device's
    picture froze without a plan: what happened otherwise says nothing about the device."""
    buffer = run.device.buffer
    late_most_ms = min(buffer.start_ms, buffer.resume_ms) - agreement.CLOCK_MS
    return run.device.refused == 0 and run.plan["latest_ms"] < late_most_ms


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
