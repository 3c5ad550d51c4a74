#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""tally-decode --as: what a record is told with, Datazoom's whole event, and the document."""
import json
import pathlib
import re
import tempfile
import unittest

import datazoom_event
import scripts
from exporting import SYSTEMS, export, registry, run
from scripts import event, record, upload

HERE = pathlib.Path(__file__).resolve().parent
LEAVES = HERE.parent / "coverage/datazoom-leaves.txt"
TOOLS = HERE.parents[1] / "boards/linux/tools"


def has_leaf(value, path):
    """Whether there is something at the path; `name[]` is any element, of none all that there are."""
    if not path:
        return True
    name, rest = path[0], path[1:]
    if name.endswith("[]"):
        elements = value.get(name[:-2])
        return isinstance(elements, list) and \
            (not rest or any(has_leaf(element, rest) for element in elements))
    return name in value and has_leaf(value[name], rest)


class Datazoom(unittest.TestCase):

    @classmethod
    def setUpClass(cls):
        cls.maxDiff = None
        cls.events = export("datazoom", scripts.datazoom(registry()))
        cls.by_type = {}
        for told in cls.events:
            cls.by_type.setdefault(told["event"]["type"], []).append(told)

    def test_a_whole_event_is_as_worked_out_by_hand(self):
        self.assertEqual(self.by_type["rendition_change"], [datazoom_event.EVENT])

    def test_the_event_has_every_leaf_of_the_sample(self):
        leaves = [line for line in LEAVES.read_text().splitlines() if line and line[0] != "#"]
        told = self.by_type["rendition_change"][0]
        self.assertEqual([leaf for leaf in leaves if not has_leaf(told, leaf.split("."))], [])

    def test_events_come_in_the_order_of_records_each_once(self):
        self.assertEqual([told["event"]["type"] for told in self.events],
                         ["datazoom_loaded", "media_request", "content_request", "buffer_start",
                          "heartbeat", "rendition_change"])

    def test_every_event_has_an_id_of_its_own(self):
        self.assertEqual([told["event_id"] for told in self.events],
                         ["00000000c0ffee-0", "00000000c0ffee-1", "00000000c0ffee-1-1",
                          "00000000c0ffee-1-2", "00000000c0ffee-3", "00000000c0ffee-9"])

    def test_nothing_is_known_before_it_was_told(self):
        start = self.by_type["media_request"][0]
        metrics = start["event"]["metrics"]
        self.assertEqual((metrics["playback_duration_ms"], metrics["stall_count"]), (None, None))
        self.assertEqual(metrics["player_state"], "joining")
        self.assertEqual(start["player"]["ready_state"], 0)
        self.assertEqual(metrics["content_session_start_ts_ms"], 1712167309700)

    def test_time_since_is_of_events_only(self):
        metrics = self.by_type["heartbeat"][0]["event"]["metrics"]
        self.assertIsNone(metrics["time_since_request_content_ms"])

    def test_types_of_events(self):
        names = (("first_frame", {}, ["playback_start", "buffer_end"]),
                 ("stall_begin", {"code": 1, "detail": 0}, ["stall_start", "buffer_start"]),
                 ("stall_end", {"code": 900, "detail": 0}, ["stall_end", "buffer_end"]),
                 ("pause", {}, ["pause"]), ("resume", {}, ["resume"]),
                 ("seek", {}, ["seek_start", "buffer_start"]),
                 ("seeked", {"code": 300}, ["seek_end", "buffer_end"]),
                 ("ended", {}, ["playback_complete"]), ("error", {"code": 7}, ["error"]),
                 ("fatal", {"code": 7}, ["error"]), ("live_edge", {}, ["live_edge"]),
                 ("replay", {}, ["replay"]), ("milestone", {"code": 25}, ["milestone"]),
                 ("rendition_user", {"code": 1, "detail": 2}, ["rendition_change"]),
                 ("audio_track", {"code": 1}, ["audio_track_changed"]),
                 ("subtitle", {"code": -1}, ["subtitle_change"]),
                 ("qualified_view", {"code": 1}, ["qualified_view"]),
                 ("refused", {"code": 1}, ["refused"]), ("suspend", {}, ["suspend"]),
                 ("wake", {"code": 1}, ["wake"]), ("source_switch", {"code": 0}, ["source_switch"]),
                 ("custom", {"code": 1, "detail": 2}, ["custom_event"]),
                 ("ad_request", {}, ["ad_request"]), ("ad_break_begin", {}, ["ad_break_start"]),
                 ("ad_break_end", {}, ["ad_break_end"]), ("ad_loaded", {}, ["ad_loaded"]),
                 ("ad_impression", {}, ["ad_impression"]), ("ad_start", {}, ["ad_play"]),
                 ("ad_milestone", {"code": 50}, ["milestone"]), ("ad_click", {}, ["ad_click"]),
                 ("ad_end", {"code": 0}, ["ad_complete"]), ("ad_end", {"code": 1}, ["ad_skip"]),
                 ("ad_error", {"code": 303}, ["ad_error"]))
        for name, numbers, wanted in names:
            with self.subTest(event=name):
                told = export("datazoom", upload(event(0, 0, name, **numbers)))
                self.assertEqual([each["event"]["type"] for each in told], wanted)

    def test_what_events_carry(self):
        told = export("datazoom", upload(
            event(0, 0, "milestone", code=75), event(1, 1, "stall_end", code=900, detail=0),
            event(2, 2, "rendition_user", code=800, detail=2000),
            event(3, 3, "rendition_user", code=800), event(4, 4, "custom", code=4, detail=3)))
        self.assertEqual([each["event"]["attributes"] for each in told], [
            {"abs_shift": None, "milestone_percent": 75},
            {"abs_shift": None, "duration_ms": 900}, {"abs_shift": None},
            {"abs_shift": "down"}, {"abs_shift": None},
            {"abs_shift": None, "code": 4, "detail": 3}])


