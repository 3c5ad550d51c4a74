# SPDX-License-Identifier: Apache-2.0
"""Screen and server against what tally says, row by row."""
import dataclasses

import ladder
import scenes  # noqa: F401  (where agreement is)
import agreement

WITHIN_MS = 100


@dataclasses.dataclass(frozen=True)
class Row(agreement.Row):
    """What is planned, or up to `doubt` more."""
    doubt: int = 0

    @property
    def agrees(self):
        return (self.report is not None and
                self.plan - self.tolerance <= self.report <= self.plan + self.doubt + self.tolerance)


def stall_rows(run, view):
    stalled_ms = sum(stall.length_ms for stall in run.stalls())
    return [
        Row("stalls", len(run.stalls()), view.stalls, doubt=len(run.doubts())),
        Row("stalled ms", round(stalled_ms), view.stalled_ms, WITHIN_MS, round(run.doubt_ms())),
    ]


def startup_row(run, view):
    return Row("startup ms", round(run.startup_ms()), view.startup_ms, WITHIN_MS,
               round(run.startup_doubt_ms()))


def ladder_rows(run, view):
    """Of a run from its start to the natural end of the media, without pause or seek."""
    screen = run.screen
    stalled_ms = sum(stall.length_ms for stall in run.stalls()) + run.doubt_ms()
    shown_ms = screen.ends[0] - screen.frames[0] - stalled_ms
    return [
        startup_row(run, view),
        *stall_rows(run, view),
        Row("play time ms", round(shown_ms), view.play_ms, 2 * WITHIN_MS, round(run.doubt_ms())),
        Row("sum of states ms", view.elapsed_ms, view.states_ms),
        Row("frames shown", len(screen.frames), view.frames),
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


def assert_stalls_told(test, run, told):
    """Each planned stall is told with its begin and its end; `told` are (from, to) in ms."""
    for stall in run.stalls():
        test.assertTrue(any(abs(begin - stall.begin_ms) <= WITHIN_MS
                            and abs(end - stall.end_ms) <= WITHIN_MS for begin, end in told),
                        f"{stall} among {told}")


def assert_renditions_were_served(test, run):
    """What was on screen was fetched."""
    heights = {rendition.height: rendition for rendition in ladder.RENDITIONS}
    for height in run.screen.renditions():
        number = ladder.RENDITIONS.index(heights[height])
        part = f"/{heights[height].kbps}k/" if "hls" in run.scene.path else f"/{number}-"
        test.assertTrue(run.served.answers(part), height)
    test.assertGreaterEqual(len(run.screen.renditions()), run.scene.renditions)
