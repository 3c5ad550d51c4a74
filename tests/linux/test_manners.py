# SPDX-License-Identifier: Apache-2.0
"""How tallyd starts, stops and reads its configuration anew, with players connected."""
import os
import signal
import socket
import stat
import sys
import time
import unittest

import box
from lateness import undisturbed
from player import Film, Player

# Runs a program with a socket as descriptor 3, as systemd does; the process id that goes with it
# is only known behind fork().
HAND_OVER = """\
import os, sys
os.dup2(int(sys.argv[1]), 3)
os.environ["LISTEN_PID"] = str(os.getpid())
os.execv(sys.argv[2], sys.argv[2:])
"""


class Socket(box.Box):
    def refusal(self, **settings):
        daemon = self.tallyd(awaits=False, **settings)
        self.assertEqual(daemon.wait(60), 1)
        return daemon.log.read_text()

    def test_permissions_are_as_configured_from_the_start(self):
        for mode in ("0666", "0600"):
            daemon = self.tallyd(socket_mode=mode)
            found = os.stat(daemon.socket).st_mode
            self.assertTrue(stat.S_ISSOCK(found))
            self.assertEqual(stat.S_IMODE(found), int(mode, 8))
            daemon.stop(signal.SIGKILL)

    def test_a_dead_tallyds_socket_is_replaced(self):
        daemon = self.tallyd()
        daemon.stop(signal.SIGKILL)
        self.assertTrue(os.path.exists(daemon.socket))
        Player(self.tallyd().socket).settle()

    def test_a_living_tallyds_socket_is_left_to_it(self):
        daemon = self.tallyd()
        told = self.refusal(spool=None, settings=None)
        line = f"{daemon.configuration}:8: socket: {daemon.socket}: in use by process {daemon.pid}\n"
        self.assertIn(line, told)
        Player(daemon.socket).settle()

    def test_a_file_that_is_no_socket_is_left_alone(self):
        path = self.folder / "tallyd.sock"
        path.write_text("mine")
        self.assertIn(f"socket: {path}: is there, and not a socket\n", self.refusal())
        self.assertEqual(path.read_text(), "mine")

    def test_a_socket_that_is_handed_over(self):
        path = self.folder / "handed.sock"
        with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as handed:
            handed.bind(str(path))
            handed.listen()
            early = Player(str(path))
            daemon = self.handed(handed)
            self.assertEqual(early.settle(), 0)
            self.assertEqual(daemon.reload(), "in force")
            daemon.signal(signal.SIGTERM)
            early.await_end()
            daemon.stop(signal.SIGKILL)
            self.assertTrue(path.exists())
            again = Player(str(path))
            self.handed(handed)
            self.assertEqual(again.settle(), 0)

    def handed(self, handed):
        """tallyd with this socket as descriptor 3."""
        number = handed.fileno()
        return self.tallyd(awaits=False, keep=(number,), environment={"LISTEN_FDS": "1"},
                           wrapper=[sys.executable, "-c", HAND_OVER, number])

    def test_what_is_handed_over_and_is_no_such_socket(self):
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as handed:
            handed.bind(str(self.folder / "handed.sock"))
            handed.listen()
            daemon = self.handed(handed)
            self.assertEqual(daemon.wait(60), 1)
        self.assertIn("handed over is not one Unix socket", daemon.log.read_text())


class Reload(box.Box):
    def setUp(self):
        super().setUp()
        self.start_collector()

    def boots(self):
        return len({boot for boot, _ in box.stored(self.store)})

    def test_what_can_change_in_place_does(self):
        daemon = self.tallyd(log="info")
        film = Film(self.player(daemon), 1)
        film.begin()
        film.player.settle()
        daemon.configure(log="debug", players=4, players_per_user=2, player_messages_per_s=500)
        self.assertEqual(daemon.reload(), "in force")
        self.player(daemon).settle()
        Player(daemon.socket, greets=False).await_end()
        daemon.await_lines("refused: more than `players_per_user`", 1)
        film.end()
        self.assertEqual(film.player.settle(), 0)
        self.await_records(x=1)
        self.assertEqual(self.boots(), 1)

    def test_a_mistake_leaves_all_as_it_was(self):
        daemon = self.tallyd()
        film = Film(self.player(daemon), 1)
        film.begin()
        film.player.settle()
        before = daemon.configuration.read_text()
        lines = len(before.splitlines())
        mistakes = {
            "colour = blue\n": f":{lines + 1}: colour: unknown key",
            "players = 0\n": f":{lines + 1}: players: out of range",
            "player_user = nobody-at-all\n": f":{lines + 1}: player_user: no such user",
            "config_key = no.pem\n":
                f":{lines + 1}: config_key: {self.folder}/no.pem: No such file or directory",
        }
        for mistake, complaint in mistakes.items():
            daemon.configuration.write_text(before + mistake)
            self.assertEqual(daemon.reload(), "refused, the one before stays")
            daemon.await_lines(f"{daemon.configuration}{complaint}", 1)
            film.snapshot()
            self.assertEqual(film.player.settle(), 0)
        daemon.configuration.write_text(before)
        self.assertEqual(daemon.reload(), "in force")
        film.end()
        self.assertEqual(film.player.settle(), 0)
        self.await_records(x=1)
        self.assertEqual(self.boots(), 1)

    def go_on(self, film, daemon):
        """The player's next connection, as SPEC.md asks: greeting, session, snapshot."""
        film.player.await_end()
        film.player = self.player(daemon)
        film.begin()
        film.snapshot()
        self.assertEqual(film.player.settle(), 0)

    def test_what_cannot_begins_the_agent_anew_and_sessions_go_on(self):
        daemon = self.tallyd()
        film = Film(self.player(daemon), 1)
        film.begin()
        film.snapshot(500)
        film.player.settle()
        daemon.configure(heartbeat_ms=2000, device_model="another")
        self.assertEqual(daemon.reload(), "in force, the agent began anew")
        self.go_on(film, daemon)
        film.end()
        self.assertEqual(film.player.settle(), 0)
        self.await_records(b=2, s=2, x=1)
        starts = [each["d"] for each in self.store.records("s")]
        self.assertEqual(starts, [film.dimensions()] * 2)
        self.assertEqual([each["p"]["pt"] for each in self.store.records("x")], [600])
        models = {each["b"].get("dm") for each in self.store.records("b")}
        self.assertIn("another", str(models))

    def test_another_socket_and_back_if_it_cannot_be_had(self):
        daemon = self.tallyd()
        film = Film(self.player(daemon), 1)
        film.begin()
        film.player.settle()
        (self.folder / "taken").write_text("mine")
        daemon.configure(socket=self.folder / "taken")
        self.assertEqual(daemon.reload(), "refused, the one before stays")
        daemon.await_line("taken: is there, and not a socket")
        self.go_on(film, daemon)
        daemon.configure(socket=self.folder / "other.sock")
        self.assertEqual(daemon.reload(), "in force, the agent began anew")
        self.assertFalse(os.path.exists(daemon.socket))
        daemon.socket = str(self.folder / "other.sock")
        self.go_on(film, daemon)

    def test_a_renewed_certificate_is_taken_without_a_change_of_the_file(self):
        daemon = self.tallyd()
        self.await_records(b=1)
        os.utime(self.certs / "device.pem")
        self.assertEqual(daemon.reload(), "in force, the agent began anew")
        self.assertEqual(daemon.reload(), "in force")
        self.await_records(b=2)


