# SPDX-License-Identifier: Apache-2.0
"""A call between two applications with webrtcbin, media lost on the way: what the plugin tells at
each end, against a capture and the firewall.

Headers of SRTP are in the clear, so packets are told by their SSRC in the capture; payloads are
as long as before, and a tag behind them.
"""
import collections
import json
import os
import pathlib
import sys
import tempfile
import threading
import time
import unittest

HERE = pathlib.Path(__file__).resolve().parent
sys.path += [str(HERE), str(HERE.parent / "streams"), str(HERE.parent / "lanes")]
import network  # noqa: E402
import rtp_rfc3550  # noqa: E402
from lateness import replayed  # noqa: E402

PLUGIN = pathlib.Path(os.environ.get("TALLY_LINUX", "")) / "gstreamer_log"
MEDIA_S, AGAIN_S = 20, 6
LOST_PERMILLE = 20
RTCP = range(192, 224)  # second byte (RFC 5761)
RTP = f"meta l4proto udp @th,64,2 2 @th,72,8 != {RTCP.start}-{RTCP.stop - 1}"  # nor STUN nor DTLS
TAG_BYTES = 10  # of SRTP_AES128_CM_SHA1_80
CLOCKS = {96: 90000, 97: 48000}  # by payload type
RATES = {0: 48000, 1: 90000}     # by enum tally_media
IPV6_OFF = "echo 1 > /proc/sys/net/ipv6/conf/all/disable_ipv6"


# Packets that come before the receiver has the keys are not for it to count; the last one of a
# stream may be lost with nothing behind it to tell.
UNREADABLE = 3
UNSEEN = 2
LARGEST = 1400
OF_MEAN = 0.02     # lost payloads are as long as the others on average
OF_BITRATE = 0.05  # seconds of the plugin and of the test begin at different times
HOST = 0           # enum tally_candidate
# The last report of a receiver is of some seconds ago, and GStreamer's has one lost packet too few.
REPORTED_LEAST = 0.5
ROUND_TRIP_MOST_US = 1_000_000
FIRST_S = 0.1
EDGE_S = 6         # of a stream: encoder and rates settle, and what is told is up to 3 s old


class Stream:
    """One SSRC in a capture."""

    def __init__(self, datagram):
        self.payload_type = datagram[1] & 0x7F
        self.source = rtp_rfc3550.Source(int.from_bytes(datagram[2:4], "big"))
        self.packets = self.bytes = 0
        self.arrivals = []  # (s, payload bytes)

    def receive(self, arrival_us, datagram):
        timestamp = int.from_bytes(datagram[4:8], "big")
        self.source.receive(int.from_bytes(datagram[2:4], "big"),
                            rtp_rfc3550.Fraction(timestamp * 1_000_000,
                                                 CLOCKS[self.payload_type]), arrival_us)
        size = len(datagram) - 12 - 4 * (datagram[0] & 0x0F) - TAG_BYTES
        if datagram[0] & 0x10:
            at = 12 + 4 * (datagram[0] & 0x0F)
            size -= 4 + 4 * int.from_bytes(datagram[at + 2:at + 4], "big")
        self.packets += 1
        self.bytes += size
        self.arrivals.append((arrival_us / 1e6, size))

    @property
    def lost(self):
        return self.source.expected() - self.source.received


def captured(path):
    """The media of a capture by their clock rates, each of one SSRC."""
    streams = {}
    for arrival_us, datagram in rtp_rfc3550.datagrams(path):
        if len(datagram) < 12 or datagram[0] >> 6 != 2 or datagram[1] in RTCP:
            continue
        ssrc = int.from_bytes(datagram[8:12], "big")
        if datagram[1] & 0x7F in CLOCKS:  # retransmissions have other types and SSRCs
            streams.setdefault(ssrc, Stream(datagram)).receive(arrival_us, datagram)
    return {CLOCKS[stream.payload_type]: stream for stream in streams.values()}


