# SPDX-License-Identifier: Apache-2.0
"""What a faultless receiver has to count, worked out from the order of arrival.

The receiver modelled here has no reorder buffer: it plays a packet when its
number is above every number seen before, and discards any other. Packets are
known by their index in the plan, so 16-bit sequence numbers and their wrap,
which the receiver has to get right, do not exist here.
"""

from ts import PCR_HZ, Continuity, pcr_of, pcr_span, pid_of

TS_PER_RTP = 7


def expected(stream, arrivals):
    """The receiver's figures after the packets of `arrivals` (indices, in that order)."""
    played, late = _play(arrivals)
    unique = len(set(arrivals))
    span = max(arrivals) - arrivals[0] + 1
    return {
        "rtp": {
            "expected": span,
            "received": len(arrivals),
            "lost": span - len(arrivals),  # RFC 3550 A.3: duplicates count against losses
            "missing": span - unique,
            "duplicates": len(arrivals) - unique,
            "out_of_order": late,
            "discarded": len(arrivals) - len(played),
        },
        **_played_stream(stream, played),
    }


def _play(arrivals):
    """The packets played, and how many came for the first time but too late."""
    played, late, seen = [], 0, set()
    for index in arrivals:
        if not played or index > played[-1]:
            played.append(index)
        elif index not in seen:
            late += 1
        seen.add(index)
    return played, late


def _played_stream(stream, played):
    continuity = Continuity()
    clock = []
    for index in played:
        for number in range(index * TS_PER_RTP, (index + 1) * TS_PER_RTP):
            packet = stream.packet(number)
            continuity.see(packet)
            ticks = pcr_of(packet)
            if ticks is not None and pid_of(packet) == stream.pcr_pid:
                clock.append(ticks)
    return {
        "ts": {
            "packets": len(played) * TS_PER_RTP,
            "continuity_errors": continuity.errors,
        },
        "media_ms": round(pcr_span(clock) * 1000 / PCR_HZ),
    }
