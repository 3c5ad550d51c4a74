# SPDX-License-Identifier: Apache-2.0
"""What a server sent and a player showed against what was reported of it, row by row.

The truth is the server's log and what the sink wrote into GST_DEBUG.
"""
import pathlib
import sys

TESTS = pathlib.Path(__file__).resolve().parents[1]
sys.path[:0] = [str(TESTS / "e2e"), str(TESTS / "gstreamer")]
import agreement  # noqa: E402
import ladder  # noqa: E402

WITHIN_MS = 100
FRAME_MS = 40
# No frame for that long, though one was due, or any time that the player was halted, may be taken for
# a stall.
DOUBT_MS = 120
MEDIA_FRAMES = ladder.SECONDS * ladder.FPS
RENDITION_CHANGED = 13  # of events
KBPS = {rendition.height: rendition.kbps for rendition in ladder.RENDITIONS}


def startup_ms(screen):
    """To the first frame that moved, as the clock had it."""
    return round(screen.frames[0] - screen.asked_ms("PLAYING"))


def renditions_told(events):
    """Bitrates in the order in which they were on the screen, as events of changes have them."""
    changes = [event["e"] for event in events if event["e"].get("et") == RENDITION_CHANGED]
    return [change["ed"] for change in changes[:1]] + [change["ec"] for change in changes]


def renditions_shown(screen):
    return [KBPS[height] for height in screen.renditions()]


def spaced(numbers):
    return " ".join(map(str, numbers))


def lasted_ms(gaps):
    return round(sum(gap.length_ms for gap in gaps))


def stalls_and_doubts(screen, silences):
    """Gaps on the screen that the server forced, which last until it sends again; and others.
    `silences` are (from, to) of the server's, in ms."""
    gaps = screen.gaps(FRAME_MS, 1)
    stalls = [gap for gap in gaps if any(gap.begin_ms < end < gap.end_ms for _, end in silences)]
    return stalls, [gap for gap in gaps if gap not in stalls
                    and (gap.is_held or gap.length_ms >= DOUBT_MS)]


def shown_rows(screen, silences, playback, frames):
    stalls, doubts = stalls_and_doubts(screen, silences)
    return [
        agreement.Row("startup ms", startup_ms(screen), playback.get("su"), WITHIN_MS),
        agreement.Row("stalls", len(stalls), playback.get("sc", 0), doubt=len(doubts)),
        agreement.Row("stalled ms", lasted_ms(stalls), playback.get("sd", 0), WITHIN_MS,
                      lasted_ms(doubts)),
        agreement.Row("longest stall ms", round(max(stall.length_ms for stall in stalls)),
                      playback.get("mx"), WITHIN_MS),
        agreement.Row("rendition changes", len(renditions_shown(screen)) - 1,
                      playback.get("rc", 0)),
        agreement.Row("frames shown", len(screen.frames), frames.get("fr", 0)),
        agreement.Row("frames dropped", MEDIA_FRAMES - len(screen.frames), frames.get("fk", 0)),
    ]


def codec_of(segment):
    """As RFC 6381 has it, from the sequence parameter set of a transport stream's H.264."""
    begin = segment.index(b"\0\0\1\x67") + 4
    return f"avc1.{segment[begin:begin + 3].hex()}"


def rows(screen, server, silences, segment, collector):
    """agreement.Row of a run in which one player played one ladder to its end; `segment` is one of
    the last rendition's."""
    ends = collector.records("x")
    end = ends[0]
    media = end.get("m", {})
    segments = server.answers(".ts")
    return [
        agreement.Row("sessions", 1, len(ends)),
        *shown_rows(screen, silences, end["p"], agreement.of_stream(collector.streams("f"), "f")),
        agreement.Row("renditions kbit/s", spaced(renditions_shown(screen)),
                      spaced(renditions_told(collector.records("e")))),
        agreement.Row("video codec", codec_of(segment), end["d"].get("cv")),
        agreement.Row("segments", len(segments), media.get("mq", 0)),
        agreement.Row("segments' bytes", sum(segment["bytes"] for segment in segments),
                      media.get("mb", 0)),
        *agreement.record_rows(collector.rows("SELECT * FROM records"),
                               agreement.last(collector.records("a"), "a")),
    ]
