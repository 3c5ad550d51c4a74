#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Lives written by hand, with answers worked out by hand."""

import re
import unittest

from sql_case import SQL, W, SqlCase, record

USER, ERROR, COMPLETED, REFUSED = 1, 2, 0, 17
PLAYED = {"pa": 1, "fp": 1, "sr": USER}
EVERYTHING = {"p": (1 << 50) - 1, "i": (1 << 19) - 1, "m": (1 << 36) - 1}


def dated(seq, kind, at_ms, **rest):
    return record(seq, kind, at_ms, w=W + at_ms, **rest)


def end(seq, session, at_ms, elapsed_ms, p=None, **rest):
    return dated(seq, "x", at_ms, s=session, p={**PLAYED, "xe": elapsed_ms, **(p or {})}, **rest)


def rtp(seq, at_ms, s=1, sn=1, **figures):
    return dated(seq, "r", at_ms, s=s, sn=sn, r=figures)


class ViewCase(SqlCase):
    def land(self, *told, **envelope):
        """With a boot record that declares all, unless there is another one."""
        if all(each["q"] != 0 for each in told):
            told = (dated(0, "b", 0, c=EVERYTHING), *told)
        super().land(*told, **envelope)

    def of_all(self, view, columns):
        return self.row(f"SELECT {columns} FROM tally.{view} WHERE dimension = 'all'")

    def by(self, view, dimension, columns):
        return self.rows(f"SELECT value, {columns} FROM tally.{view}"
                         " WHERE dimension = %s ORDER BY value", dimension)


