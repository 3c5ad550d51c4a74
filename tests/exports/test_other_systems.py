#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""tally-decode --as: a scripted session, event by event, against values worked out by hand."""
import unittest

import scripts
from exporting import export, registry
from scripts import record, upload


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


if __name__ == "__main__":
    unittest.main()
