# SPDX-License-Identifier: Apache-2.0
"""What unmodified players' instruments tell of media: codecs, delivery, fragments, renditions, buffer.

The truth is what encoder and manifests say, and the log of the server. The plugin is the one that
writes down what it tells.
"""
import json
import os
import pathlib
import re
import subprocess
import tempfile
import unittest

import ladder
import scenes
from heard import Heard
from lateness import replayed
from scenes import Scene, gst_launch

PLUGIN = pathlib.Path(os.environ["TALLY_LINUX"]) / "gstreamer_log"
PLAYBACK_VOD = 0
FILE, HLS, DASH, PROGRESSIVE = 0, 1, 2, 6
SWITCH_MS = 300    # within which a change of pictures is told
# Within which stored media agrees with the server's log less the position; hlsdemux has that run ahead
# of the media by some frames behind a change of renditions.
STORED_MS = 600
STORED_HLS_MS = 1200

LANES = 4          # players at a time
FAST = {"rates": [[0, 6000]]}
# The first fragments come fast enough for the best rendition, later ones only for the least.
FALLING = {"rates": [[0, 5000], [5, 700]]}

LADDERS = {
    "hls": Scene("hls", "hls/master-8.m3u8", gst_launch, False, FALLING),
    "hls3": Scene("hls3", "hls/master-8.m3u8", gst_launch, True, FALLING),
    "dash": Scene("dash", "dash/manifest-8.mpd", gst_launch, False, FALLING),
    "dash3": Scene("dash3", "dash/manifest-8.mpd", gst_launch, True, FAST),
}


def hear(scene, holder):
    """A run, and what it told."""
    run = scenes.play(scene, holder, PLUGIN,
                      lambda folder: {"TALLY_HOOK_LOG": folder / "hooks.jsonl"})
    return run, Heard(run.folder / "hooks.jsonl")


def probe(path, kind):
    out = subprocess.run(["ffprobe", "-v", "error", "-select_streams", f"{kind}:0", "-show_streams",
                          "-of", "json", str(path)], check=True, capture_output=True)
    return json.loads(out.stdout)["streams"][0]


def avc_name(path):
    """From the decoder's configuration in the file itself."""
    content = path.read_bytes()
    at = content.index(b"avcC") + 5
    return "avc1." + content[at:at + 3].hex()


def is_media(path):
    return path.endswith((".ts", ".m4s"))


def is_fetched(path):
    return is_media(path) or "init" in path


def rendition_of(path):
    """The declared bitrate of what a fragment of the video has in it; None for sound."""
    if path.endswith(".ts"):
        return int(re.search(r"/(\d+)k/", path)[1])
    number = int(re.search(r"/(\d+)-\d+\.m4s$", path)[1])
    return ladder.RENDITIONS[number].kbps if number < len(ladder.RENDITIONS) else None


def changes(values):
    return [value for at, value in enumerate(values) if at == 0 or value != values[at - 1]]


