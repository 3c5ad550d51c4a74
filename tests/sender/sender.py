#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Sends the start of a transport stream as RTP over UDP, with mishaps planned by a seed.

The truth about what is going to happen is written as JSON before the first
datagram leaves, so it survives a killed sender; afterwards it is completed by
what was measured.
"""

import argparse
import ctypes
import json
import os
import socket
import struct
import sys
import time

from plan import Impossible, Mishaps, Pause, Plan
from truth import TS_PER_RTP
from ts import NotATransportStream, TransportStream

RTP_VERSION = 2
PAYLOAD_TYPE_MP2T = 33
RTCP_RECEIVER_REPORT = 201
RTCP_BYE = 203
SPIN_S = 0.0005       # the scheduler wakes a sleeper about this late at worst
PR_SET_TIMERSLACK = 29


def datagram(plan, index):
    header = struct.pack("!BBHII", RTP_VERSION << 6, PAYLOAD_TYPE_MP2T,
                         plan.sequence(index), plan.timestamp(index), plan.ssrc)
    return header + plan.stream.bytes_of(index * TS_PER_RTP, TS_PER_RTP)


def farewell(plan):
    """An empty report and the BYE of the source, which RTCP wants in one datagram (RFC 3550 6.1)."""
    report = struct.pack("!BBHI", RTP_VERSION << 6, RTCP_RECEIVER_REPORT, 1, plan.ssrc)
    return report + struct.pack("!BBHI", RTP_VERSION << 6 | 1, RTCP_BYE, 1, plan.ssrc)


def wait_until(deadline):
    """Sleeps for most of the time and spins for the rest."""
    remaining = deadline - time.monotonic()
    if remaining > SPIN_S:
        time.sleep(remaining - SPIN_S)
    while time.monotonic() < deadline:
        pass


def send_all(plan, address, bye):
    """Sends the schedule; returns the monotonic time at which each of its datagrams left."""
    left = []
    before = None
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as outlet:
        start = time.monotonic()
        for send in plan.schedule:
            payload = datagram(plan, send.index)
            due = start + send.due_s
            if before is not None:
                # Late, it catches up at twice the rate rather than in a burst.
                due = max(due, left[-1] + (send.due_s - before.due_s) / 2)
            wait_until(due)
            left.append(time.monotonic())
            outlet.sendto(payload, address)
            before = send
        if bye:
            outlet.sendto(farewell(plan), address)
    return left


def actuals(plan, left):
    """What the truth gains once everything was sent."""
    started_unix_ms = round((time.time() - (time.monotonic() - left[0])) * 1000)
    lateness = [at - left[0] - send.due_s for at, send in zip(left, plan.schedule)]
    return {
        "sent": len(left),
        "send_started_unix_ms": started_unix_ms,
        "send_lasted_ms": round((left[-1] - left[0]) * 1000),
        "latest_ms": round(max(lateness) * 1000, 3),
        "pauses": [
            {**vars(pause),
             "began_s": round(left[end - 1] - left[0], 6),
             "measured_s": round(left[end] - left[end - 1], 6)}
            for pause, end in zip(plan.pauses, plan.pause_ends)
        ],
        "finished": True,
    }


def write_truth(path, truth):
    """Replaces the file at once: a reader sees the old truth or the new, never half of one."""
    with open(f"{path}.new", "w", encoding="utf-8") as out:
        json.dump(truth, out, indent=1)
        out.write("\n")
    os.replace(f"{path}.new", path)


def sharpen_sleep():
    """Asks Linux to wake this process on time instead of up to 50 us later, to save power."""
    ctypes.CDLL(None).prctl(PR_SET_TIMERSLACK, 1, 0, 0, 0)


def address(text):
    host, _, port = text.rpartition(":")
    return host, int(port)


def pause(text):
    at_s, _, length_s = text.partition(":")
    parsed = Pause(float(at_s), float(length_s))
    if parsed.at_s <= 0 or parsed.length_s <= 0:
        raise ValueError(text)
    return parsed


def sequence_number(text):
    number = int(text)
    if not 0 <= number < 1 << 16:
        raise ValueError(text)
    return number


def count(text):
    number = int(text)
    if number < 0:
        raise ValueError(text)
    return number


def arguments():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("file", help="MPEG transport stream")
    parser.add_argument("--to", type=address, required=True, metavar="HOST:PORT")
    parser.add_argument("--plan", required=True, metavar="FILE", help="where the truth is written")
    parser.add_argument("--seconds", type=float, default=float("inf"),
                        help="send only so much of the stream (default: all)")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--first-seq", type=sequence_number, metavar="N", help="default: by seed")
    parser.add_argument("--drop", type=count, default=0, metavar="N", help="packets never sent")
    parser.add_argument("--duplicate", type=count, default=0, metavar="N",
                        help="packets sent twice")
    parser.add_argument("--reorder", type=count, default=0, metavar="N",
                        help="packets sent behind one to three of their successors")
    parser.add_argument("--pause", type=pause, action="append", default=[],
                        metavar="AT_S:LENGTH_S", help="fall silent; may be repeated")
    parser.add_argument("--bye", action="store_true", help="end with an RTCP BYE on the same port")
    return parser.parse_args()


def run(options):
    with open(options.file, "rb") as source:
        stream = TransportStream(source.read())
    plan = Plan(stream, options.seconds, options.seed,
                Mishaps(options.drop, options.duplicate, options.reorder),
                options.pause, options.first_seq)
    truth = {**plan.truth(), "bye": options.bye}
    write_truth(options.plan, truth)
    print(f"plan: {len(plan.times)} packets, {len(plan.schedule)} datagrams, "
          f"{plan.schedule[-1].due_s:.3f} s, first sequence number {plan.first_seq}", flush=True)
    sharpen_sleep()
    print(f"sending to {options.to[0]}:{options.to[1]}", flush=True)
    truth.update(actuals(plan, send_all(plan, options.to, options.bye)))
    write_truth(options.plan, truth)
    print(f"sent: {truth['sent']} datagrams in {truth['send_lasted_ms']} ms, "
          f"at most {truth['latest_ms']} ms late", flush=True)


def main():
    try:
        run(arguments())
    except (Impossible, NotATransportStream, OSError) as reason:
        sys.exit(f"sender.py: {reason}")


if __name__ == "__main__":
    main()
