# SPDX-License-Identifier: Apache-2.0
"""What was on the screen and when, as GStreamer's own sinks say in GST_DEBUG.

Nothing of tally is asked: the sink's base class writes a line when it hands a picture over, behind
its wait for the clock. Times are ms of CLOCK_BOOTTIME.
"""
import dataclasses
import re
import time

DEBUG = "basesink:5,GST_STATES:5,pipeline:5"
VIDEO_SINK = "sink"  # the one inside fakevideosink
AUDIO_SINK = "sound"

LINE = re.compile(r"(\d+):(\d\d):(\d\d)\.(\d{9}) +\d+ +0x[0-9a-f]+ +[A-Z]+ +(\S+) "
                  r"[^:]+:\d+:(\w+):<([^>]*)> (.*)")
MONOTONIC = re.compile(r"now=(\d+):(\d\d):(\d\d)\.(\d{9})")
SIZE = re.compile(r"width\W+int\W+(\d+)\W+height\W+int\W+(\d+)")


def milliseconds(hours, minutes, seconds, nanoseconds):
    return ((int(hours) * 60 + int(minutes)) * 60 + int(seconds)) * 1000 + int(nanoseconds) / 1e6


def boot_less_monotonic_ms():
    return (time.clock_gettime_ns(time.CLOCK_BOOTTIME)
            - time.clock_gettime_ns(time.CLOCK_MONOTONIC)) / 1e6


@dataclasses.dataclass(frozen=True)
class Stall:
    """Where no picture came. Sound may have gone on for a while, or have come back earlier: it all
    stood still for certain between `still_ms` and `stirs_ms` only."""
    begin_ms: float  # when the picture behind the last one was due
    still_ms: float
    stirs_ms: float
    end_ms: float
    silences: int  # that may be taken for a stall each
    is_held: bool  # the application paused in it

    @property
    def length_ms(self):
        return self.end_ms - self.begin_ms

    @property
    def least_ms(self):
        return self.stirs_ms - self.still_ms


@dataclasses.dataclass
class Screen:
    """What one player showed."""
    frames: list = dataclasses.field(default_factory=list)    # when each was shown in time
    sounds: list = dataclasses.field(default_factory=list)    # when each piece of sound was heard
    dropped: list = dataclasses.field(default_factory=list)   # when the sink found one too late
    prerolls: list = dataclasses.field(default_factory=list)  # when one was shown, standing still
    states: list = dataclasses.field(default_factory=list)    # (ms, state the application asked for)
    sizes: list = dataclasses.field(default_factory=list)     # (ms, width, height) of what follows
    flushes: list = dataclasses.field(default_factory=list)   # ms
    ends: list = dataclasses.field(default_factory=list)      # ms, of the media

    def asked_ms(self, state):
        return next((at for at, asked in self.states if asked == state), None)

    def holds(self):
        """How often the application paused behind the first picture."""
        return sum(asked == "PAUSED" and at > self.frames[0] for at, asked in self.states)

    def first_ms(self):
        """When the first picture was there, moving or not."""
        return min(self.frames[:1] + self.prerolls[:1], default=None)

    def gaps(self, frame_ms, least_ms, excused=()):
        """Where no picture came for that much longer than one lasts, and nobody wanted it so:
        `excused` are (from, to) of user's pauses; a seek excuses what is between its flush and the
        picture behind it."""
        excused = [*excused, *((at, next((f for f in self.frames if f > at), at))
                               for at in self.flushes)]
        found = []
        for before, after in zip(self.frames, self.frames[1:]):
            is_held = any(before < at < after and asked == "PAUSED" for at, asked in self.states)
            begin_ms = before + frame_ms
            silences = self._silences(begin_ms, after)
            longest = max(silences, key=lambda silence: silence[1] - silence[0])
            stall = Stall(begin_ms, *longest, after,
                          sum(to - start >= least_ms for start, to in silences), is_held)
            if stall.length_ms >= least_ms and not any(
                    start < after and end > before for start, end in excused):
                found.append(stall)
        return found

    def _silences(self, begin_ms, end_ms):
        """(from, to) of what is between one piece of sound and the next."""
        heard = [begin_ms, *(at for at in self.sounds if begin_ms < at < end_ms), end_ms]
        return list(zip(heard, heard[1:]))

    def renditions(self):
        """Heights of the pictures shown, one for each change."""
        shown = []
        times = [at for at, _, _ in self.sizes]
        for (_, _, height), at, until in zip(self.sizes, times, [*times[1:], float("inf")]):
            is_seen = any(at <= frame < until for frame in self.frames)
            if is_seen and (not shown or shown[-1] != height):
                shown.append(height)
        return shown


def read(path, pipeline):
    """The Screen of a player that wrote its GST_DEBUG there; `pipeline` is its name."""
    screen = Screen()
    offset_ms = None
    with open(path, encoding="utf-8", errors="replace") as lines:
        for line in lines:
            match = LINE.match(line)
            if not match:
                continue
            at_ms = milliseconds(*match.groups()[:4])
            category, function, name, text = match.groups()[4:]
            clock = MONOTONIC.search(text) if category == "pipeline" else None
            if clock:  # taken a moment before it is written
                since_ms = milliseconds(*clock.groups()) - at_ms
                offset_ms = since_ms if offset_ms is None else max(offset_ms, since_ms)
            elif name == VIDEO_SINK and category == "basesink":
                note_picture(screen, at_ms, function, text)
            elif name == AUDIO_SINK and is_rendering(function, text):
                screen.sounds.append(at_ms)
            elif name == pipeline and function == "gst_element_set_state_func":
                if text.startswith("set_state to "):
                    screen.states.append((at_ms, text.split()[-1]))
    if offset_ms is None:
        return Screen()  # it never played
    return on_clock(screen, offset_ms + boot_less_monotonic_ms())


def is_rendering(function, text):
    return function == "gst_base_sink_chain_unlocked" and text.startswith("rendering object")


def note_picture(screen, at_ms, function, text):
    if is_rendering(function, text):
        screen.frames.append(at_ms)
    elif function == "gst_base_sink_chain_unlocked" and text == "buffer late, dropping":
        screen.dropped.append(at_ms)
    elif function == "gst_base_sink_do_preroll" and text.startswith("prerolling object"):
        screen.prerolls.append(at_ms)
    elif function == "gst_base_sink_event" and "flush-start event" in text:
        screen.flushes.append(at_ms)
    elif function == "gst_base_sink_event" and " eos event" in text:
        screen.ends.append(at_ms)
    elif function == "gst_base_sink_event" and " caps event" in text:
        size = SIZE.search(text)
        if size:
            screen.sizes.append((at_ms, int(size[1]), int(size[2])))


def on_clock(screen, offset_ms):
    def moved(entry):
        if isinstance(entry, tuple):
            return (entry[0] + offset_ms, *entry[1:])
        return entry + offset_ms
    return Screen(**{field.name: [moved(entry) for entry in getattr(screen, field.name)]
                     for field in dataclasses.fields(screen)})