class Sessions(ViewCase):
    STANDING = ("SELECT session, standing, play_time_ms,"
                " (extract(epoch FROM at) * 1000)::bigint - %s, stop_reason"
                " FROM tally.sessions ORDER BY device, boot, session")

    def test_one_row_a_session_with_its_boot(self):
        self.land(dated(0, "b", 0, b={"dm": "Aurora", "os": "Linux 6", "fw": "4.2"}),
                  dated(1, "s", 1000, s=1, d={"ci": "film"}),
                  dated(2, "h", 5000, s=1, p={"pt": 3000, "xe": 4500, "it": 500}),
                  end(3, 1, 9000, 8500, {"pt": 7000, "it": 500}, d={"ci": "film"}))
        self.assertEqual(
            self.rows("SELECT device_model, os, firmware, content_id, standing, play_time_ms,"
                      " (extract(epoch FROM began) * 1000)::bigint, extract(epoch FROM hour)"
                      " FROM tally.sessions"),
            [("Aurora", "Linux 6", "4.2", "film", "ended", 7000, W + 1000, W / 1000)])

    def test_a_session_cut_by_power_ends_with_the_next_boot_as_its_last_heartbeat_stands(self):
        self.land(dated(0, "b", 0, c=EVERYTHING), dated(1, "s", 1000, s=1),
                  dated(2, "h", 61_000, s=1, p={"pa": 1, "fp": 1, "pt": 50_000, "xe": 60_000}),
                  dated(3, "h", 121_000, s=1, p={"pa": 1, "fp": 1, "pt": 110_000, "xe": 120_000}),
                  dated(4, "s", 121_500, s=2))
        self.assertEqual([row[1] for row in self.rows(self.STANDING, W)], ["open", "open"])
        self.assertEqual(self.of_all("plays", "sessions, attempted, plays"), (2, 2, 1))
        self.land(dated(0, "b", 200_000), b=2)
        self.assertEqual(self.rows(self.STANDING, W),
                         [(1, "cut", 110_000, 121_000, None), (2, "cut", None, 121_500, None)])

    def test_without_any_time_the_next_boot_names_the_one_before(self):
        self.land(record(0, "b"), record(1, "s", s=1), b=7)
        self.land(record(0, "b"), b=8)
        self.assertEqual(self.value("SELECT standing FROM tally.sessions"), "open")
        self.land(record(0, "b", b={"bb": 7}), b=9)
        self.assertEqual(self.value("SELECT standing FROM tally.sessions"), "cut")

    def test_devices_may_have_the_same_boots_and_sessions(self):
        for device, played in (("stb-1", 1000), ("stb-2", 2000)):
            self.land(dated(0, "b", 0, b={"dm": device}), dated(1, "s", 10, s=1),
                      end(2, 1, 9000, 8000, {"pt": played}), d=device, b=5)
        self.assertEqual(self.rows("SELECT device, device_model, play_time_ms FROM tally.sessions"
                                   " ORDER BY 1"),
                         [("stb-1", "stb-1", 1000), ("stb-2", "stb-2", 2000)])

    def test_a_session_that_two_boots_tell_of_is_one_as_it_was_told_last(self):
        self.land(dated(1, "s", 1000, s=1, d={"sx": 99}),
                  dated(2, "h", 61_000, s=1, p={"pt": 50_000, "xe": 60_000}), b=1)
        self.land(dated(1, "s", 70_000, s=1, d={"sx": 99}),
                  end(2, 1, 90_000, 89_000, {"pt": 70_000}, d={"sx": 99}),
                  dated(3, "s", 95_000, s=2, d={"sx": 100}), b=2)
        self.land(end(1, 1, 90_000, 89_000, {"pt": 70_000}, d={"sx": 99}), d="stb-2")
        self.assertEqual(
            self.rows("SELECT device, boot, session, standing, play_time_ms FROM tally.sessions"
                      " ORDER BY 1, 2, 3"),
            [("stb-1", 2, 1, "ended", 70_000), ("stb-1", 2, 2, "open", None),
             ("stb-2", 1, 1, "ended", 70_000)])

    def test_absent_is_zero_if_declared_and_unknown_if_not(self):
        bit_of_stalls = 1 << self.value("SELECT bit FROM tally.metrics WHERE name = 'stalls'")
        self.land(dated(0, "b", 0, c=EVERYTHING),
                  dated(1, "s", 1000, s=1, c={"p": bit_of_stalls}), end(2, 1, 2000, 1000),
                  dated(3, "s", 3000, s=2, c={"f": 1}), end(4, 2, 4000, 1000),
                  end(5, 3, 5000, 1000))
        self.assertEqual(self.rows("SELECT session, stalls, pauses, startup_time_ms"
                                   " FROM tally.sessions ORDER BY 1"),
                         [(1, 0, None, None), (2, None, None, None), (3, 0, 0, None)])

    def test_a_sampled_session_weighs_for_those_that_are_not(self):
        self.land(dated(0, "a", 0, a={"a3": 1_000_000}), end(1, 1, 5000, 4000, {"pt": 100}),
                  dated(2, "a", 6000, a={"a3": 250_000}),
                  end(3, 2, 9000, 2000, {"pt": 100}), end(4, 3, 10_000, 9000, {"pt": 100}))
        self.assertEqual(self.rows("SELECT session, weight FROM tally.sessions ORDER BY 1"),
                         [(1, 1), (2, 4), (3, 1)])
        self.assertEqual(self.of_all("watching", "play_time_ms, plays, mean_ms"), (600, 6, 100))
        self.assertEqual(self.of_all("plays", "sessions, attempted"), (6, 6))


class Facets(ViewCase):
    def test_each_tag_counts_once_and_what_is_not_told_is_null(self):
        self.land(end(1, 1, 5000, 4000, d={"tg": "sport, live,sport,", "ev": "cup", "cd": "a.net"}),
                  end(2, 2, 9000, 4000, d={"tg": "live"}))
        self.assertEqual(self.by("plays", "tag", "sessions"), [("live", 2), ("sport", 1)])
        self.assertEqual(self.by("plays", "event_label", "plays"), [("cup", 1), (None, 1)])
        self.assertEqual(self.by("plays", "cdn", "plays"), [("a.net", 1), (None, 1)])
        self.assertEqual(self.rows("SELECT session FROM tally.sessions"
                                   " WHERE tag_list @> '{live,sport}'"), [(1,)])

    def test_by_device_model_os_and_player_version(self):
        for device, model, version in (("a", "X", "1"), ("b", "X", "2"), ("c", "Y", "2")):
            self.land(dated(0, "b", 0, b={"dm": model, "os": "L", "fw": "9"}),
                      end(1, 1, 5000, 4000, {"pt": 1000}, d={"pv": version}), d=device)
        self.assertEqual(self.by("watching", "device_model", "play_time_ms"),
                         [("X", 2000), ("Y", 1000)])
        self.assertEqual(self.by("watching", "os", "play_time_ms"), [("L", 3000)])
        self.assertEqual(self.by("watching", "player_version", "plays"), [("1", 1), ("2", 2)])
        self.assertEqual(self.by("watching", "device", "plays"), [("a", 1), ("b", 1), ("c", 1)])

    def test_operators_are_apart(self):
        self.land(end(1, 1, 5000, 4000), o="one")
        self.land(end(1, 1, 5000, 4000), o="two", d="stb-2")
        self.assertEqual(self.rows("SELECT operator, sessions FROM tally.plays"
                                   " WHERE dimension = 'all' ORDER BY 1"), [("one", 1), ("two", 1)])