class States(unittest.TestCase):
    """The state between heartbeats is what the events say, and null where they do not."""

    def states_after(self, *names):
        events = [event(number, number, name) for number, name in enumerate(names)]
        told = export("datazoom", upload(*events))
        last = [each for each in told
                if each["event_id"].split("-")[1] == str(len(names) - 1)]
        return last[-1]["event"]["metrics"]["player_state"], last[-1]["video"]["media_type"]

    def test_each(self):
        for names, state, media in (
                (["first_frame"], "playing", "content"),
                (["first_frame", "pause"], "paused", "content"),
                (["first_frame", "pause", "resume"], "playing", "content"),
                (["first_frame", "stall_begin", "pause"], "paused_stalled", "content"),
                (["first_frame", "stall_begin", "pause", "resume"], "stalled", "content"),
                (["first_frame", "pause", "seek"], "seeking", "content"),
                (["first_frame", "pause", "seek", "seeked"], "paused", "content"),
                (["first_frame", "seek", "seeked"], "playing", "content"),
                (["first_frame", "stall_begin", "seek", "stall_end"], "seeking", "content"),
                (["ad_break_begin"], "ad_joining", "ad"),
                (["ad_break_begin", "ad_start", "pause"], "ad_paused", "ad"),
                (["ad_break_begin", "ad_start", "pause", "resume"], "ad_playing", "ad"),
                (["ad_break_begin", "ad_start", "ad_break_end"], None, None),
                (["first_frame", "suspend", "wake"], None, None),
                (["first_frame", "fatal"], "failed", "content"),
                (["pause", "resume"], None, None)):
            with self.subTest(names=names):
                self.assertEqual(self.states_after(*names), (state, media))

    def test_a_pause_in_a_break_is_of_the_ad(self):
        told = export("datazoom", upload(*[event(n, n, name) for n, name in enumerate(
            ("ad_break_begin", "ad_start", "pause", "resume", "rendition_auto"))]))
        self.assertEqual([each["event"]["type"] for each in told][2:],
                         ["ad_pause", "ad_resume", "ad_rendition_change"])


