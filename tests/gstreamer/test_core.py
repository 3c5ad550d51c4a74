# SPDX-License-Identifier: Apache-2.0
"""What the plugin tells of unmodified players: gst-launch-1.0, gst-play-1.0, and an application that
keeps its bus messages for itself."""
import os
import pathlib
import tempfile
import unittest

from hooks import LINUX, Run, each_undisturbed, make_film, seen

FILM_MS = 3000
NEAR_MS = 150  # beside what the application itself says it did
USER, COMPLETED, ERROR, SHUTDOWN = 1, 0, 2, 4
CLASS_STREAM, CLASS_MEDIA = 2, 3
PLAIN = LINUX / "plain_player"
LIVE = ("videotestsrc is-live=true ! video/x-raw,width=320,height=180,framerate=25/1 ! "
        "valve name=valve ! fakevideosink")


class Core(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory()
        cls.film = pathlib.Path(cls.folder.name) / "film.mp4"
        make_film(cls.film, FILM_MS / 1000)
        cls.uri = cls.film.as_uri()
        cls.parse = (f"filesrc location={cls.film} ! decodebin name=d "
                     "d. ! queue ! videoconvert ! fakevideosink "
                     "d. ! queue ! audioconvert ! fakeaudiosink")

    @classmethod
    def tearDownClass(cls):
        cls.folder.cleanup()

    def near(self, one, other, within=NEAR_MS):
        self.assertLessEqual(abs(one - other), within, (one, other))

    def launch(self, *what):
        return ["gst-launch-1.0", "-q", *what]

    def playbin(self, which="playbin"):
        return self.launch(which, f"uri={self.uri}", "video-sink=fakevideosink",
                           "audio-sink=fakeaudiosink")


@each_undisturbed
class Playing(Core):
    def test_a_film_from_begin_to_end(self):
        for which in ("playbin", "playbin3"):
            with Run() as run:
                run.play(*self.playbin(which))
                self.assertEqual(run.hooks(), ["SOURCE", "PLAY", "PLAYING", "FIRST_FRAME", "END",
                                               "CLOSE"])
                self.assertEqual(run.one("CLOSE")["code"], COMPLETED)
                self.near(run.at("END") - run.at("FIRST_FRAME"), FILM_MS)
                self.assertEqual(run.refused(), [])
                frames, = run.frames()
                self.assertEqual(frames["FRAMES_RENDERED"] + frames["FRAMES_DROPPED"], 75)
                self.assertEqual((frames["FRAME_WIDTH_NOW"], frames["FRAME_HEIGHT_NOW"]),
                                 (320, 180))
                self.near(run.numbers("MEDIA_DURATION")[-1], FILM_MS, 60)
                self.assertEqual(run.numbers("POSITION"), sorted(run.numbers("POSITION")))

    def test_what_plays_and_with_what(self):
        with Run() as run:
            run.play(*self.playbin())
            texts = run.texts()
            self.assertEqual(texts["SOURCE"], self.uri)
            self.assertEqual(texts["PLAYER_NAME"], "GStreamer")
            self.assertRegex(texts["PLAYER_VERSION"], r"^1\.\d+\.\d+$")
            self.assertEqual(texts["APPLICATION"], "gst-launch-1.0")
            self.assertEqual((run.numbers("VOLUME"), run.numbers("MUTED")), ([100], [0]))

    def test_parameters_of_the_tracer(self):
        with Run("tally(socket=/nowhere/at/all,application=launcher)") as run:
            run.play(*self.playbin())
            self.assertEqual(run.texts()["APPLICATION"], "launcher")
            self.assertEqual(run.lines[0]["socket"], "/nowhere/at/all")

    def test_pause_and_resume_are_the_viewers(self):
        with Run() as run:
            run.press([(" ", seen("FIRST_FRAME", after_ms=500)), (" ", seen("PAUSE", after_ms=500)),
                       ("q", seen("RESUME", after_ms=300))], self.film)
            self.assertEqual(run.hooks(), ["SOURCE", "PLAY", "PLAYING", "FIRST_FRAME", "PAUSE",
                                           "RESUME", "CLOSE"])
            self.near(run.at("PAUSE"), run.pressed[0])
            self.near(run.at("RESUME"), run.pressed[1])
            self.near(run.at("CLOSE"), run.pressed[2])
            self.assertEqual(run.one("CLOSE")["code"], USER)

    def test_seek_is_one_seek_and_no_stall(self):
        with Run() as run:
            run.press([("\x1b[D", seen("FIRST_FRAME", after_ms=700)),
                       ("q", seen("SEEK_END", after_ms=500))], self.film)
            self.assertEqual(run.hooks(), ["SOURCE", "PLAY", "PLAYING", "FIRST_FRAME",
                                           "SEEK_BEGIN", "SEEK_END", "CLOSE"])
            self.near(run.at("SEEK_BEGIN"), run.pressed[0])

    def test_seek_in_a_pause_ends_with_the_frame_that_waits(self):
        with Run() as run:
            run.press([(" ", seen("FIRST_FRAME", after_ms=500)), ("\x1b[D", seen("PAUSE")),
                       (" ", seen("SEEK_END", after_ms=300)), ("q", seen("RESUME"))], self.film)
            self.assertEqual(run.hooks()[4:], ["PAUSE", "SEEK_BEGIN", "SEEK_END", "RESUME",
                                               "CLOSE"])

    def test_next_of_a_list_is_another_session(self):
        with Run() as run:
            second = self.film.with_name("second.mp4")
            second.write_bytes(self.film.read_bytes())
            run.press([("q", seen("FIRST_FRAME", 2, 300))], "--gapless", "--use-playbin3", self.film, second)
            self.assertEqual([line["kind"] for line in run.sessions()], ["playback"] * 2)
            first, then = (run.told(line["session"]) for line in run.sessions())
            self.assertEqual(first[-1]["code"], COMPLETED)
            self.near(first[-1]["at"], then[0]["at"])
            self.assertEqual(run.texts()["SOURCE"], second.as_uri())

    def test_leaving_without_a_word_is_a_shutdown(self):
        with Run() as run:
            run.play(PLAIN, self.parse, "1:exit")
            self.assertEqual(run.one("CLOSE")["code"], SHUTDOWN)
            self.assertEqual(run.lines[-1]["call"], "client_close")


@each_undisturbed
class Failing(Core):
    def fails(self, uri):
        run = Run()
        self.addCleanup(run.folder.cleanup)
        run.play("gst-launch-1.0", "-q", "playbin", f"uri={uri}", "video-sink=fakevideosink",
                 "audio-sink=fakeaudiosink")
        self.assertEqual(run.hooks(), ["SOURCE", "PLAY", "FATAL", "CLOSE"])
        self.assertEqual(run.one("CLOSE")["code"], ERROR)
        return run

    def test_a_film_that_is_not_there(self):
        run = self.fails("file:///nowhere/at/all.mp4")
        self.assertEqual((run.one("FATAL")["code"], run.one("FATAL")["detail"]),
                         (3003, CLASS_STREAM))
        self.assertIn("not", run.texts()["ERROR_TEXT"])

    def test_a_file_that_is_no_film(self):
        noise = self.film.with_name("noise.mp4")
        noise.write_bytes(os.urandom(4096))
        run = self.fails(noise.as_uri())
        self.assertEqual(run.one("FATAL")["detail"], CLASS_MEDIA)

    def test_secrets_in_the_address_are_not_told(self):
        run = self.fails("http://user:secret@127.0.0.1:9/film.mp4?token=secret#secret")
        self.assertEqual(run.texts()["SOURCE"], "http://127.0.0.1:9/film.mp4")
        self.assertNotIn("secret", run.texts().get("ERROR_TEXT", ""))


@each_undisturbed
class Hidden(Core):
    """The application's own sync handler drops each message."""

    def test_play_pause_and_end(self):
        with Run() as run:
            run.play(PLAIN, "-d", self.parse, "1:pause", "1.5:play")
            self.assertEqual(run.hooks(), ["SOURCE", "PLAY", "PLAYING", "FIRST_FRAME", "PAUSE",
                                           "RESUME", "END", "CLOSE"])
            did = {what: ms for ms, what in run.account()}
            begin, pause = run.account()[0][0], did["pause"]
            self.near(run.at("PLAY"), begin)
            self.near(run.at("PAUSE"), pause)
            self.near(run.at("RESUME"), did["play"])
            self.near(run.at("END"), did["eos"])
            self.assertEqual(run.one("CLOSE")["code"], COMPLETED)

    def test_seek(self):
        with Run() as run:
            run.play(PLAIN, "-d", self.parse, "1:seek", "2:quit")
            self.assertEqual(run.hooks()[4:], ["SEEK_BEGIN", "SEEK_END", "CLOSE"])
            self.assertEqual(run.one("CLOSE")["code"], USER)


@each_undisturbed
class Starving(Core):
    def test_starvation_without_any_message_is_a_stall(self):
        with Run() as run:
            run.play(PLAIN, LIVE, "1:hold", "2.5:flow", "3.5:quit")
            self.assertEqual(run.hooks()[4:], ["BUFFERING_BEGIN", "BUFFERING_END", "CLOSE"])
            did = {what: ms for ms, what in run.account()}
            self.near(run.at("BUFFERING_BEGIN"), did["hold"])
            self.near(run.at("BUFFERING_END"), did["flow"])

    def test_a_short_gap_is_none(self):
        with Run() as run:
            run.play(PLAIN, LIVE, "1:hold", "1.08:flow", "2:quit")
            self.assertEqual(run.hooks()[4:], ["CLOSE"])


@each_undisturbed
class Apart(Core):
    """What is no playback, and who is left alone."""

    def nothing(self, *command):
        with Run() as run:
            run.play(*command)
            self.assertEqual(run.sessions(), [])
            return run

    def test_a_transcoder_is_not_playback(self):
        self.nothing(*self.launch("filesrc", f"location={self.film}", "!", "qtdemux", "!",
                                  "h264parse", "!", "matroskamux", "!", "filesink",
                                  f"location={self.film}.mkv"))

    def test_a_test_sink_that_runs_free_is_not_playback(self):
        self.nothing(*self.launch("videotestsrc", "num-buffers=50", "!", "fakesink"))

    def test_a_sink_that_keeps_to_the_clock_is(self):
        with Run() as run:
            run.play(*self.launch("videotestsrc", "num-buffers=25", "!", "fakesink", "sync=true"))
            self.assertEqual(run.hooks()[-2:], ["END", "CLOSE"])

    def test_looking_at_plugins_opens_nothing(self):
        for command in (["gst-inspect-1.0", "playbin"], ["gst-inspect-1.0", "tally"]):
            self.assertEqual(self.nothing(*command).lines, [])

    def test_one_call_takes_the_place_of_the_tracer(self):
        with Run("") as run:
            run.play(PLAIN, "-a", LINUX / "gstreamer_log/libgsttally.so", self.parse, "1:quit")
            self.assertEqual(run.hooks()[-1], "CLOSE")
            self.assertEqual(len(run.sessions()), 1)

    def test_a_player_inside_another_pipeline_is_one_player(self):
        with Run() as run:
            run.play(PLAIN, f"playbin uri={self.uri} video-sink=fakevideosink "
                            "audio-sink=fakeaudiosink videotestsrc num-buffers=1 ! fakesink",
                     "1:quit")
            self.assertEqual(len(run.sessions()), 1)


@each_undisturbed
class Again(Core):
    def test_sessions_come_and_go_and_nothing_is_left(self):
        cycles = [f"{0.3 * i:.1f}:{what}" for i in range(1, 9)
                  for what in (["ready", "play"] if i % 2 else ["null", "play"])]

        def alive(tracers):
            with Run(tracers) as run:
                run.env.update(GST_DEBUG="GST_TRACER:7", GST_DEBUG_NO_COLOR="1")
                run.play(PLAIN, LIVE, *cycles, "2.8:quit")
                return run, [line for line in run.output.splitlines() if ":: object-alive, " in line]
        run, objects = alive("tally;leaks")
        self.assertEqual(len(run.sessions()), 9)
        self.assertEqual(run.hooks().count("CLOSE"), 9)
        self.assertEqual((objects, alive("leaks")[1]), ([], []))


if __name__ == "__main__":
    unittest.main()