class Outcomes(ViewCase):
    def test_exits_failures_and_refusals_are_three_things(self):
        self.land(
            end(1, 1, 1000, 900, {"pt": 500}),
            end(2, 2, 2000, 900, {"fp": 0, "xs": 1}),
            end(3, 3, 3000, 900, {"fp": 0, "sf": 1, "er": 1, "sr": ERROR}),
            end(4, 4, 4000, 900, {"pf": 1, "er": 3, "sr": ERROR, "pa": 2}),
            end(5, 5, 5000, 900, {"fp": 0, "en": 1, "sr": REFUSED}),
            end(6, 6, 6000, 900, {"fp": 0, "pa": 0, "m3": 1}))  # loaded, play never asked for
        self.assertEqual(
            self.of_all("plays", "sessions, attempted, plays, exits_before_start, start_failures,"
                                 " playback_failures, refusals, errors, exit_ratio::float,"
                                 " failure_ratio::float"),
            (6, 5, 2, 1, 1, 1, 1, 4, 0.2, 0.4))
        self.assertEqual(
            self.rows("SELECT stop_reason, sessions FROM tally.stop_reasons"
                      " WHERE dimension = 'all' ORDER BY 1"),
            [("error", 2), ("refused", 1), ("user", 3)])

    def test_errors_by_class_and_code(self):
        self.land(dated(1, "e", 1000, s=1, e={"et": 0, "ec": 4010, "ed": 4}),
                  dated(2, "e", 2000, s=1, e={"et": 0, "ec": 4010, "ed": 4}),
                  dated(3, "e", 3000, s=1, e={"et": 1, "ec": -5, "ed": 6}),
                  dated(4, "e", 3000, s=1, e={"et": 5}),
                  end(5, 1, 4000, 3900, {"er": 3}))
        self.assertEqual(
            self.rows("SELECT event_type, error_class, code, errors FROM tally.errors"
                      " WHERE dimension = 'all' ORDER BY 1"),
            [("error", "network", 4010, 2), ("fatal", "drm", -5, 1)])

    def test_startups_by_rank_and_none_of_what_has_none(self):
        for number, startup in enumerate((100, 200, 300, 400, 1000), 1):
            self.land(end(number, number, 10_000, 9000, {"su": startup, "sv": startup + 5000}))
        self.land(end(6, 6, 10_000, 9000, {"si": 1}), end(7, 7, 10_000, 9000, {"zp": 250}))
        self.assertEqual(
            self.of_all("startups", "startups, spoilt, mean_ms, p50_p90_p95_p99_ms, with_ads_p50_ms,"
                                    " zaps, zap_p50_p90_p95_p99_ms"),
            (5, 1, 400, [300, 1000, 1000, 1000], 5300, 1, [250] * 4))


