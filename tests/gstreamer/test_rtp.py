# SPDX-License-Identifier: Apache-2.0
"""RTP with real loss: what an unmodified gst-launch-1.0 measures, against the firewall that lost
the packets and a capture of those that came.

Arrivals are stamped once by the kernel, for the capture and for the plugin alike, so jitter is to
agree but for its unit: the plugin's is in whole microseconds. 1 % is the issue's; the jitter that
the sender puts in is about 1 ms.
"""
import collections
import os
import pathlib
import random
import signal
import subprocess
import sys
import tempfile
import unittest

HERE = pathlib.Path(__file__).resolve().parent
sys.path += [str(HERE), str(HERE.parent / "streams"), str(HERE.parent / "sender")]
import network  # noqa: E402
import rtp_rfc3550  # noqa: E402
import ts as mpegts  # noqa: E402

PLUGIN = pathlib.Path(os.environ.get("TALLY_LINUX", "")) / "gstreamer_log"
MAKE_MEDIA = HERE.parent / "media" / "make_media.sh"
PORT = 5004
LONG_S, SHORT_S = 20, 5
KBPS = 5000
RUNS_MOST = 3
LOST_PERMILLE = 20
MP2T = 33
RTP_HEADER = 12
TS_PER_RTP = 7
CAPS = "application/x-rtp,media=video,encoding-name=MP2T,clock-rate=90000,payload=33"
SOURCE = ["udpsrc", f"port={PORT}", f"caps={CAPS}", "buffer-size=2000000"]
END = ["!", "tsdemux", "!", "fakesink", "sync=true"]
BY_ITSELF = [*SOURCE, "!", "rtpjitterbuffer", "!", "rtpmp2tdepay", *END]
IN_RTPBIN = ["rtpbin", "name=bin", *SOURCE, "!", "bin.recv_rtp_sink_0",
             "bin.", "!", "rtpmp2tdepay", *END]
# Whose queue then holds what the sink waits for.
WITHOUT = [*SOURCE, "!", "rtpmp2tdepay", "!", "queue", "max-size-buffers=0", "max-size-time=0", *END]
BARE = ["udpsrc", f"port={PORT}", "!", "tsparse", "!", "queue", "max-size-buffers=0",
        "max-size-time=0", *END]


class Counter:
    """The continuity counter of one PID (ISO/IEC 13818-1 2.4.3.3, TR 101 290 1.4)."""

    def __init__(self):
        self.last = None
        self.is_repeated = False
        self.errors = 0

    def see(self, packet):
        """A packet without payload leaves the counter where it is; one may come twice."""
        counter = mpegts.counter_of(packet)
        step = mpegts.has_payload(packet)
        is_known = self.last is not None and not mpegts.is_discontinuous(packet)
        if is_known and step and counter == self.last and not self.is_repeated:
            self.is_repeated = True
            return
        self.errors += is_known and counter != (self.last + step) % 16
        self.last = counter
        self.is_repeated = False


def continuity_errors(path, header=RTP_HEADER):
    """Of the transport stream in a capture whose packets came in order."""
    counters = collections.defaultdict(Counter)
    for _, datagram in rtp_rfc3550.datagrams(path):
        for at in range(header, len(datagram), mpegts.PACKET):
            packet = datagram[at:at + mpegts.PACKET]
            if mpegts.pid_of(packet) != mpegts.NULL_PID:
                counters[mpegts.pid_of(packet)].see(packet)
    return sum(counter.errors for counter in counters.values())


