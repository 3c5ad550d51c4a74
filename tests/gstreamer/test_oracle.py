# SPDX-License-Identifier: Apache-2.0
"""What the oracle reads in GST_DEBUG, from lines as GStreamer writes them, and what it makes of it."""
import pathlib
import unittest

import oracle
import scratch

THREAD = "23927 0x7f51d0042580"
BOOTED_MS = 1000  # what the clock of the lines below said when they begin


def line(at_ms, category, function, element, text):
    seconds, milliseconds = divmod(at_ms, 1000)
    return (f"0:00:{seconds:02}.{milliseconds:03}000000 {THREAD} DEBUG {category:>20} "
            f"gst{category}.c:1:{function}:<{element}> {text}")


def frame(at_ms, element="sink"):
    return line(at_ms, "basesink", "gst_base_sink_chain_unlocked", element,
                "rendering object 0x7f51b402b360")


def preroll(at_ms):
    return line(at_ms, "basesink", "gst_base_sink_do_preroll", "sink", "prerolling object 0x55")


def asked(at_ms, state, element="playbin"):
    return line(at_ms, "GST_STATES", "gst_element_set_state_func", element, f"set_state to {state}")


def event(at_ms, what):
    return line(at_ms, "basesink", "gst_base_sink_event", "sink", f"received event 0x7f {what}")


def caps(at_ms, width, height):
    escaped = f"caps=(GstCaps)\"video/x-raw\\,\\ width\\=\\(int\\){width}\\,\\ height\\=\\(int\\){height}"
    return event(at_ms, f"caps event: 0x7f, time 99:99:99.999999999, GstEventCaps, {escaped}")


CLOCK = line(0, "pipeline", "gst_pipeline_change_state", "playbin",
             f"start_time=0:00:00.000000000, now=0:00:0{BOOTED_MS // 1000}.000000000, base_time 0")


class Oracle(unittest.TestCase):
    def read(self, *lines):
        path = pathlib.Path(scratch.folder(self.addCleanup)) / "gst.log"
        path.write_text("\n".join([CLOCK, *lines, "no line of GStreamer's", ""]))
        return oracle.read(path, "playbin")

    def moved(self, *times_ms):
        return [round(at + BOOTED_MS + oracle.boot_less_monotonic_ms()) for at in times_ms]

    def rounded(self, times_ms):
        return [round(at) for at in times_ms]

    def test_frames_of_the_screen_alone_are_read_and_put_on_the_clock(self):
        screen = self.read(frame(100), frame(120, "sound"), frame(140), preroll(60))
        self.assertEqual(self.rounded(screen.frames), self.moved(100, 140))
        self.assertEqual(self.rounded(screen.prerolls), self.moved(60))

    def test_frames_that_came_too_late_are_told_apart(self):
        late = line(120, "basesink", "gst_base_sink_chain_unlocked", "sink", "buffer late, dropping")
        screen = self.read(frame(100), late)
        self.assertEqual(self.rounded(screen.dropped), self.moved(120))
        self.assertEqual(self.rounded(screen.frames), self.moved(100))

    def test_states_are_those_of_the_pipeline(self):
        screen = self.read(asked(10, "PAUSED"), asked(11, "PAUSED", "sink"), asked(20, "PLAYING"))
        self.assertEqual([state for _, state in screen.states], ["PAUSED", "PLAYING"])
        self.assertEqual(round(screen.asked_ms("PLAYING")), self.moved(20)[0])

    def test_without_a_clock_there_are_no_times_on_it(self):
        path = pathlib.Path(scratch.folder(self.addCleanup)) / "gst.log"
        path.write_text(frame(100) + "\n")
        self.assertEqual(oracle.read(path, "playbin").frames, [])

    def test_a_gap_begins_when_the_last_frame_is_over(self):
        screen = self.read(frame(100), frame(140), frame(1000), frame(1040))
        gap, = screen.gaps(frame_ms=40, least_ms=100)
        self.assertEqual(round(gap.length_ms), 820)
        self.assertFalse(gap.is_held)

    def test_a_gap_in_which_the_application_paused_is_held(self):
        gap, = self.read(frame(100), asked(110, "PAUSED"), frame(1000)).gaps(40, 100)
        self.assertTrue(gap.is_held)

    def test_a_gap_stands_still_for_certain_where_no_sound_came_either(self):
        heard = [frame(at, "sound") for at in (120, 140, 400, 900, 920)]
        gap, = self.read(frame(100), *heard, frame(1000)).gaps(40, 100)
        self.assertEqual(self.rounded([gap.begin_ms, gap.still_ms, gap.stirs_ms, gap.end_ms]),
                         self.moved(140, 400, 900, 1000))
        self.assertEqual((round(gap.length_ms), round(gap.least_ms)), (860, 500))
        self.assertEqual(gap.silences, 2)

    def test_pauses_before_the_first_picture_hold_nothing(self):
        screen = self.read(asked(50, "PAUSED"), frame(100), asked(110, "PAUSED"),
                           asked(120, "PLAYING"), frame(1000), asked(1010, "PAUSED"))
        self.assertEqual(screen.holds(), 2)

    def test_a_gap_that_the_viewer_wanted_is_none(self):
        screen = self.read(frame(100), frame(1000))
        begin, end = self.moved(200, 900)
        self.assertEqual(screen.gaps(40, 100, [(begin, end)]), [])

    def test_a_seek_excuses_what_is_up_to_the_frame_behind_it(self):
        flush = event(200, "flush-start event: 0x7f")
        screen = self.read(frame(100), flush, frame(1000), frame(1040), frame(2000))
        gap, = screen.gaps(40, 100)
        self.assertEqual(self.rounded([gap.end_ms]), self.moved(2000))

    def test_renditions_are_sizes_that_were_seen(self):
        screen = self.read(caps(90, 854, 480), frame(100), caps(110, 1280, 720),
                           caps(120, 426, 240), frame(140), caps(150, 426, 240), frame(180))
        self.assertEqual(screen.renditions(), [480, 240])

    def test_the_end_is_when_the_sink_has_it(self):
        screen = self.read(event(500, "eos event: 0x7f"))
        self.assertEqual(self.rounded(screen.ends), self.moved(500))


if __name__ == "__main__":
    unittest.main()