class Quality(ViewCase):
    def test_a_ratio_is_of_sums_never_of_ratios(self):
        self.land(end(1, 1, 9000, 100, {"pt": 1000, "sd": 1000, "bd": 1500, "sc": 1, "mx": 1000}),
                  end(2, 2, 9000, 100, {"pt": 98_000, "bd": 500}))
        self.assertEqual(
            self.of_all("rebuffering", "stalls, stalled_time_ms, play_time_ms, buffering_time_ms,"
                                       " stall_longest_ms, rebuffering_ratio::float"),
            (1, 1000, 99_000, 2000, 1000, 0.01))

    def test_nothing_played_has_no_ratio(self):
        self.land(end(1, 1, 9000, 100, {"fp": 0}))
        self.assertEqual(self.of_all("rebuffering", "rebuffering_ratio, per_play"), (None, None))
        self.assertEqual(self.of_all("bitrates", "bitrate_kbps"), (None,))
        self.assertEqual(self.of_all("watching", "mean_ms, median_ms"), (None, None))

    def test_average_bitrate_is_bits_by_media_time(self):
        self.land(end(1, 1, 9000, 100, {"bm": 1000 * 5000, "bw": 5000, "rc": 3, "ru": 2, "rw": 1}),
                  end(2, 2, 9000, 100, {"bm": 15_000 * 1000, "bw": 15_000}))
        self.assertEqual(
            self.of_all("bitrates", "bitrate_kbps::float, rendition_changes, ups, downs"),
            (1000, 3, 2, 1))

    def test_levels_are_weighted_by_time(self):
        self.land(end(1, 1, 9000, 100, l={"lb": [5, 0, 9000, 2000, 30_000], "lt": [1, -9, 1, 0, 5]}),
                  end(2, 2, 9000, 100, l={"lb": [5, 1000, 7000, 6000, 10_000]}),
                  end(3, 3, 9000, 100))
        self.assertEqual(
            self.rows("SELECT level, least, most, mean::float, median_of_means, time_ms"
                      " FROM tally.levels WHERE dimension = 'all' ORDER BY 1"),
            [("buffer_length_ms", 0, 9000, 3000, 2000, 40_000), ("latency_ms", -9, 1, 0, 0, 5)])

    def test_played_time_has_a_mean_and_a_median_of_what_showed_a_frame(self):
        for number, played in enumerate((1000, 2000, 9000), 1):
            self.land(end(number, number, 9000, 100, {"pt": played, "ut": played, "pd": 10}))
        self.land(end(4, 4, 9000, 100, {"fp": 0}))
        self.assertEqual(self.of_all("watching", "play_time_ms, unique_play_time_ms, paused_time_ms,"
                                                 " plays, mean_ms, median_ms"),
                         (12_000, 12_000, 30, 3, 4000, 2000))

    def test_ads_are_part_of_the_whole_and_content_is_the_rest(self):
        self.land(end(1, 1, 9000, 100, {"pt": 60_000, "sd": 5000, "sc": 3, "er": 2},
                      i={"ia": 2, "ip": 2, "ic": 1, "ik": 1, "ix": 20_000, "ig": 1000, "in": 1,
                         "ie": 1}),
                  end(2, 2, 9000, 100, {"pt": 40_000, "sc": 0, "er": 0, "sd": 0}))
        self.assertEqual(
            self.of_all("ads", "impressions, plays, completes, skips, play_time_ms,"
                               " content_play_time_ms, content_stalled_time_ms, content_stalls,"
                               " content_errors"),
            (2, 2, 1, 1, 20_000, 80_000, 4000, 2, 1))

    def test_how_far_they_came(self):
        for number, milestone in enumerate((10, 25, 50, 100), 1):
            self.land(end(number, number, 9000, 100, {"ml": milestone}))
        self.assertEqual(
            self.of_all("reach", "plays, reached_25, reached_50, reached_75, reached_100"),
            (4, 3, 2, 1, 1))

    def test_what_is_published_is_apart(self):
        self.land(end(1, 1, 9000, 100, {"pt": 5000}, d={"ki": 2}),
                  end(2, 2, 9000, 100, {"pt": 1000}, d={"ki": 0}))
        self.assertEqual(self.of_all("publishing", "publishes, publish_time_ms"), (1, 5000))


