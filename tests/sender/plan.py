# SPDX-License-Identifier: Apache-2.0
"""Decides, before a byte is sent, what happens to every packet of a stream.

The plan depends on the stream, the options and the seed only, so the same call
sends the same datagrams in the same order, and the truth is known in advance.
"""

import random
from dataclasses import dataclass

import truth
from truth import TS_PER_RTP

RTP_HZ = 90_000
CALM_START_S = 1.0  # a receiver may settle before anything happens
CALM_END_S = 0.5    # whatever is lost or late is noticed by packets that follow
SPACING = 8         # packets between two mishaps, so that each counts by itself
FURTHEST = 3        # a reordered packet arrives behind at most so many of its successors


class Impossible(Exception):
    """The stream has no room for what was asked."""


@dataclass(frozen=True)
class Mishaps:
    """How many packets are to suffer what."""
    drop: int = 0
    duplicate: int = 0
    reorder: int = 0

    def kinds(self):
        return ["drop"] * self.drop + ["duplicate"] * self.duplicate + ["reorder"] * self.reorder


@dataclass(frozen=True)
class Pause:
    """At this time of the stream the sender falls silent for so long."""
    at_s: float
    length_s: float


@dataclass(frozen=True)
class Send:
    """One datagram: when it leaves, counted from the first, and which packet it is."""
    due_s: float
    index: int


class Plan:
    """The packets of a stream, their fate, and the schedule that follows from both."""

    def __init__(self, stream, seconds, seed, mishaps=Mishaps(), pauses=(), first_seq=None):
        self.stream = stream
        self.seed = seed
        chance = random.Random(seed)
        self.ssrc = chance.getrandbits(32)
        self.first_timestamp = chance.getrandbits(32)
        drawn_seq = chance.getrandbits(16)  # always drawn: fixing it must not move the mishaps
        self.first_seq = drawn_seq if first_seq is None else first_seq
        self.times = _packet_times(stream, seconds)
        self.dropped, self.duplicated, self.delays = _place(self.times, mishaps, chance)
        self.pauses = sorted(pauses, key=lambda pause: pause.at_s)
        undisturbed = self._undisturbed_schedule()
        self.schedule = [Send(send.due_s + self._silence_before(send), send.index)
                         for send in undisturbed]
        self.pause_ends = [_first_at_or_after(undisturbed, pause.at_s) for pause in self.pauses]

    def sequence(self, index):
        return (self.first_seq + index) % (1 << 16)

    def timestamp(self, index):
        return (self.first_timestamp + round(self.times[index] * RTP_HZ)) % (1 << 32)

    def truth(self):
        """Everything a test needs to judge a receiver of this plan."""
        return {
            "seed": self.seed,
            "ssrc": self.ssrc,
            "first_seq": self.first_seq,
            "packets_planned": len(self.times),
            "datagrams_planned": len(self.schedule),
            "dropped": sorted(self.dropped),
            "duplicated": sorted(self.duplicated),
            "reordered": sorted(self.delays),
            "pauses": [vars(pause) for pause in self.pauses],
            "finished": False,
            **truth.expected(self.stream, [send.index for send in self.schedule]),
        }

    def _undisturbed_schedule(self):
        sends = []
        for index, time in enumerate(self.times):
            if index in self.delays:
                sends.append(Send(self._just_after(index + self.delays[index]), index))
            elif index not in self.dropped:
                sends.append(Send(time, index))
            if index in self.duplicated:
                sends.append(Send(self._just_after(index), index))
        return sorted(sends, key=lambda send: send.due_s)

    def _just_after(self, index):
        """Halfway to the next packet, so that an extra datagram makes no burst."""
        return (self.times[index] + self.times[index + 1]) / 2

    def _silence_before(self, send):
        return sum(pause.length_s for pause in self.pauses if pause.at_s <= send.due_s)


def _packet_times(stream, seconds):
    """The time of every RTP packet that begins within the first `seconds`."""
    times = []
    for index in range(len(stream) // TS_PER_RTP):
        time = stream.time_of(index * TS_PER_RTP)
        if time >= seconds:
            break
        times.append(time)
    if not times:
        raise Impossible(f"no whole RTP packet within {seconds} s")
    return times


def _place(times, mishaps, chance):
    """Spreads the mishaps over the stream: ({dropped}, {duplicated}, {reordered: delay})."""
    kinds = mishaps.kinds()
    chance.shuffle(kinds)
    fates = list(zip(_spread(times, len(kinds), chance), kinds))
    dropped = {index for index, kind in fates if kind == "drop"}
    duplicated = {index for index, kind in fates if kind == "duplicate"}
    delays = {index: chance.randint(1, FURTHEST) for index, kind in fates if kind == "reorder"}
    return dropped, duplicated, delays


def _spread(times, count, chance):
    """`count` packet indices in rising order, each SPACING or more from the one before."""
    calm_end = times[-1] - CALM_END_S
    eligible = [index for index, time in enumerate(times[:-SPACING])
                if CALM_START_S <= time <= calm_end]
    # Sample from a range shortened by all the spacing, then put the spacing back in.
    room = len(eligible) - max(count - 1, 0) * (SPACING - 1)
    if count > room:
        raise Impossible(f"{len(eligible)} packets have no room for {count} mishaps")
    picks = sorted(chance.sample(range(room), count)) if count else []
    return [eligible[pick + nth * (SPACING - 1)] for nth, pick in enumerate(picks)]


def _first_at_or_after(sends, time):
    """The position of the datagram that ends a pause which begins at `time`."""
    for position, send in enumerate(sends):
        if send.due_s >= time and position > 0:
            return position
    raise Impossible(f"the stream is over before the pause at {time} s")
