#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""webrtc_peer.py send|receive [again]: one end of a call, an application that knows nothing of tally;
with `again` what is lost is sent again.

Lines of JSON on standard input and output are the signalling. {"hush": true} has the sender send no
more media; the end of standard input ends the call. {"media": true} says that media plays.
"""
import json
import sys
import threading

import gi
gi.require_version("Gst", "1.0")
gi.require_version("GstSdp", "1.0")
gi.require_version("GstWebRTC", "1.0")
from gi.repository import GLib, Gst, GstSdp, GstWebRTC  # noqa: E402

SEND = """
    webrtcbin name=call bundle-policy=max-bundle
    videotestsrc is-live=true pattern=snow ! video/x-raw,width=320,height=240,framerate=25/1
        ! vp8enc deadline=1 cpu-used=8 target-bitrate=800000 keyframe-max-dist=25
        ! valve name=valve0 ! rtpvp8pay pt=96
        ! application/x-rtp,media=video,encoding-name=VP8,payload=96 ! call.
    audiotestsrc is-live=true ! opusenc ! valve name=valve1 ! rtpopuspay pt=97
        ! application/x-rtp,media=audio,encoding-name=OPUS,payload=97 ! call.
"""
TRACKS = 2
AGAIN_MS = 100


def kind_of(name):
    return GstWebRTC.WebRTCSDPType.OFFER if name == "offer" else GstWebRTC.WebRTCSDPType.ANSWER


class Peer:
    def __init__(self, role, again):
        self.loop = GLib.MainLoop()
        self.lock = threading.Lock()
        if role == "send":
            self.pipeline = Gst.parse_launch(SEND)
            self.call = self.pipeline.get_by_name("call")
            self.call.connect("on-negotiation-needed", lambda _: self.describe("offer"))
            for number in range(TRACKS):
                self.call.emit("get-transceiver", number).set_property("do-nack", again)
        else:
            self.pipeline = Gst.Pipeline()
            self.call = Gst.ElementFactory.make("webrtcbin", "call")
            self.call.set_property("bundle-policy", GstWebRTC.WebRTCBundlePolicy.MAX_BUNDLE)
            self.call.connect("on-new-transceiver",
                              lambda _, transceiver: transceiver.set_property("do-nack", again))
            self.pipeline.add(self.call)
        self.call.connect("on-ice-candidate", lambda _, line, text: self.say(ice=[line, text]))
        self.call.connect("pad-added", self.play)
        self.pipeline.set_state(Gst.State.PLAYING)
        threading.Thread(target=self.listen, daemon=True).start()

    def say(self, **message):
        with self.lock:  # several threads have something to say
            print(json.dumps(message), flush=True)

    def listen(self):
        for line in sys.stdin:
            GLib.idle_add(self.hear, json.loads(line))
        GLib.idle_add(self.loop.quit)

    def hear(self, message):
        if "ice" in message:
            self.call.emit("add-ice-candidate", *message["ice"])
        for name in ("offer", "answer"):
            if name in message:
                self.take(name, message[name])
        if "hush" in message:
            for number in range(TRACKS):
                self.pipeline.get_by_name(f"valve{number}").set_property("drop", True)

    # ---- descriptions ----

    def describe(self, name):
        self.call.emit(f"create-{name}", None,
                       Gst.Promise.new_with_change_func(self.described, name))
        return False

    def described(self, promise, name):
        reply = promise.get_reply()  # what is taken from it lives as long as it does
        description = reply.get_value(name)
        if description is None or description.sdp is None:
            GLib.timeout_add(AGAIN_MS, self.describe, name)  # its media is not known yet
            return
        self.call.emit("set-local-description", description, Gst.Promise.new())
        self.say(**{name: description.sdp.as_text()})

    def take(self, name, text):
        _, sdp = GstSdp.SDPMessage.new_from_text(text)
        description = GstWebRTC.WebRTCSessionDescription.new(kind_of(name), sdp)
        self.call.emit("set-remote-description", description, Gst.Promise.new_with_change_func(
            lambda _: name == "offer" and GLib.idle_add(self.describe, "answer")))

    # ---- media ----

    def play(self, _, pad):
        if pad.direction == Gst.PadDirection.SRC:
            decoder = self.add("decodebin")
            decoder.connect("pad-added", self.show)
            pad.link(decoder.get_static_pad("sink"))

    def show(self, _, pad):
        is_video = pad.query_caps(None).to_string().startswith("video")
        sink = self.add("fakevideosink" if is_video else "fakeaudiosink")
        pad.link(sink.get_static_pad("sink"))
        self.say(media=True)

    def add(self, factory):
        element = Gst.ElementFactory.make(factory)
        self.pipeline.add(element)
        element.sync_state_with_parent()
        return element


def main():
    Gst.init(None)
    peer = Peer(sys.argv[1], "again" in sys.argv[2:])
    peer.loop.run()
    peer.pipeline.set_state(Gst.State.NULL)


if __name__ == "__main__":
    main()