class Streams(ViewCase):
    def loss(self):
        return self.of_all("loss", "lost, expected, recovered, loss_ppm::float,"
                                   " loss_before_ppm::float")

    def test_the_last_word_counts(self):
        self.land(rtp(1, 1000, rx=1000, rl=9), rtp(2, 2000, rx=2000, rl=10, rb=5),
                  end(3, 1, 3000, 2900))
        self.assertEqual(self.loss(), (10, 2000, 5, 5000, 7500))

    def test_a_stream_attached_anew_counts_beside_the_one_before_be_it_shorter_or_longer(self):
        for expected in (500, 1000, 9000):
            with self.subTest(expected):
                self.land(rtp(1, 1000, rx=1000, rl=9), rtp(2, 2000, sn=2, rx=expected, rl=9),
                          end(3, 1, 3000, 2900))
                self.assertEqual(self.loss()[:2], (18, 1000 + expected))
                self.rows("TRUNCATE tally.records")

    def test_streams_beside_each_other_whichever_is_told_first_and_detached_first(self):
        self.land(rtp(1, 1000, sn=1, rx=900), rtp(2, 1000, sn=2, rx=40, rl=1),
                  rtp(3, 1500, sn=1, rx=1300), rtp(4, 1600, sn=3, rx=7),
                  rtp(5, 2000, sn=3, rx=1400, rl=4), rtp(6, 2000, sn=2, rx=80, rl=2),
                  end(9, 1, 3000, 2900))
        self.assertEqual(self.loss()[:2], (6, 1300 + 80 + 1400))
        self.assertEqual(self.rows("SELECT stream_number, seq FROM tally.streams ORDER BY 1"),
                         [(1, 3), (2, 6), (3, 5)])

    def test_a_number_is_of_a_kind_in_a_session_of_a_boot(self):
        self.land(rtp(1, 1000, rx=10), rtp(2, 1000, s=2, rx=10),
                  dated(3, "t", 1000, s=1, sn=1, t={"tp": 10}), b=1)
        self.land(rtp(1, 1000, rx=10), b=2)
        self.land(rtp(1, 1000, rx=10), d="stb-2")
        self.assertEqual(self.value("SELECT count(*) FROM tally.streams"), 5)

    def test_duplicates_may_outnumber_losses(self):
        self.land(rtp(1, 1000, rx=1000, rl=-5), end(2, 1, 3000, 2900))
        self.assertEqual(self.loss()[3], -5000)

    def test_tracks_of_webrtc(self):
        self.land(dated(1, "j", 1000, s=1, sn=1, j={"j6": 1, "jp": 90, "jl": 10, "jb": 7000,
                                                   "js": 2, "ju": 300, "j1": 50}),
                  dated(2, "j", 1000, s=1, sn=2, j={"j6": 0, "jp": 100, "jb": 300}),
                  dated(3, "j", 2000, s=1, sn=2, j={"j6": 0, "jp": 400, "jb": 1300}),
                  end(4, 1, 3000, 2900, {"pt": 2000}))
        self.assertEqual(self.loss()[:2], (10, 500))
        self.assertEqual(self.of_all("traffic", "received_bytes, sent_bytes"), (8300, 0))
        self.assertEqual(self.of_all("frames", "rendered, freezes, freeze_ratio::float"),
                         (50, 2, 0.15))

    def test_freezes_by_played_time_of_sessions_that_tell_of_frames(self):
        self.land(dated(1, "f", 1000, s=1, sn=1, f={"fr": 50, "fk": 1}),
                  dated(2, "f", 2000, s=1, sn=1, f={"fr": 90, "fk": 10, "fn": 2, "fo": 500}),
                  end(3, 1, 3000, 2900, {"pt": 5000}), end(4, 2, 3000, 2900, {"pt": 77_000}))
        self.assertEqual(
            self.of_all("frames", "rendered, dropped, freezes, freeze_time_ms, play_time_ms,"
                                  " freeze_ratio::float, drop_ratio::float"),
            (90, 10, 2, 500, 5000, 0.1, 0.1))

    def test_bytes_of_downloads_and_streams(self):
        self.land(rtp(1, 1000, ry=500), dated(2, "o", 1000, s=1, sn=1, o={"ob": 70}),
                  end(3, 1, 3000, 2900, m={"mb": 1000}), end(4, 2, 3000, 2900))
        self.assertEqual(self.of_all("traffic", "received_bytes, sent_bytes"), (1500, 70))

    def test_traffic_lights(self):
        for number, (trip_us, loss_ppm) in enumerate(
                ((149_999, 49_999), (150_000, 0), (0, 50_000), (250_000, 0), (0, 100_000)), 1):
            self.land(dated(number, "o", 1000, s=1, sn=number, o={"on": trip_us, "ow": loss_ppm}))
        self.assertEqual(self.rows("SELECT light FROM tally.traffic_lights ORDER BY stream_number"),
                         [("green",), ("yellow",), ("yellow",), ("red",), ("red",)])