class Call:
    """A call that has been."""

    def __init__(self, folder, add_cleanup, *options):
        self.logs = {place: folder / f"{place}.json" for place in network.ADDRESSES}
        self.capture = folder / "far.pcap"
        cable = network.Network(add_cleanup)
        for place in network.ADDRESSES:
            cable.run(place, "sh", "-c", IPV6_OFF)
        cable.lose(LOST_PERMILLE, RTP)
        witness = cable.capture(self.capture, f"udp and dst host {network.ADDRESSES['far']}")
        self.media = threading.Event()
        peers = {place: self._peer(cable, folder, place, role, *options)
                 for place, role in (("far", "receive"), ("near", "send"))}
        for place, other in (("far", "near"), ("near", "far")):
            threading.Thread(target=self._relay, args=(peers[place], peers[other]),
                             daemon=True).start()
        if not self.media.wait(network.READY_S):
            raise network.Failed("no media came through")
        time.sleep(AGAIN_S if options else MEDIA_S)  # of the call
        if not options:
            network.wait_for("report of the receiver", self._are_reported)
        self._say(peers["near"], hush=True)
        network.wait_for("rest", self._are_settled)
        self.lost = cable.lost()
        network.stop_capture(witness)
        for peer in peers.values():
            peer.stdin.close()
            network.finish(peer)

    def _peer(self, cable, folder, place, *role):
        return cable.start(place, sys.executable, HERE / "webrtc_peer.py", *role, text=True,
                           stdin=-1, stdout=-1,
                           env=self._environment(folder, place))

    def _environment(self, folder, place):
        return network.environment(folder, PLUGIN, TALLY_HOOK_LOG=self.logs[place])

    @staticmethod
    def _say(peer, **message):
        peer.stdin.write(json.dumps(message) + "\n")
        peer.stdin.flush()

    def _relay(self, peer, other):
        for line in peer.stdout:
            message = json.loads(line)
            if "media" in message:
                self.media.set()
                continue
            try:
                self._say(other, **message)
            except (OSError, ValueError):
                return  # the call is over

    def _are_reported(self):
        """Whether what the receiver reported last of a track is not of the call's begin: it does so
        when it likes, and GStreamer keeps the report of one track only."""
        last = {}
        for call in network.heard(self.logs["near"]):
            if call.get("group") == "WEBRTC_OUTBOUND" and call.get("values"):
                last[call["stream"]] = call["values"]
        return any(values.get("OUT_REMOTE_LOST", -1)
                   >= values["OUT_PACKETS"] * LOST_PERMILLE / 1000 * REPORTED_LEAST
                   for values in last.values())

    def _are_settled(self):
        return all(self._is_settled(log) for log in self.logs.values())

    @staticmethod
    def _is_settled(log):
        """Whether no packet was counted in the last two seconds."""
        told = collections.defaultdict(list)
        for call in network.heard(log):
            if call.get("values") and call["group"].startswith("WEBRTC"):
                values = call["values"]
                told[call["stream"]].append(values.get("IN_PACKETS", values.get("OUT_PACKETS")))
        return len(told) == 2 and all(len(set(each[-3:])) == 1 for each in told.values())

    def bitrates(self, place, group, metric, stream):
        """Means in bit/s between the edges of a stream: as told, and as captured."""
        begin_s, end_s = stream.arrivals[0][0] + EDGE_S, stream.arrivals[-1][0]
        to_real_s = time.time() - time.clock_gettime(time.CLOCK_BOOTTIME)
        kind = metric.split("_")[0] + "_MEDIA"
        told = [call["values"][metric] for call in network.heard(self.logs[place])
                if call.get("group") == group and metric in call.get("values", {})
                and RATES[call["values"][kind]] == CLOCKS[stream.payload_type]
                and begin_s < call["now"] / 1000 + to_real_s < end_s]
        size = sum(size for at_s, size in stream.arrivals if begin_s < at_s < end_s)
        return sum(told) / len(told), size * 8 / (end_s - begin_s)

    def tracks(self, place, group):
        """The last values of each track by the clock rate of its medium."""
        prefix = "IN_" if group == "WEBRTC_INBOUND" else "OUT_"
        return {RATES[values[f"{prefix}MEDIA"]]: values
                for values in network.streams(self.logs[place], group).values()}


@replayed
class Case(unittest.TestCase):
    options = ()

    @classmethod
    def setUpClass(cls):
        if not os.environ.get("TALLY_LINUX"):
            raise unittest.SkipTest("TALLY_LINUX names the build folder")
        holder = tempfile.TemporaryDirectory(dir=os.environ.get("TALLY_TEST_DIR"))
        cls.addClassCleanup(holder.cleanup)
        folder = pathlib.Path(holder.name)
        network.look_up_plugins(folder, PLUGIN)
        cls.call = Call(folder, cls.addClassCleanup, *cls.options)
        cls.truth = captured(cls.call.capture)


