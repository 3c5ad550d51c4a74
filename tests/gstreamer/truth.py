# SPDX-License-Identifier: Apache-2.0
"""Screen and server against what tally says, row by row."""
import dataclasses

import ladder
import scenes  # noqa: F401  (where agreement is)
import agreement

WITHIN_MS = 100
# A sink counts anew when it is paused: a frame about each pause to buffer may be counted twice.
FRAMES_WITHIN = 1


@dataclasses.dataclass(frozen=True)
class Row(agreement.Row):
    """What is planned, or up to `doubt` more."""
    doubt: int = 0

    @property
    def agrees(self):
        return (self.report is not None and
                self.plan - self.tolerance <= self.report <= self.plan + self.doubt + self.tolerance)


def stall_rows(run, view):
    return [
        Row("stalls", len(run.stalls()), view.stalls, doubt=run.more_stalls()),
        Row("stalled ms", round(run.stalled_ms()), view.stalled_ms, WITHIN_MS,
            round(run.doubt_ms())),
    ]


def startup_row(run, view):
    return Row("startup ms", round(run.startup_ms()), view.startup_ms, WITHIN_MS,
               round(run.startup_doubt_ms()))


def ladder_rows(run, view):
    """Of a run from its start to the natural end of the media, without pause or seek."""
    screen = run.screen
    shown_ms = screen.ends[0] - screen.frames[0] - run.stalled_ms() - run.doubt_ms()
    return [
        startup_row(run, view),
        *stall_rows(run, view),
        Row("play time ms", round(shown_ms), view.play_ms, 2 * WITHIN_MS, round(run.doubt_ms())),
        Row("sum of states ms", view.elapsed_ms, view.states_ms),
        Row("frames shown", len(screen.frames), view.frames,
            FRAMES_WITHIN * max(1, screen.holds())),
        Row("errors", 0, view.errors),
        Row("pauses", 0, view.pauses),
        Row("seeks", 0, view.seeks),
        Row("rendition changes", len(screen.renditions()) - 1, view.rendition_changes),
    ]


def assert_agree(test, rows):
    test.assertTrue(all(row.agrees for row in rows), "\n" + agreement.table(rows))


def assert_server_agrees(test, run):
    """Nothing is shown before the server gives, each stall lies where it gave nothing, and ends soon
    after it gives again."""
    mark_ms = run.served.log("mark")[0]["at_ms"]
    test.assertGreater(run.screen.frames[0], mark_ms + run.scene.plan["rates"][1][0] * 1000)
    for stall, (begin_ms, end_ms) in zip(run.stalls(), run.holes(), strict=True):
        test.assertGreater(stall.begin_ms, begin_ms)
        test.assertLess(stall.end_ms, end_ms + 2500)


def assert_stalls_told(test, run, begins, ends, untold=0):
    """Each planned stall is told with its begin and its end, but for as many of them as a limit to
    records left out; `begins` and `ends` are all that were told, in ms."""
    missing = [stall for stall in run.stalls() for is_told in (
        any(stall.begin_ms - WITHIN_MS <= at <= stall.still_ms + WITHIN_MS for at in begins),
        any(stall.stirs_ms - WITHIN_MS <= at <= stall.end_ms + WITHIN_MS for at in ends))
        if not is_told]
    test.assertLessEqual(len(missing), untold, f"{missing} among {begins}, {ends}")


def assert_renditions_were_served(test, run):
    """What was on screen was fetched."""
    heights = {rendition.height: rendition for rendition in ladder.RENDITIONS}
    for height in run.screen.renditions():
        number = ladder.RENDITIONS.index(heights[height])
        part = f"/{heights[height].kbps}k/" if "hls" in run.scene.path else f"/{number}-"
        test.assertTrue(run.served.answers(part), height)
    test.assertGreaterEqual(len(run.screen.renditions()), run.scene.renditions)