class Totals(ViewCase):
    def test_folded_sessions_are_in_the_totals_and_impressions_are_three(self):
        self.land(dated(1, "v", 1000, g={"go": 2, "gu": 2, "gq": 2, "gc": 1, "gi": 1, "gk": 900}),
                  dated(2, "v", 2000, g={"go": 9, "gu": 3, "gq": 8, "gc": 5, "gi": 6, "gk": 4000,
                                         "gx": 1, "gn": 1, "gz": 6, "gw": 2}))
        self.assertEqual(
            self.of_all("totals", "sessions, loads, requests, plays, folded_sessions,"
                                  " folded_play_time_ms, folded_exits_before_start,"
                                  " folded_failures, zaps, folded_unsampled"),
            (9, 3, 8, 5, 6, 4000, 1, 1, 6, 2))

    def test_what_is_new_belongs_to_the_hour_it_was_told_in(self):
        hours = ("SELECT sessions FROM tally.totals WHERE dimension = 'all' ORDER BY hour")
        self.land(dated(1, "v", 1000, g={"go": 2}), dated(3, "v", 3_601_000, g={"go": 9}))
        self.assertEqual(self.rows(hours), [(2,), (7,)])
        self.land(dated(2, "v", 2000, g={"go": 5}))  # late
        self.assertEqual(self.rows(hours), [(5,), (4,)])

    def test_what_is_missing_is_seen(self):
        self.land(dated(0, "b", 0), dated(1, "s", 1000, s=1), dated(4, "x", 2000, s=1),
                  dated(5, "v", 3000, g={"go": 4, "gi": 1, "gy": 7}),
                  dated(6, "a", 3000, a={"ad": 1, "ud": 1, "aa": 1, "ao": 2, "u1": 1, "ae": 5}))
        self.land(dated(1, "s", 1000, s=1))
        self.assertEqual(
            self.row("SELECT records, missing, resends, sessions, sessions_untold, records_dropped,"
                     " records_lost, events_dropped, events_untold, undated"
                     " FROM tally.supervision"),
            (5, 2, 1, 1, 2, 3, 3, 5, 7, 0))


class Concurrency(ViewCase):
    def minutes(self, since_ms=0, until_ms=180_000, *facet):
        return self.rows(
            "SELECT extract(epoch FROM minute)::bigint * 1000 - %s, peak, mean::float"
            " FROM tally.concurrency(to_timestamp(%s), to_timestamp(%s)"
            + "".join(", %s" for _ in facet) + ")",
            W, (W + since_ms) / 1000, (W + until_ms) / 1000, *facet)

    def test_peaks_are_exact_and_neighbours_do_not_overlap(self):
        self.land(end(1, 1, 30_000, 30_000), end(2, 2, 90_000, 60_000),
                  end(3, 3, 100_000, 30_000), end(4, 4, 100_000, 10_000))
        self.assertEqual(self.minutes(), [(0, 1, 1), (60_000, 2, 70 / 60),
                                          (120_000, 0, 0)])

    def test_one_that_spans_all_and_one_that_was_over_before(self):
        self.land(end(1, 1, 500_000, 500_000), end(2, 2, 50_000, 50_000), end(3, 3, 60_000, 0))
        self.assertEqual(self.minutes(60_000, 120_000), [(60_000, 1, 1)])

    def test_time_before_the_play_request_and_loads_without_one_do_not_count(self):
        self.land(end(1, 1, 60_000, 60_000, {"it": 30_000}), end(2, 2, 60_000, 60_000, {"pa": 0}))
        self.assertEqual(self.minutes(0, 60_000), [(0, 1, 0.5)])

    def test_a_cut_session_counts_to_its_last_heartbeat(self):
        self.land(dated(1, "s", 0, s=1), dated(2, "h", 60_000, s=1, p={"pa": 1, "xe": 60_000}))
        self.assertEqual(self.minutes(), [(0, 1, 1), (60_000, 0, 0), (120_000, 0, 0)])
        self.assertEqual(self.minutes(-7_200_000, -7_140_000), [(-7_200_000, 0, 0)])

    def test_of_one_dimension_and_by_weight(self):
        self.land(dated(0, "a", 0, a={"a3": 500_000}), end(1, 1, 60_000, 60_000, d={"ev": "cup"}),
                  end(2, 2, 60_000, 60_000, d={"ev": "news"}))
        self.assertEqual(self.minutes(0, 60_000, "event_label", "cup"), [(0, 2, 2)])
        self.assertEqual(self.minutes(0, 60_000), [(0, 4, 4)])


