#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""paced.py FILE HOST:PORT SECONDS SEED [bare]: a transport stream as RTP, with jitter put in by the
seed; bare, without RTP.

Without it the only jitter is the scheduler's, a few microseconds, in which nothing can be compared.
"""
import pathlib
import random
import sys

# First: this folder has another truth.
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "sender"))
import sender  # noqa: E402
from plan import Plan, Send  # noqa: E402
from truth import TS_PER_RTP  # noqa: E402
from ts import TransportStream  # noqa: E402

LATE_MOST_S = 0.003


def jittery(schedule, seed):
    """Each packet up to so much late, none before the one ahead of it."""
    dice = random.Random(seed)
    due_s = 0.0
    sends = []
    for send in schedule:
        due_s = max(due_s, send.due_s + dice.random() * LATE_MOST_S)
        sends.append(Send(due_s, send.index))
    return sends


def main():
    path, to, seconds, seed, *bare = sys.argv[1:]
    plan = Plan(TransportStream(pathlib.Path(path).read_bytes()), float(seconds), int(seed))
    plan.schedule = jittery(plan.schedule, int(seed))
    if bare:
        sender.datagram = lambda plan, index: plan.stream.bytes_of(index * TS_PER_RTP, TS_PER_RTP)
    sender.sharpen_sleep()
    left = sender.send_all(plan, sender.address(to), bye=False)
    print(len(left), flush=True)


if __name__ == "__main__":
    main()