@replayed
class Media(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        ladder.make(scenes.MEDIA)
        holder = tempfile.TemporaryDirectory(prefix="gst-media-")
        cls.addClassCleanup(holder.cleanup)
        cls.holder = holder.name

    def assert_told(self, heard, **expected):
        found = {metric: heard.last(metric) for metric in expected}
        self.assertEqual(found, expected)
        self.assertEqual(heard.refused(), [])


class Files(Media):
    """One file each, as it is on the disk and as it comes from a server."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.mp4 = cls.make("film.mp4", "-c:v", "libx264", "-profile:v", "main", "-c:a", "aac",
                           "-movflags", "+faststart")

    @staticmethod
    def make(name, *arguments):
        path = scenes.MEDIA / "short" / name
        path.parent.mkdir(exist_ok=True)
        if not path.exists():
            ladder.ffmpeg("-f", "lavfi", "-i", "testsrc2=size=320x180:rate=30", "-f", "lavfi", "-i",
                          "sine=sample_rate=48000", "-t", 3, *arguments, path)
        return path

    def play_file(self, path, playbin3):
        folder = pathlib.Path(tempfile.mkdtemp(dir=self.holder))
        scene = Scene("file", "", lambda _, is_3: gst_launch(path.as_uri(), is_3), playbin3)
        scenes.play_once(scene, folder, PLUGIN, TALLY_HOOK_LOG=folder / "hooks.jsonl")
        return Heard(folder / "hooks.jsonl")

    def assert_picture(self, heard, path):
        video = probe(path, "v")
        over, under = map(int, video["r_frame_rate"].split("/"))
        self.assert_told(heard, FRAME_WIDTH=video["width"], FRAME_HEIGHT=video["height"],
                         FRAME_RATE=round(1000 * over / under))

    def both(self, play):
        """What a run with playbin and one with playbin3 give."""
        return scenes.side_by_side({is_3: lambda is_3=is_3: play(is_3) for is_3 in (False, True)},
                                   LANES)

    def test_media_names_h264_and_aac_of_an_mp4_file(self):
        for is_3, heard in self.both(lambda is_3: self.play_file(self.mp4, is_3)).items():
            with self.subTest(playbin3=is_3):
                self.assert_told(heard, VIDEO_CODEC=avc_name(self.mp4), AUDIO_CODEC="mp4a.40.2",
                                 CONTAINER="mp4", MIME_TYPE="video/mp4", DELIVERY=FILE,
                                 PLAYBACK_TYPE=PLAYBACK_VOD, PLAYBACK_TECH="avdec_h264")
                self.assert_picture(heard, self.mp4)
                self.assertEqual(heard.told("BUFFER_LENGTH"), [])

    def test_media_names_vp8_and_opus_of_a_matroska_file(self):
        film = self.make("film.mkv", "-c:v", "libvpx", "-b:v", "300k", "-c:a", "libopus")
        heard = self.play_file(film, False)
        self.assert_told(heard, VIDEO_CODEC="vp8", AUDIO_CODEC="opus", CONTAINER="matroska",
                         PLAYBACK_TECH="vp8dec")
        self.assert_picture(heard, film)

    def test_media_names_h264_and_mp3_of_a_transport_stream(self):
        film = self.make("film.ts", "-c:v", "libx264", "-profile:v", "high", "-c:a", "libmp3lame")
        heard = self.play_file(film, True)
        self.assert_told(heard, AUDIO_CODEC="mp4a.6B", CONTAINER="mpegts", MIME_TYPE="video/mp2t")
        # What constrains the profile is not in the caps of a byte stream that was never one of MP4.
        self.assertRegex(heard.last("VIDEO_CODEC"), r"^avc1\.6400")
        self.assert_picture(heard, film)

    def test_media_counts_the_bytes_of_a_progressive_download(self):
        scene = Scene("progressive", "short/film.mp4", gst_launch)
        runs = self.both(lambda is_3: hear(scene.within(playbin3=is_3), self.holder))
        for is_3, (run, heard) in runs.items():
            with self.subTest(playbin3=is_3):
                self.assert_told(heard, DELIVERY=PROGRESSIVE, PLAYBACK_TYPE=PLAYBACK_VOD,
                                 CDN_HOST="127.0.0.1", MIME_TYPE="video/mp4", CONTAINER="mp4")
                sent = sum(answer["bytes"] for answer in run.served.answers("film.mp4"))
                self.assertEqual(heard.sums()["DOWNLOAD_BYTES"], sent)
                self.assertEqual([value for _, value in heard.told("DELIVERY")], [PROGRESSIVE])


class Alone(Media):
    """Where something is not there: a fragment that ends playback, and a bus that is seen."""

    MISSING = {"rates": [[0, 1100]], "missing": ["/003.ts", "-003.m4s"]}
    LINE = ("playbin name=player uri={} video-sink=fakevideosink"
            ' audio-sink="fakesink name=sound sync=true"')

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        program = str(pathlib.Path(os.environ["TALLY_LINUX"]) / "plain_player")
        hidden = Scene("hidden", "hls/master-3.m3u8",
                       lambda url, _: [program, "-d", cls.LINE.format(url)], plan=FAST)
        scenes_of = {name: scene.within(plan=cls.MISSING) for name, scene in LADDERS.items()}
        cls.runs = scenes.side_by_side({name: lambda scene=scene: cls.play_once(scene)
                                        for name, scene in {**scenes_of, "hidden": hidden}.items()},
                                       LANES)

    @classmethod
    def play_once(cls, scene):
        folder = pathlib.Path(tempfile.mkdtemp(dir=cls.holder))
        run = scenes.play_once(scene, folder, PLUGIN, TALLY_HOOK_LOG=folder / "hooks.jsonl")
        answers = [answer for answer in run.served.answers() if is_fetched(answer["path"])]
        return answers, Heard(folder / "hooks.jsonl")

    def test_missing_fragments_are_counted_where_the_demuxer_shows_them(self):
        for name in ("hls", "dash"):
            with self.subTest(name):
                answers, heard = self.runs[name]
                missing = [answer["path"] for answer in answers if answer["status"] == 404]
                # What ends playback, of picture or sound, may not be seen to end any more.
                self.assertIn(len(missing) - heard.sums()["DOWNLOADS_FAILED"], (0, 1, 2))
                self.assertGreater(len(missing), 3)
                self.assertEqual(heard.sums()["DOWNLOADS"], len([
                    a for a in answers if a["status"] == 200 and is_media(a["path"])]))

    def test_missing_fragments_add_no_bytes(self):
        for name in LADDERS:
            with self.subTest(name):
                answers, heard = self.runs[name]
                sent = sum(answer["bytes"] for answer in answers if answer["status"] == 200)
                if name.endswith("3"):  # throws away what it has under way as it fails
                    self.assertLessEqual(heard.sums()["DOWNLOAD_BYTES"], sent)
                    self.assertGreater(heard.sums()["DOWNLOAD_BYTES"], 0)
                else:
                    self.assertEqual(heard.sums()["DOWNLOAD_BYTES"], sent)

    def test_hidden_bus_hides_no_media(self):
        answers, heard = self.runs["hidden"]
        self.assert_told(heard, DELIVERY=HLS, PLAYBACK_TYPE=PLAYBACK_VOD, CONTAINER="mpegts")
        self.assertEqual(heard.sums()["DOWNLOADS"], len(answers))
        self.assertEqual(heard.sums()["DOWNLOAD_BYTES"], sum(a["bytes"] for a in answers))
        self.assertEqual([kbps for _, kbps in heard.hooks("RENDITION")],
                         changes([rendition_of(a["path"]) for a in answers]))


class Ladders(Media):
    """One run for each demuxer of adaptive streaming."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.runs = scenes.side_by_side({name: lambda scene=scene: hear(scene, cls.holder)
                                        for name, scene in LADDERS.items()}, LANES)

    def each(self, check):
        for name, (run, heard) in self.runs.items():
            with self.subTest(name):
                check(name, run, heard)

    def test_ladders_say_how_and_from_where(self):
        def check(name, run, heard):
            is_dash = name.startswith("dash")
            self.assert_told(
                heard, DELIVERY=DASH if is_dash else HLS, PLAYBACK_TYPE=PLAYBACK_VOD, PROTECTION=0,
                CDN_HOST="127.0.0.1", CONTAINER="mp4" if is_dash else "mpegts",
                MIME_TYPE="application/dash+xml" if is_dash else "application/vnd.apple.mpegurl",
                AUDIO_CODEC="mp4a.40.2", PLAYBACK_TECH="avdec_h264")
            self.assertRegex(heard.last("VIDEO_CODEC"), r"^avc1\.[0-9a-f]{6}$")
            self.assertEqual(run.status, 0)
        self.each(check)

    def test_ladders_count_fragments_and_bytes_as_the_server_did(self):
        def check(_, run, heard):
            answers = [answer for answer in run.served.answers() if is_fetched(answer["path"])]
            fragments = [answer for answer in answers if is_media(answer["path"])]
            self.assertTrue(all(answer["is_whole"] for answer in answers))
            self.assertEqual(heard.sums()["DOWNLOADS"], len(fragments))
            self.assertEqual(heard.sums()["DOWNLOAD_BYTES"],
                             sum(answer["bytes"] for answer in answers))
            self.assertEqual(heard.sums()["DOWNLOADS_FAILED"], 0)
        self.each(check)

    def test_ladders_take_as_long_to_fetch_as_the_server_did(self):
        def check(_, run, heard):
            took = sum(answer["last_ms"] - answer["asked_ms"] for answer in run.served.answers()
                       if is_media(answer["path"]))
            self.assertAlmostEqual(heard.sums()["DOWNLOAD_TIME"] / took, 1, delta=0.25)
        self.each(check)

    def test_ladders_tell_renditions_in_the_order_of_their_fragments(self):
        def check(name, run, heard):
            fetched = [rendition_of(answer["path"]) for answer in run.served.answers()
                       if is_media(answer["path"])]
            shown = changes([kbps for kbps in fetched if kbps is not None])
            self.assertEqual([kbps for _, kbps in heard.hooks("RENDITION")], shown)
            if name != "dash3":
                self.assertGreater(len(shown), 1)
            last = next(r for r in ladder.RENDITIONS if r.kbps == shown[-1])
            self.assert_told(heard, RENDITION_WIDTH=last.width, RENDITION_HEIGHT=last.height,
                             FRAME_WIDTH=last.width, FRAME_HEIGHT=last.height)
        self.each(check)

    def test_ladders_tell_a_rendition_when_its_first_picture_is_on_screen(self):
        def check(_, run, heard):
            heights = changes([height for _, _, height in run.screen.sizes])
            told = heard.hooks("RENDITION")
            self.assertEqual(len(told), len(heights))
            for (at_ms, kbps), (size_ms, _, height) in zip(told, run.screen.sizes):
                self.assertEqual([kbps], [r.kbps for r in ladder.RENDITIONS if r.height == height])
                self.assertAlmostEqual(at_ms, size_ms, delta=SWITCH_MS)
        self.each(check)

    def stored(self, run, position_ms, now_ms):
        """(least, most) media ahead of the position by the server's log: whole fragments, and what of
        one was under way."""
        whole, begun = {}, {}
        for answer in run.served.answers():
            if not is_media(answer["path"]) or answer["asked_ms"] > now_ms:
                continue
            track = "sound" if rendition_of(answer["path"]) is None else "picture"
            begun[track] = begun.get(track, 0) + ladder.SEGMENT_S * 1000
            if answer["last_ms"] <= now_ms:
                whole[track] = whole.get(track, 0) + ladder.SEGMENT_S * 1000
        least = min(whole.get(track, 0) for track in begun) if begun else 0
        most = min(begun.values()) if begun else 0
        return least - position_ms, most - position_ms

    def test_ladders_know_how_much_media_is_stored(self):
        def check(name, run, heard):
            positions = dict(heard.told("POSITION"))
            short_by = []
            delta = STORED_HLS_MS if name == "hls" else STORED_MS
            for now_ms, stored_ms in heard.told("BUFFER_LENGTH"):
                near = [at for at in positions if abs(at - now_ms) < 50]
                if near and positions[near[0]] > 0:
                    least, most = self.stored(run, positions[near[0]], now_ms)
                    self.assertLessEqual(stored_ms, most + delta, (name, now_ms))
                    short_by.append(least - stored_ms)
            self.assertGreater(len(short_by), 6)
            # hlsdemux lets go of a rendition before the first fragment of the next one is seen.
            self.assertLessEqual(max(short_by), ladder.SEGMENT_S * 1000 + delta, name)
            self.assertGreater(sum(by <= delta for by in short_by), 0.8 * len(short_by), name)
        self.each(check)

    def test_ladders_measure_a_throughput_near_the_plan(self):
        def check(name, _, heard):
            if name.endswith("3"):  # an average over what it has fetched so far
                return
            self.assertLess(heard.last("BANDWIDTH"), 2 * FALLING["rates"][-1][1])
        self.each(check)


if __name__ == "__main__":
    unittest.main()