class Stop(box.Box):
    def test_what_players_have_sent_is_taken_and_told(self):
        self.start_collector()
        daemon = self.tallyd()
        one = self.player(daemon)
        one.settle()
        daemon.signal(signal.SIGSTOP)
        for number in range(1, 11):
            film = Film(one, number)
            film.begin()
            film.end()
        daemon.signal(signal.SIGTERM)
        daemon.signal(signal.SIGCONT)
        self.assertEqual(one.settle(), 0)
        one.await_end()
        self.assertEqual(daemon.wait(60), 0)
        self.assertEqual(len(self.store.records("x")), 10)

    @undisturbed
    def test_without_a_server_it_keeps_its_deadline(self):
        daemon = self.tallyd()
        self.player(daemon).settle()
        begin_s = time.monotonic()
        self.assertEqual(daemon.stop(), 0)
        self.assertLess(time.monotonic() - begin_s, 8)
        self.assertFalse(os.path.exists(daemon.socket))
        daemon.await_line("records wait in the spool")


class Notify(box.Box):
    def setUp(self):
        super().setUp()
        self.told = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.addCleanup(self.told.close)
        self.told.bind(str(self.folder / "notify"))
        self.told.settimeout(60)

    def hear(self):
        return self.told.recv(4096).decode().splitlines()

    def start(self, name, **more):
        return self.tallyd(environment={"NOTIFY_SOCKET": name, **more})

    def test_ready_reloading_and_stopping(self):
        daemon = self.start(str(self.folder / "notify"))
        self.assertEqual(self.hear()[0], "READY=1")
        before_us = time.clock_gettime_ns(time.CLOCK_MONOTONIC) // 1000
        daemon.reload()
        reloading, clock = self.hear()
        name, _, clock_us = clock.partition("=")
        self.assertEqual((reloading, name), ("RELOADING=1", "MONOTONIC_USEC"))
        self.assertLess(before_us, int(clock_us))
        self.assertLess(int(clock_us), time.clock_gettime_ns(time.CLOCK_MONOTONIC) // 1000)
        self.assertEqual(self.hear()[0], "READY=1")
        daemon.configure(more="colour = blue\n")
        daemon.reload()
        self.assertEqual(self.hear()[0], "RELOADING=1")
        self.assertEqual(self.hear(), ["READY=1", "STATUS=configuration refused, see the log"])
        daemon.signal(signal.SIGTERM)
        self.assertEqual(self.hear()[0], "STOPPING=1")

    @undisturbed
    def test_signs_of_life_twice_as_often_as_asked_for(self):
        daemon = self.start(str(self.folder / "notify"), WATCHDOG_USEC="400000")
        self.assertEqual(self.hear()[0], "READY=1")
        times = []
        for _ in range(8):
            self.assertEqual(self.hear(), ["WATCHDOG=1"])
            times.append(time.monotonic())
        self.assertGreater(times[-1] - times[0], 6 * 0.2)
        self.assertLess(times[-1] - times[0], 10 * 0.2)
        daemon.signal(signal.SIGSTOP)
        self.told.settimeout(1)
        with self.assertRaises(TimeoutError):
            while True:
                self.hear()

    @undisturbed
    def test_none_for_another_process(self):
        self.start(str(self.folder / "notify"), WATCHDOG_USEC="100000", WATCHDOG_PID="1")
        self.assertEqual(self.hear()[0], "READY=1")
        self.told.settimeout(0.5)
        with self.assertRaises(TimeoutError):
            self.hear()


if __name__ == "__main__":
    unittest.main()