class Plain(Case):
    def test_what_is_received_is_what_the_capture_has(self):
        tracks = self.call.tracks("far", "WEBRTC_INBOUND")
        self.assertEqual(set(tracks), set(CLOCKS.values()))
        for rate, values in tracks.items():
            truth = self.truth[rate]
            self.assertAlmostEqual(values["IN_PACKETS"], truth.packets, delta=UNREADABLE)
            self.assertAlmostEqual(values["IN_BYTES"], truth.bytes, delta=UNREADABLE * LARGEST)
            self.assertAlmostEqual(values["IN_LOST"], truth.lost, delta=UNREADABLE)
            self.assertEqual(values["PAIR_CANDIDATE"], HOST)
        self.assertEqual({(values["IN_MIME_TYPE"], values["IN_MID"]) for values in tracks.values()},
                         {("video/VP8", "video0"), ("audio/OPUS", "audio1")})

    def test_what_is_lost_is_what_the_firewall_dropped(self):
        lost = sum(values["IN_LOST"]
                   for values in self.call.tracks("far", "WEBRTC_INBOUND").values())
        self.assertGreater(self.call.lost, 20)
        self.assertAlmostEqual(lost, self.call.lost, delta=UNREADABLE)

    def test_what_is_sent_is_what_came_and_what_was_lost(self):
        tracks = self.call.tracks("near", "WEBRTC_OUTBOUND")
        self.assertEqual(set(tracks), set(CLOCKS.values()))
        for rate, values in tracks.items():
            truth = self.truth[rate]
            sent = truth.packets + truth.lost
            self.assertAlmostEqual(values["OUT_PACKETS"], sent, delta=UNSEEN)
            self.assertAlmostEqual(values["OUT_BYTES"] / sent, truth.bytes / truth.packets,
                                   delta=truth.bytes / truth.packets * OF_MEAN)
            self.assertEqual(values["PAIR_CANDIDATE"], HOST)

    def test_what_the_receiver_reported_of_a_track_is_told_of_that_track(self):
        told = {rate: values
                for rate, values in self.call.tracks("near", "WEBRTC_OUTBOUND").items()
                if "OUT_REMOTE_LOST" in values}
        for rate, values in told.items():
            self.assertLessEqual(values["OUT_REMOTE_LOST"], self.truth[rate].lost)
            self.assertLess(values["OUT_ROUND_TRIP"], ROUND_TRIP_MOST_US)
        self.assertTrue(any(
            values["OUT_REMOTE_LOST"] >= self.truth[rate].lost * REPORTED_LEAST - 1
            for rate, values in told.items()), told)

    def test_who_only_sends_publishes_from_when_its_first_packet_left(self):
        calls = network.heard(self.call.logs["near"])
        self.assertEqual([call["kind"] for call in calls if call["call"] == "open"], ["publish"])
        first, = [call["at"] for call in calls if call.get("hook") == "FIRST_FRAME"]
        to_real_s = time.time() - time.clock_gettime(time.CLOCK_BOOTTIME)
        came = min(stream.arrivals[0][0] for stream in self.truth.values())
        self.assertAlmostEqual(first / 1000 + to_real_s, came, delta=FIRST_S)

    def test_bitrates_are_those_of_the_capture(self):
        for place, group, metric in (("far", "WEBRTC_INBOUND", "IN_BITRATE"),
                                     ("near", "WEBRTC_OUTBOUND", "OUT_BITRATE")):
            for rate in CLOCKS.values():
                told, truth = self.call.bitrates(place, group, metric, self.truth[rate])
                sent = truth * (1 + LOST_PERMILLE / 1000) if place == "near" else truth
                self.assertAlmostEqual(told, sent, delta=sent * OF_BITRATE,
                                       msg=f"{place} {rate}")


class SentAgain(Case):
    """What is lost is asked for and sent again, in streams of their own."""
    options = ("again",)

    def test_what_is_recovered_is_not_lost_and_not_counted_twice(self):
        recovered = 0
        for rate, values in self.call.tracks("far", "WEBRTC_INBOUND").items():
            truth = self.truth[rate]
            again = values["IN_RETRANSMITTED"]
            self.assertAlmostEqual(values["IN_PACKETS"], truth.packets + again, delta=UNREADABLE)
            self.assertAlmostEqual(values["IN_LOST"], truth.lost - again, delta=UNREADABLE)
            self.assertGreaterEqual(values["IN_NACKS"], min(again, 1))
            recovered += again
        self.assertGreater(recovered, 0)

    def test_what_is_sent_again_is_no_part_of_a_track(self):
        for rate, values in self.call.tracks("near", "WEBRTC_OUTBOUND").items():
            truth = self.truth[rate]
            self.assertAlmostEqual(values["OUT_PACKETS"], truth.packets + truth.lost, delta=UNSEEN)


if __name__ == "__main__":
    unittest.main()