class Times(unittest.TestCase):
    """SPEC.md: `w`; else `t - (m - u)`; else by the boot's clock record; else unknown."""

    def time_of(self, *records, **sent):
        return export("theoplayer", upload(*records, **sent))[0]["time"]

    def test_its_own_goes_first(self):
        self.assertEqual(self.time_of(event(1, 500, "first_frame", w=7000),
                                      sent_uptime=900, sent_wall=1900), 7000)

    def test_then_the_uploads(self):
        self.assertEqual(self.time_of(event(1, 500, "first_frame"), record("c", 2, 600, w=10600),
                                      sent_uptime=900, sent_wall=1900), 1500)

    def test_then_the_clocks_even_if_it_comes_later(self):
        self.assertEqual(self.time_of(event(1, 500, "first_frame"), record("c", 2, 600, w=10600)),
                         10500)

    def test_a_clock_in_another_upload_of_the_boot(self):
        told = export("theoplayer", upload(event(1, 500, "first_frame"))
                      + upload(record("c", 2, 600, w=10600)))
        self.assertEqual(told[0]["time"], 10500)

    def test_no_clock_of_another_boot_or_device(self):
        for other in ({"boot": 3}, {"device": "stb-8"}):
            with self.subTest(other=other):
                told = export("theoplayer", upload(event(1, 500, "first_frame"))
                              + upload(record("c", 2, 600, w=10600), **other))
                self.assertIsNone(told[0]["time"])

    def test_else_unknown(self):
        self.assertIsNone(self.time_of(event(1, 500, "first_frame")))


