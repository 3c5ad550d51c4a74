# SPDX-License-Identifier: Apache-2.0
"""The drawings of a run in which a player shows an adaptive stream."""
import report


def player_plots(run, rows, plan):
    """For report.write(); the marks are when the server sent nothing."""
    planned = {row.name: row.plan for row in rows}
    yield report.timeline(run, plan)
    yield report.plot(run, "Rendition on screen", "Its declared bitrate, as it was at each report.",
                      "kbit/s", [run.line("bitrate", 3, "p", "br", absent=None)])
    yield report.plot(run, "Buffer", "Media stored ahead of the playhead.", "s",
                      [run.line("buffer", 1, "l", "lb", scale=1000)])
    yield report.plot(run, "Frames", "Shown and dropped since the session was opened.", "frames",
                      [run.line("shown", 0, "f", "fr", absent=0, plan=planned.get("frames shown")),
                       run.line("dropped", 2, "f", "fk", absent=0)])
    yield report.plot(run, "Media received", "Since the session was opened. A ring is what the "
                      "server sent.", "MB",
                      [run.line("received", 4, "m", "mb", scale=1_000_000, absent=0,
                                plan=planned.get("segments' bytes"))])
    yield report.plot(run, "Time playing and time stalled", "Since the session was opened.", "s",
                      [run.line(name, colour, "p", key, scale=1000, absent=0,
                                plan=planned.get(row)) for name, colour, key, row in report.TIMES])
    yield from report.delivery_and_memory(run)
