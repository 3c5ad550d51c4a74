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
sys.path += [str(HERE), str(HERE.parent / "streams")]
import network  # noqa: E402
import rtp_rfc3550  # noqa: E402

PLUGIN = pathlib.Path(os.environ.get("TALLY_LINUX", "")) / "gstreamer_log"
MEDIA_S = 15
LOST_PERMILLE = 20
RTP_OR_RTCP = "meta l4proto udp @th,64,2 2"  # STUN and DTLS begin with other bits
RTCP = range(192, 224)  # second byte (RFC 5761)
TAG_BYTES = 10  # of SRTP_AES128_CM_SHA1_80
CLOCKS = {96: 90000, 97: 48000}
IPV6_OFF = "echo 1 > /proc/sys/net/ipv6/conf/all/disable_ipv6"


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
    """All RTP of a capture by its SSRC, and how much RTCP there was."""
    streams = {}
    for arrival_us, datagram in rtp_rfc3550.datagrams(path):
        if len(datagram) < 12 or datagram[0] >> 6 != 2 or datagram[1] in RTCP:
            continue
        ssrc = int.from_bytes(datagram[8:12], "big")
        streams.setdefault(ssrc, Stream(datagram)).receive(arrival_us, datagram)
    return {CLOCKS[stream.payload_type]: stream for stream in streams.values()}


class Call:
    """A call that has been."""

    def __init__(self, folder, add_cleanup):
        self.logs = {place: folder / f"{place}.json" for place in network.ADDRESSES}
        self.capture = folder / "far.pcap"
        cable = network.Network(add_cleanup)
        for place in network.ADDRESSES:
            cable.run(place, "sh", "-c", IPV6_OFF)
        cable.lose(LOST_PERMILLE, RTP_OR_RTCP)
        witness = cable.capture(self.capture, f"udp and dst host {network.ADDRESSES['far']}")
        self.media = threading.Event()
        peers = {place: self._peer(cable, folder, place, role)
                 for place, role in (("far", "receive"), ("near", "send"))}
        for place, other in (("far", "near"), ("near", "far")):
            threading.Thread(target=self._relay, args=(peers[place], peers[other]),
                             daemon=True).start()
        if not self.media.wait(network.READY_S):
            raise network.Failed("no media came through")
        time.sleep(MEDIA_S)  # of the call; nothing is waited for
        self._say(peers["near"], hush=True)
        network.wait_for("rest", self._are_settled)
        self.lost = cable.lost()
        network.stop_capture(witness)
        for peer in peers.values():
            network.end(peer)

    def _peer(self, cable, folder, place, role):
        home = folder / place
        home.mkdir()
        return cable.start(place, sys.executable, HERE / "webrtc_peer.py", role, text=True,
                           stdin=-1, stdout=-1,
                           env=network.environment(home, PLUGIN, self.logs[place]))

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

    def tracks(self, place, group):
        """The last values of each track by the clock rate of its medium."""
        prefix = "IN_" if group == "WEBRTC_INBOUND" else "OUT_"
        rates = {0: 48000, 1: 90000}
        return {rates[values[f"{prefix}MEDIA"]]: values
                for values in network.streams(self.logs[place], group).values()}


@unittest.skipUnless(os.environ.get("TALLY_LINUX"), "TALLY_LINUX names the build folder")
class Webrtc(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        holder = tempfile.TemporaryDirectory(dir=os.environ.get("TALLY_TEST_DIR"))
        cls.addClassCleanup(holder.cleanup)
        cls.call = Call(pathlib.Path(holder.name), cls.addClassCleanup)
        cls.truth = captured(cls.call.capture)

    def test_what_is_received_is_what_the_capture_has(self):
        tracks = self.call.tracks("far", "WEBRTC_INBOUND")
        self.assertEqual(set(tracks), set(CLOCKS.values()))
        for rate, values in tracks.items():
            truth = self.truth[rate]
            print(rate, values, vars(truth.source).get("received"), truth.lost, truth.packets, truth.bytes, truth.source.jitter >> 4, self.call.lost)

    def test_what_is_sent_is_what_came_and_what_the_firewall_lost(self):
        tracks = self.call.tracks("near", "WEBRTC_OUTBOUND")
        for rate, values in tracks.items():
            print(rate, values)


if __name__ == "__main__":
    unittest.main()