class Sessions(unittest.TestCase):

    def contents(self, *uploads):
        return [told["contentId"] for told in export("theoplayer", b"".join(uploads))
                if told["event"] == "play"]

    def test_a_session_is_of_its_boot(self):
        start = record("s", 1, 10, s=1, d={"ci": "film"})
        frame = event(2, 20, "first_frame")
        self.assertEqual(self.contents(upload(start), upload(frame)), ["film"])
        self.assertEqual(self.contents(upload(start), upload(frame, boot=5)), [None])
        self.assertEqual(self.contents(upload(start), upload(frame, device="stb-8")), [None])

    def test_two_sessions_at_once(self):
        self.assertEqual(self.contents(upload(
            record("s", 1, 10, s=1, d={"ci": "film"}), record("s", 2, 10, s=2, d={"ci": "news"}),
            event(3, 20, "first_frame", session=2), event(4, 21, "first_frame"))),
            ["news", "film"])

    def test_nothing_outlives_the_end(self):
        self.assertEqual(self.contents(upload(
            record("s", 1, 10, s=1, d={"ci": "film"}), record("x", 2, 20, s=1),
            event(3, 30, "first_frame"))), [None])

    def test_records_are_told_by_their_number_and_once(self):
        first, second = event(1, 10, "seek", w=1), event(2, 20, "first_frame", w=2)
        told = export("theoplayer", upload(second) + upload(first, second))
        self.assertEqual([each["time"] for each in told], [1, 2, 2])

    def test_bare_records_are_of_no_device_and_keep_their_order(self):
        given = b"".join(map(scripts.encode, (
            record("b", 0, 0), record("s", 1, 1, s=1, d={"ci": "film"}), event(2, 2, "first_frame"),
            record("b", 0, 0), event(2, 2, "first_frame"))))
        told = export("theoplayer", given)
        self.assertEqual([(each["contentId"], each["sessionId"]) for each in told],
                         [("film", None), ("film", None), (None, None), (None, None)])

    def test_files_are_one_input(self):
        with tempfile.NamedTemporaryFile() as one, tempfile.NamedTemporaryFile() as two:
            one.write(upload(event(2, 20, "first_frame")))
            two.write(upload(record("s", 1, 10, s=1, d={"ci": "film"})))
            one.flush()
            two.flush()
            result = run("--as", "theoplayer", one.name, two.name)
        self.assertEqual([json.loads(line)["contentId"] for line in result.stdout.splitlines()],
                         ["film", "film"])

    def test_tracks_are_of_their_session_or_of_all(self):
        def inbounds(session, **of):
            told = export("datazoom", upload(record("j", 1, 1, sn=1, j={"j6": 1}, **of),
                                             event(2, 2, "pause", session=session)))
            return len(told[0]["custom"]["webRTCStats"]["video"]["inbounds"])

        self.assertEqual((inbounds(1, s=1), inbounds(2, s=1), inbounds(2)), (1, 0, 1))

    def test_the_content_begins_with_its_first_request(self):
        told = export("datazoom", upload(
            record("s", 1, 5000, s=1, w=15000), event(2, 5500, "pause", w=15500, y={"yu": 5500}),
            event(3, 6000, "resume", w=16000, y={"yu": 10})))
        self.assertEqual([each["event"]["metrics"]["content_session_start_ts_ms"]
                          for each in told][-3:], [15000, 10000, 10000])

    def test_errors_in_ads_are_of_all_sessions_of_the_boot(self):
        told = export("datazoom", upload(
            record("h", 1, 1, s=1, i={"ie": 2}), record("x", 2, 2, s=1, i={"ie": 3}),
            record("h", 3, 3, s=2, i={"ie": 4}), record("v", 4, 4, g={"ge": 9}),
            event(5, 5, "pause", session=3)))
        self.assertEqual([(each["event"]["metrics"]["num_errors_ads"],
                           each["event"]["metrics"]["num_errors_content"]) for each in told],
                         [(2, None), (3, None), (7, None), (7, 2)])

    def test_a_sum_is_known_if_all_of_it_is(self):
        for given, content in (({"p": {"pt": 9}, "i": {"ix": 4}}, 5), ({"p": {"pt": 9}}, None),
                               ({"i": {"ix": 4}}, None)):
            with self.subTest(given=given):
                told = export("datazoom", upload(record("h", 1, 1, s=1, **given)))
                self.assertEqual(told[0]["event"]["metrics"]["playback_duration_content_ms"],
                                 content)

    def test_what_is_not_declared_is_unknown_and_what_is_and_absent_is_zero(self):
        bits = registry().some_of("p", "pt sk")
        for declared, wanted in (({"c": bits}, (0, None)), ({}, (None, None))):
            with self.subTest(declared=declared):
                told = export("theoplayer", upload(record("b", 0, 0, **declared),
                                                   record("h", 1, 1, s=1)))
                parts = told[0]["parts"]
                self.assertEqual((parts["played_ms"], parts["stalls"]), wanted)


class Document(unittest.TestCase):
    """EXPORTS.md has each identifier of the five systems that their tables do not have."""

    def test_nothing_is_left_out_in_silence(self):
        page = (TOOLS / "EXPORTS.md").read_text()
        lines = (LEAVES.parent / "identifiers.tsv").read_text().splitlines()
        listed = [line.split("\t") for line in lines if line[0] != "#"]
        for title, system in (("azure", "appinsights"), *((name, name) for name in SYSTEMS)):
            source = (TOOLS / f"exports/{system}.c").read_text()
            told = set(re.findall(r'"([^"\n]*)"', source))
            section = page.split(f"\n## {system}\n")[1].split("\n## ")[0]
            told |= set(re.findall(r"`([^`]*)`", section))
            for name in (name for of, _, name in listed if of == title):
                with self.subTest(system=system, name=name):
                    without_number = re.sub(r" \(\d+\)$", "", name)
                    leaf = name.rsplit(".", maxsplit=1)[-1]
                    self.assertTrue({name, without_number, leaf} & told)


if __name__ == "__main__":
    unittest.main()