class Run:
    """One stream, sent, lost in part, captured and received."""

    def __init__(self, test, pipeline, seconds, *bare):
        self.groups = ("TS",) if bare else ("RTP", "TS")
        self.capture = test.folder / "far.pcap"
        self.log = test.folder / "hooks.json"
        for old in (self.capture, self.log):
            old.unlink(missing_ok=True)
        cable = network.Network(test.addCleanup)
        cable.lose(LOST_PERMILLE, f"udp dport {PORT}")
        witness = cable.capture(self.capture, f"udp dst port {PORT}")
        player = cable.start("far", "gst-launch-1.0", "-q", *pipeline,
                             env=network.environment(test.shared, PLUGIN, TALLY_HOOK_LOG=self.log))
        network.wait_for("receiver", lambda: self._is_listening(cable))
        sent = cable.run("near", sys.executable, HERE / "paced.py", test.media,
                         f"{network.ADDRESSES['far']}:{PORT}", seconds, test.seed, *bare,
                         stdout=subprocess.PIPE)
        self.sent = int(sent.stdout)
        self.lost = cable.lost()
        self.unread = self._unread(cable)
        network.wait_for("rest", self._is_settled)
        network.stop_capture(witness)
        player.send_signal(signal.SIGINT)
        network.finish(player)
        self.told = {group: list(network.streams(self.log, group).values())
                     for group in ("RTP", "TS")}

    @staticmethod
    def _sockets(cable):
        told = cable.run("far", "cat", "/proc/net/udp", stdout=subprocess.PIPE).stdout
        return [line.split() for line in told.splitlines()[1:]
                if line.split()[1].endswith(f":{PORT:04X}")]

    def _is_listening(self, cable):
        return bool(self._sockets(cable))

    def _unread(self, cable):
        """Datagrams that the receiver's socket had no room for."""
        return sum(int(words[-1]) for words in self._sockets(cable))

    def _is_settled(self):
        """Whether nothing was counted for two seconds. What the sink waits for is held up ahead of
        the demuxer, so that TS is behind RTP."""
        told = {group: [] for group in self.groups}
        for call in network.heard(self.log):
            if call.get("group") in told and call.get("values"):
                told[call["group"]].append(call["values"])
        return all(len(each) > 2 and each[-1] == each[-2] == each[-3] for each in told.values())

    def was_undisturbed(self):
        """Whether this machine gave the receiver time to read all that had come."""
        return self.unread == 0


@unittest.skipUnless(os.environ.get("TALLY_LINUX"), "TALLY_LINUX names the build folder")
class Rtp(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        holder = tempfile.TemporaryDirectory(dir=os.environ.get("TALLY_TEST_DIR"))
        cls.addClassCleanup(holder.cleanup)
        cls.shared = pathlib.Path(holder.name)
        network.look_up_plugins(cls.shared, PLUGIN)
        cls.media = cls.shared / "media.ts"
        subprocess.run([MAKE_MEDIA, cls.media, str(LONG_S + 1), str(KBPS)], check=True)

    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(dir=self.shared))
        self.seed = int(os.environ.get("TALLY_SEED", random.SystemRandom().getrandbits(32)))
        print(f"{self.id()}: TALLY_SEED={self.seed}", flush=True)

    def undisturbed(self, *what):
        for _ in range(RUNS_MOST):
            run = Run(self, *what)
            if run.was_undisturbed():
                return run
            print(f"again, this machine stood still: {run.unread} unread", flush=True)
            self.doCleanups()
        return run

    def agree(self, pipeline, seconds):
        run = self.undisturbed(pipeline, seconds)
        truth = rtp_rfc3550.recompute(run.capture, {MP2T: 90000})
        (values,), (ts,) = run.told["RTP"], run.told["TS"]
        print({"sent": run.sent, "firewall": run.lost, **truth}, flush=True)
        self.assertGreater(run.lost, run.sent * LOST_PERMILLE // 1000 // 2)
        self.assertAlmostEqual(values["RTP_LOST"], run.lost, delta=1)
        for name in ("RECEIVED", "EXPECTED", "LOST", "DUPLICATES", "OUT_OF_ORDER"):
            self.assertEqual(values[f"RTP_{name}"], truth[f"RTP_{name}"], name)
        self.assertAlmostEqual(values["RTP_JITTER"], truth["RTP_JITTER"],
                               delta=truth["RTP_JITTER"] / 100)
        self.assertEqual(ts["TS_CONTINUITY_ERRORS"], continuity_errors(run.capture))
        self.assertEqual(ts["TS_PACKETS"], truth["RTP_RECEIVED"] * TS_PER_RTP)

    def test_a_jitter_buffer_by_itself(self):
        self.agree(BY_ITSELF, LONG_S)

    def test_rtpbin_whose_jitter_buffer_is_told_the_clock_by_others(self):
        self.agree(IN_RTPBIN, SHORT_S)

    def test_a_depayloader_without_a_jitter_buffer(self):
        self.agree(WITHOUT, SHORT_S)

    def test_a_transport_stream_without_rtp_is_measured_once(self):
        run = self.undisturbed(BARE, SHORT_S, "bare")
        self.assertEqual(run.told["RTP"], [])
        ts, = run.told["TS"]
        self.assertEqual(ts["TS_PACKETS"], (run.sent - run.lost) * TS_PER_RTP)
        self.assertEqual(ts["TS_CONTINUITY_ERRORS"], continuity_errors(run.capture, header=0))
        self.assertGreater(ts["TS_CONTINUITY_ERRORS"], run.lost // 2)


if __name__ == "__main__":
    unittest.main()
