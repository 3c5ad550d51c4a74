#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""tally-decode --as: scripted records as other systems' events, against values worked out by hand."""
import json
import os
import pathlib
import random
import subprocess
import sys
import tempfile
import unittest

import scripts
from scripts import event, record, upload

TALLY_DECODE = os.path.abspath(sys.argv.pop(1)) if len(sys.argv) > 1 else ""
HERE = pathlib.Path(__file__).resolve().parent
LEAVES = HERE.parent / "coverage/datazoom-leaves.txt"
SYSTEMS = ("datazoom", "appinsights", "kaltura", "nanostream", "theoplayer")
SEED = int(os.environ.get("TALLY_SEED", random.randrange(1 << 32)))


def run(*arguments, given=b""):
    return subprocess.run([TALLY_DECODE, *arguments], input=given, timeout=60, check=False,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE)


def registry():
    return scripts.Registry(json.loads(run("--registry").stdout))


def export(system, given):
    """The events of a good input."""
    result = run("--as", system, given=given)
    if result.returncode != 0:
        raise AssertionError(result.stderr.decode())
    if system == "datazoom":
        return json.loads(result.stdout)
    return [json.loads(line) for line in result.stdout.splitlines()]


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
        expected = json.loads((HERE / "datazoom_event.json").read_text())
        self.assertEqual(self.by_type["rendition_change"], [expected])

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

    def test_what_is_not_declared_is_unknown_and_what_is_and_absent_is_zero(self):
        bits = registry().some_of("p", "pt sk")
        for declared, wanted in (({"c": bits}, (0, None)), ({}, (None, None))):
            with self.subTest(declared=declared):
                told = export("theoplayer", upload(record("b", 0, 0, **declared),
                                                   record("h", 1, 1, s=1)))
                parts = told[0]["parts"]
                self.assertEqual((parts["played_ms"], parts["stalls"]), wanted)


class Hostile(unittest.TestCase):
    """Nothing makes it crash or say what is not JSON, and damage is told."""

    @classmethod
    def setUpClass(cls):
        cls.good = scripts.datazoom(registry()) + scripts.session(registry())

    def export_anything(self, given):
        for system in SYSTEMS:
            result = run("--as", system, given=given)
            self.assertIn(result.returncode, (0, 1), result.stderr.decode())
            self.assertNotIn(b"runtime error", result.stderr)
            self.assertNotIn(b"Sanitizer", result.stderr)
            if system == "datazoom":
                json.loads(result.stdout)
            for line in result.stdout.splitlines() if system != "datazoom" else []:
                json.loads(line)

    def test_cut_short(self):
        for size in range(0, len(self.good), 61):
            self.export_anything(self.good[:size])

    def test_what_came_before_the_damage_is_told(self):
        result = run("--as", "theoplayer", given=upload(event(0, 0, "first_frame")) + b"\xff")
        self.assertEqual((result.returncode, len(result.stdout.splitlines())), (1, 2))

    def test_bytes_changed(self):
        print(f"TALLY_SEED={SEED}")
        dice = random.Random(SEED)
        for _ in range(40):
            damaged = bytearray(self.good)
            for _ in range(dice.randrange(1, 6)):
                damaged[dice.randrange(len(damaged))] = dice.randrange(256)
            self.export_anything(bytes(damaged))

    def test_records_that_no_agent_makes(self):
        most = 1 << 53
        everything = {key: most for key in "mb n1 pt sd sk sl pd ps bd ut md".split()}
        for given in (
                upload(record("?", 0, 0, s=1, p={"pt": 1}), record("x", 1, 1, s=77)),
                upload(record("h", 0, 0)), upload(record("e", 0, 0, s=1)),
                upload(record("e", 0, 0, s=1, e={"et": 99}), record("e", 1, 0, s=1, e=3)),
                upload(record("h", 0, most, s=most, w=most, p=everything, m=everything)),
                upload(record("h", 0, 0, s=1, p=everything), record("x", 1, most, s=1),
                       sent_uptime=most, sent_wall=0),
                upload(record("j", 0, 0, j={"j8": 5, "j6": "x", "jl": -most}),
                       record("j", 1, 0, j={"j8": 5, "j6": 0, "jl": most}, x=[]),
                       record("o", 2, 0, s=1, o={"oj": 1, "ov": 3})),
                upload(record("s", 0, 0, s=1, c={"p": -1}, d={"ci": 3, "pl": "x", "dy": 400})),
                upload(record("s", 0, 0, s=1, c=[1], d=[]), record("x", 1, 1, s=1, y={"yu": 9})),
                upload(*[record("s", n, n, s=n) for n in range(200)]),
                upload(*[record("j", n, n, j={"j8": str(n), "j6": 1}) for n in range(100)]),
                upload(record("b", 0, 0, b={"bn": "", "os": " 1", "dm": "\u00e4" * 500})),
                upload(record("e", 0, 0, s=1, e={"et": 13, "ec": most, "ed": -most}))):
            self.export_anything(given)
            self.assertEqual(run("--as", "datazoom", given=given).returncode, 0)

    def test_a_system_that_there_is_not_is_usage(self):
        result = run("--as", "splunk")
        self.assertEqual((result.returncode, result.stdout), (2, b""))
        self.assertIn(b"usage: tally-decode", result.stderr)


if __name__ == "__main__":
    unittest.main()