class Percentiles(ViewCase):
    def percentiles(self, dimension="all", since="-infinity", until="infinity"):
        return self.rows("SELECT value, fraction, n, above, upto, round(about),"
                         " round(error::numeric, 3)::float FROM tally.percentiles(%s, %s, %s, '{0.5,0.9}')"
                         " WHERE histogram = 'startup_histogram_ms' ORDER BY 1, 2",
                         since, until, dimension)

    def test_histograms_of_two_scales_are_added_at_the_smaller(self):
        # base 2: 3 values in (512, 1024], 1 in (1024, 2048]; base sqrt(2): 6 in (1024, 1448]
        self.land(dated(1, "v", 1000, h={"ha": [0, 0, 9, 3, 1]}))
        self.land(dated(1, "v", 1000, h={"ha": [1, 0, 20, 6]}), d="stb-2")
        self.assertEqual(self.percentiles(), [("all", 0.5, 10, 1024, 2048, 1448, 0.414),
                                              ("all", 0.9, 10, 1024, 2048, 1448, 0.414)])
        one, two = self.percentiles("device")[::2]
        self.assertEqual(one[:5], ("stb-1", 0.5, 4, 512, 1024))
        self.assertEqual(two[:4] + (round(two[4]),), ("stb-2", 0.5, 6, 1024, 1448))

    def test_zeros_are_values(self):
        self.land(dated(1, "v", 1000, h={"ha": [0, 3, 9, 2]}))
        self.assertEqual(self.percentiles(), [("all", 0.5, 5, 0, 0, 0, 0),
                                              ("all", 0.9, 5, 512, 1024, 724, 0.414)])

    def test_one_millisecond_lies_in_the_bucket_below_one(self):
        self.land(dated(1, "v", 1000, h={"ha": [0, 0, -1, 1]}))
        self.assertEqual(self.percentiles()[0][3:5], (0.5, 1))

    def test_of_a_time_it_is_what_came_within_it(self):
        self.land(dated(1, "v", 1000, h={"ha": [3, 0, 80, 4]}),
                  dated(2, "v", 3_700_000, h={"ha": [1, 0, 18, 1, 0, 4, 8]}))
        late = self.percentiles(since="2027-01-15 09:00+00")
        self.assertEqual([row[2] for row in late], [9, 9])
        # index 80 at scale 3 is 20 at scale 1: of its 4 none are new
        self.assertEqual([round(row[3]) for row in late], [1448, 1448])
        self.assertEqual([row[2] for row in self.percentiles(until="2027-01-15 09:00+00")], [4, 4])


class Documents(ViewCase):
    PAGE = (SQL / "README.md").read_text(encoding="utf-8")

    def test_statements_of_the_page_run(self):
        (statements,) = re.findall(r"```sql\n(.*?)```", self.PAGE, re.S)
        for statement in statements.split(";\n\n"):
            with self.subTest(statement):
                self.rows(statement)
        self.rows("SELECT tally.forget(now() - interval '90 days')")

    def test_names_of_the_page_are_there(self):
        columns = {f"{view}.{column}" for view, column in self.rows(
            "SELECT table_name, column_name FROM information_schema.columns"
            " WHERE table_schema = 'tally'")}
        views = {name.split(".")[0] for name in columns}
        told = re.findall(r"`(?:tally\.)?([a-z_]+)(\.[a-z_0-9]+)?(?: @>)?`", self.PAGE)
        named = {view + column for view, column in told if column}
        self.assertEqual(named - columns, {"schema.sql", "views.sql", "test_scale.py"})
        self.assertGreater(len(named), 15)
        for view in re.findall(r"^CREATE VIEW tally\.(\w+)", (SQL / "views.sql").read_text(), re.M):
            self.assertIn(view, views)
            self.assertRegex(self.PAGE, rf"\b{view}\b")

    def test_every_view_and_function_says_in_a_comment_what_it_is(self):
        for name in ("schema.sql", "views.sql"):
            lines = (SQL / name).read_text(encoding="utf-8").splitlines()
            for before, line in zip(lines, lines[1:]):
                if line.startswith("CREATE VIEW"):
                    self.assertTrue(before.startswith("-- "), line)


if __name__ == "__main__":
    unittest.main(verbosity=2)
