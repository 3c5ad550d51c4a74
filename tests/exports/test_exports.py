#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""tally-decode --as: scripted records as other systems' events, against values worked out by hand."""
import json
import os
import pathlib
import random
import re
import subprocess
import sys
import tempfile
import unittest

import datazoom_event
import scripts
from scripts import event, record, upload

TALLY_DECODE = os.path.abspath(sys.argv.pop(1)) if len(sys.argv) > 1 else ""
HERE = pathlib.Path(__file__).resolve().parent
LEAVES = HERE.parent / "coverage/datazoom-leaves.txt"
TOOLS = HERE.parents[1] / "boards/linux/tools"
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
            told = export("datazoom", upload(record("j", 1, 1, j={"j6": 1, "j8": "0"}, **of),
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


class Other(unittest.TestCase):
    """The other systems: each event by its name and what it has beyond what all events have."""
    system = name = None
    given = staticmethod(scripts.session)

    def setUp(self):
        self.maxDiff = None
        self.events = export(self.system, self.given(registry()))

    def beyond(self, common, *, skip=()):
        """(name, other members) of each event."""
        return [(told[self.name], {key: told[key] for key in told if key not in common})
                for told in self.events if told[self.name] not in skip]


class AppInsights(Other):
    system, name = "appinsights", "name"

    def test_properties(self):
        for told in self.events:
            self.assertEqual(told["properties"], {
                "PluginVersion": "2.1", "PlayerVersion": "8.3", "PlaybackTech": "html5",
                "MimeType": "video/mp4", "StreamId": "stream-1", "isLive": False,
                "ProtectionType": "widevine", "Sdn": "cdn.example", "userId": "v-9",
                "accountId": "op-1", "eventLabel": "gala", "deviceId": "stb-7",
                "sessionId": "00000000c0ffee-1"})

    def test_events(self):
        told = [(each["name"], each["time"], each["measurements"]) for each in self.events]
        at_1500, at_60000, at_61000 = ({"currentTime": at} for at in (1.5, 60, 61))
        nowhere = {"currentTime": None}
        self.assertEqual([each for each in told if each[0] != "metrics"], [
            ("playerConfig", 1100, {"playerConfig": "conf-1", "playerName": "player"}),
            ("loaded", 2000, {}), ("loadedmetadata", 2000, {}), ("sourceset", 2000, {}),
            ("canplaythrough", 2000, {"loadTime": 150}),
            ("downloadCompleted", 2000,
             {"count": 4, "measuredBandwidth": 4000, "perceivedBandwidth": 5000}),
            ("viewed", 3000, {"currentTime": 0}), ("start", 3000, {"currentTime": 0}),
            ("seeking", 3100, at_1500), ("seeked", 3200, {**at_60000, "seekTime": 250}),
            ("seek", 3200, {**at_60000, "seekTime": 250}),
            ("waiting", 3300, at_61000), ("buffering", 3300, at_61000), ("pause", 3500, nowhere),
            ("error", 5200, {"code": 48, "errorCode": "0x30", **nowhere}),
            ("ended", 5300, nowhere), ("end", 5300, nowhere),
            ("error", 5500, {"code": 4001, "errorCode": "0xFA1", **nowhere}),
            ("fullscreen", 10000, {"fullscreen": True}),
            ("downloadCompleted", 10000,
             {"count": 2, "measuredBandwidth": 4000, "perceivedBandwidth": 5000}),
            ("downloadFailed", 10000, {"count": 3, "isVideo": 2, "error": -7}),
            ("playbackSummary", 10000,
             {"playTime": 4000, "fullscreenTime": 0.5, "rebufferCount": 1, "rebufferTime": 500,
              "loadTime": 150, "percentPlayed": 40, "avgBitrate": 2500, "failedDownloads": 3,
              "errorCode": "0xFA1"})])

    def test_metrics(self):
        last = [each["measurements"] for each in self.events if each["name"] == "metrics"][-1]
        self.assertAlmostEqual(last.pop("playTimeMins"), 4 / 60)
        self.assertEqual(last, {
            "loadTime": 150, "start value": 150, "playTime": 4000, "playTimeSecs": 4,
            "getTotalUniquePlayTime": 3.2, "playTimeLive": None, "fullscreenTime": 0.5,
            "percentPlayed": 40, "percentReached": 80, "PercentsPlayed": 40, "rebufferCount": 1,
            "rebufferTime": 500, "totalRebufferTime": 500, "bufferingTime": 500, "buffered": 8000,
            "bufferAhead": 8000, "avgBitrate": 2500, "AverageBitrate": 2500,
            "measuredBandwidth": 4000, "avgMeasuredBandwidth": 4000, "perceivedBandwidth": 5000,
            "avgPerceivedBandwidth": 4500, "failedDownloads": 3, "currentTime": 6.4})

    def test_time_of_a_live_session(self):
        told = export("appinsights", upload(record("s", 0, 0, s=1, d={"pl": 1}),
                                            record("h", 1, 1, s=1, p={"pt": 1500})))
        self.assertEqual(told[-1]["measurements"]["playTimeLive"], 1.5)


class Kaltura(Other):
    system, name = "kaltura", "eventName"
    COMMON = {
        "partnerId": "op-1", "entryId": "film", "flavourId": "hd",
        "sessionId": "00000000c0ffee-1", "playbackType": "vod", "deliveryType": "http",
        "protection": "drm", "clientVer": "8.3", "clientTag": "2.1", "uiConfId": "conf-1",
        "device": "stb", "operatingSystem": "Linux 6.1", "browser": "Chrome 123",
        "application": "app", "category": "drama", "playbackContext": "drama", "customVar1": "a",
        "customVar2": "b", "customVar3": "c", "country": None, "city": None, "ks": None,
        "kalsig": None, "referrer": None, "syndicationDomain": None}

    def test_what_all_have(self):
        for told in self.events:
            self.assertEqual({key: told[key] for key in self.COMMON}, self.COMMON)
            self.assertEqual(told["sessionStartTime"], 1100)

    def test_numbers_order_and_members(self):
        numbered = [(told["eventType"], told["eventIndex"], told["position"])
                    for told in self.events]
        own = {**self.COMMON, **dict.fromkeys(
            ("eventType", "eventName", "eventIndex", "time", "sessionStartTime", "position"))}
        told = [(*numbers, name, extra)
                for numbers, (name, extra) in zip(numbered, self.beyond(own))]
        self.assertEqual(told, [
            (2, 1, None, "playRequested", {}), (45, 1, None, "BUFFER_START", {}),
            (1, 3, 2.5, "playerImpression", {}), (5, 3, 2.5, "CAN_PLAY", {}),
            (99, 3, 2.5, "VIEW", {"playTimeSum": 2, "bufferTime": 0.4, "actualBitrate": 2000,
                                  "preferredBitrate": 3000, "averageBitrate": 2000}),
            (100, 3, 2.5, "PLAY_MANIFEST", {"manifestTime": 0.06}),
            (101, 3, 2.5, "DRM_LICENSE", {"licenseTime": 0.07}),
            (3, 4, 0, "play", {"bufferTime": 0.4}), (46, 4, 0, "BUFFER_END", {}),
            (35, 5, 1.5, "seek", {}), (45, 5, 1.5, "BUFFER_START", {}),
            (46, 6, 60, "BUFFER_END", {"targetPosition": 60}),
            (45, 7, 61, "BUFFER_START", {}), (46, 8, 61, "BUFFER_END", {}),
            (33, 9, 2.5, "pause", {}), (4, 10, 2.5, "resume", {}),
            (11, 11, 2.5, "playThrough25", {}), (12, 12, 2.5, "playThrough50", {}),
            (13, 13, 2.5, "playThrough75", {}), (14, 14, 2.5, "playThrough100", {}),
            (39, 16, 2.5, "SOURCE_SELECTED", {"actualBitrate": 800}),
            (43, 17, 2.5, "FLAVOR_SWITCHED", {"actualBitrate": 2000}),
            (42, 18, 2.5, "AUDIO_SELECTED", {"language": 3}),
            (38, 19, 2.5, "captions", {"caption": -1}),
            (98, 26, 2.5, "ERROR", {"errorCode": 48, "errorMessage": None}),
            (34, 28, 2.5, "replay", {}),
            (98, 29, 2.5, "ERROR", {"errorCode": 4001, "errorMessage": None}),
            (31, 51, 6.4, "enterFullscreen", {}), (41, 51, 6.4, "speed", {"playbackSpeed": 1.5}),
            (99, 51, 6.4, "VIEW", {"playTimeSum": 4, "bufferTime": 0.75, "actualBitrate": 2000,
                                   "preferredBitrate": 3000, "averageBitrate": 2500})])

    def test_words(self):
        for delivery, called in ((1, "hls"), (2, "dash"), (6, "http"), (99, None)):
            told = export("kaltura", upload(record("s", 0, 0, s=1, d={"dy": delivery})))
            self.assertEqual(told[0]["deliveryType"], called)
        for protection, called in ((0, "none"), (1, "aes"), (3, "drm"), (5, "drm")):
            told = export("kaltura", upload(record("s", 0, 0, s=1, d={"pr": protection})))
            self.assertEqual(told[0]["protection"], called)


class NanoStream(Other):
    system, name = "nanostream", "event"
    COMMON = {
        "accountId": "op-1", "eventId": "gala", "eventLabel": "gala", "userId": "v-9",
        "streamname": "stream-1", "streamTags": "x,y", "OS": "Linux 6.1", "browser": "Chrome 123",
        "playerVersion": "8.3", "sessionId": "00000000c0ffee-1", "country": None,
        "accountKey": None, "customField1": "a", "customField2": "b", "customField3": "c",
        "customField4": None, "customField5": None, "customField6": None, "customField7": None,
        "customField8": None, "customField9": None, "customField10": "j"}

    def test_what_all_have(self):
        for told in self.events:
            self.assertEqual({key: told[key] for key in self.COMMON}, self.COMMON)

    def test_events(self):
        own = {**self.COMMON, **dict.fromkeys(("event", "timestamp", "currentTime"))}
        none = {"state": None}
        self.assertEqual(self.beyond(own, skip=("onStats",)), [
            ("Player Loading", none),
            ("onStartupStats", {**none, "stats": {
                "connecting": 0, "connected": 40, "firstFragmentReceived": 90, "firstFrameRendered": 300,
                "playable": 200, "playing": 320, "playStartTime": 0.3}}),
            ("onPlay", {**none, "playout": {"start": 0}}),
            ("onStartBuffering", {"state": 7}), ("onStopBuffering", {**none, "duration": 0.5}),
            ("onPause", {"state": 6}), ("onPlay", none),
            ("update source request", none), ("update source success", none),
            ("update source fail", none),
            ("update source abort", {**none, "reason": "equalsource"}),
            ("update source abort", {**none, "reason": "superseded"}),
            ("update source abort", {**none, "reason": "frequency"}),
            ("onWarning", {**none, "code": 48, "class": "network", "message": None}),
            ("onError", {**none, "code": 4001, "class": "network", "message": None}),
            ("volume", {**none, "volume": 40}), ("mute", {**none, "mute": True}),
            ("fullscreen", {**none, "fullscreen": True}), ("speed", {**none, "speed": 1.5}),
            ("onStop", {**none, "reason": "playbackerror", "code": 4001, "message": "no route"})])

    def test_stats(self):
        last = [told["stats"] for told in self.events if told["event"] == "onStats"][-1]
        self.assertEqual(last, {
            "playedTime": 4, "bufferingTime": 0.5, "playBufferingRatio": 0.125,
            "buffer": {"end": 14.4, "delay": {"current": 8, "avg": 5, "min": 1, "max": 9}},
            "buffergoal": {"real": 6, "base": None, "min": None, "max": None},
            "playout": {"end": 6.4}, "latency": 3,
            "bitrate": {"current": 2028000, "avg": 1920000, "min": 896000, "max": 2560000},
            "playbackrate": {"current": 1.5, "avg": 1.2, "min": 1, "max": 1.5},
            "framerate": {"current": 25, "avg": 25.5, "min": 24, "max": 30},
            "quality": {"totalVideoFrames": 200, "droppedVideoFrames": 10,
                        "droppedVideoFramesCurrent": 6, "corruptedVideoFrames": 3,
                        "corruptedVideoFramesCurrent": 2, "creationTime": 10000},
            "volume": 40, "mute": True, "fullscreen": True})

    def test_reasons_for_stopping(self):
        reasons = ("normal", "normal", "playbackerror", "sourcestreamstopped", "normal", "normal",
                   "buffer", "connectionclose", "servernotfound", "streamnotfound",
                   "interactionrequired", "playbacksuspended", "reconnectionimminent", "destroy",
                   "playbackrestart", "visibilityhidden", "notenoughdata", "refused",
                   "player_died")
        ends = [record("x", number, 0, s=number, p={"sr": number})
                for number in range(len(reasons))]
        told = export("nanostream", upload(*ends))
        self.assertEqual(tuple(each["reason"] for each in told if each["event"] == "onStop"),
                         reasons)

    def test_a_webcast(self):
        told = export("nanostream", scripts.webcast(registry()))
        self.assertEqual([(each["event"], each["streamname"], each["stats"]) for each in told], [
            ("ingest", "cam", {"ingestBitrateVideoAverage": 1800000,
                               "ingestBitrateAudioAverage": 95000, "ingestTime": 90}),
            ("webcaster", "cam", {"roundTripTime": 160, "packetLoss": 4, "videoSendDelay": 5,
                                  "trafficLightRtt": "yellow", "trafficLightLoss": "green",
                                  "bytesSent": 100000, "bitrate": 1000000}),
            ("webcaster", "cam", {"roundTripTime": 250, "packetLoss": 10, "videoSendDelay": 2,
                                  "trafficLightRtt": "red", "trafficLightLoss": "red",
                                  "bytesSent": 100000, "bitrate": 1000000})])


class TheoPlayer(Other):
    system, name = "theoplayer", "event"
    COMMON = {"sessionId": "00000000c0ffee-1", "deviceId": "stb-7", "contentId": "film",
              "source": "https://cdn.example/film", "playerVersion": "8.3"}

    def test_events(self):
        for told in self.events:
            self.assertEqual({key: told[key] for key in self.COMMON}, self.COMMON)
        own = {**self.COMMON, "event": "", "time": 0, "currentTime": 0}
        self.assertEqual(self.beyond(own), [
            ("heartbeat", {
                "metrics": {"Startup Time": 300, "video startup time": 300, "Seek Time": None,
                            "Buffer Rate": 0, "Rebuffer Ratio": 0,
                            "Exit Before Video Start": False, "Error Rate": 0},
                "parts": {"plays": 1, "attempts": 1, "failures": 0, "seeks": 0, "seeking_ms": 0,
                          "stalls": 0, "stalled_ms": 0, "played_ms": 2000}}),
            ("ping", {}), ("impression", {}), ("play", {}), ("seek", {}),
            ("seeked", {"duration": 250}), ("buffer", {}), ("buffered", {"duration": 500}),
            ("end", {
                "metrics": {"Startup Time": 300, "video startup time": 300, "Seek Time": 125,
                            "Buffer Rate": 15, "Rebuffer Ratio": 0.1111111111,
                            "Exit Before Video Start": False, "Error Rate": 1},
                "parts": {"plays": 1, "attempts": 1, "failures": 1, "seeks": 2, "seeking_ms": 250,
                          "stalls": 1, "stalled_ms": 500, "played_ms": 4000}})])


del Other  # is no test by itself


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


class Hostile(unittest.TestCase):
    """Nothing makes it crash or say what is not JSON, and damage is told."""

    @classmethod
    def setUpClass(cls):
        cls.good = scripts.datazoom(registry()) + scripts.session(registry()) \
            + scripts.webcast(registry())

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
        for size in range(0, len(self.good), 127):
            self.export_anything(self.good[:size])

    def test_what_came_before_the_damage_is_told(self):
        result = run("--as", "theoplayer", given=upload(event(0, 0, "first_frame")) + b"\xff")
        self.assertEqual((result.returncode, len(result.stdout.splitlines())), (1, 2))

    def test_bytes_changed(self):
        print(f"TALLY_SEED={SEED}")
        dice = random.Random(SEED)
        for _ in range(25):
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
