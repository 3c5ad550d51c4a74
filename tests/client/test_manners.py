# SPDX-License-Identifier: Apache-2.0
"""How the library behaves in somebody else's process."""
import os
import re
import socket
import time
import unittest

import case
import daemon
from case import USER, kinds
from lateness import undisturbed


def status_of(task):
    with open(f"{task}/status", encoding="utf-8") as status:
        return dict(re.findall(r"^(\w+):\s*(.*)$", status.read(), re.MULTILINE))


def switches(task):
    """How often the thread has gone to sleep: once for each time it woke."""
    return int(status_of(task)["voluntary_ctxt_switches"])


class Thread(case.Case):

    def test_it_has_a_name_no_signals_and_not_the_openers_policy(self):
        talker = self.opened(wrapper=("chrt", "-i", "0"))
        task = daemon.until(lambda: talker.task("tally"))
        self.assertEqual(int(status_of(task)["SigBlk"], 16) | 1 << 8 | 1 << 18 | 3 << 31,
                         (1 << 64) - 1)  # but for SIGKILL, SIGSTOP and the C library's own two
        with open(f"{task}/stat", encoding="utf-8") as stat:
            policy = stat.read().rsplit(")", 1)[1].split()[38]
        self.assertEqual(policy, "3")  # SCHED_BATCH, whatever the application's is

    def test_the_applications_signals_are_its_own(self):
        talker = self.opened()
        host = self.host()
        film = self.playing(talker)
        host.accept().hang_up()  # messages are on their way to nobody
        talker("event", film, "custom", 1)
        me = talker("self")
        self.assertEqual((me["blocked"], me["pipe_is_default"]), (0, 1))

    def test_it_wakes_when_there_is_something_to_do_and_at_no_other_time(self):
        self.dutiful()
        idle = self.opened()
        idle("event", self.playing(idle), "close", USER)
        lonely = self.talker()
        lonely("begin", self.socket + "-of-nobody")
        playing = self.opened()
        self.playing(playing)
        daemon.until(lambda: idle("stats")["waiting"] == 0)
        time.sleep(1.2)  # the sums
        players = (idle, lonely, playing)
        before = [switches(p.task("tally")) for p in players]
        time.sleep(3)
        woken = [switches(p.task("tally")) - b for p, b in zip(players, before)]
        self.assertEqual(woken[:2], [0, 0])
        # A snapshot each second, and not more than two other wakes for each.
        self.assertIn(woken[2], range(2, 10))

    def test_it_says_nothing_unless_it_is_asked_to(self):
        host = self.host()
        quiet = self.opened()
        self.playing(quiet)
        host.accept().hang_up()
        time.sleep(0.2)
        quiet("end")
        self.assertEqual(quiet.said(), "")
        loud = self.opened(TALLY_LOG="info")
        daemon.until(lambda: "tally: info: connected to the daemon" in loud.said())


class End(case.Case):

    def test_what_is_told_right_before_the_end_arrives(self):
        thread = self.dutiful()
        talker = self.opened()
        film = self.playing(talker)
        talker("event", film, "close", USER)
        talker("end")
        daemon.until(lambda: kinds(thread.heard)[:1] == "p" and "x" in kinds(thread.heard))

    def test_the_only_session_may_be_told_right_before_the_end(self):
        thread = self.dutiful()
        talker = self.opened()
        daemon.until(lambda: thread.host.connections)
        thread.host.connections[0].end.shutdown(socket.SHUT_RDWR)
        daemon.until(lambda: not talker("stats")["is_connected"])
        talker("event", self.playing(talker), "close", USER)
        talker("end")
        daemon.until(lambda: "x" in kinds(thread.heard))

    def test_nothing_is_left_of_a_client_that_was_closed(self):
        self.dutiful()
        talker = self.talker()
        talker("self")  # it runs
        before = talker.descriptors()
        talker("begin", self.socket)
        self.playing(talker)
        daemon.until(lambda: talker.task("tally"))
        talker("end")
        self.assertIsNone(talker.task("tally"))
        self.assertEqual(talker.descriptors(), before)

    def test_three_hundred_clients_one_after_the_other_leave_nothing(self):
        self.dutiful()
        talker = self.talker(TALLY_SOCKET=self.socket)
        talker("cycle", 1)
        before = talker.descriptors()
        talker("cycle", 300)
        self.assertEqual(talker.descriptors(), before)
        self.assertEqual(len(os.listdir(f"/proc/{talker.process.pid}/task")), 1)
        self.assertEqual(talker.quit(), 0)  # the sanitizer has looked for leaks
        self.assertEqual(talker.said(), "")

    @undisturbed
    def test_a_daemon_that_does_not_answer_is_waited_for_half_a_second(self):
        host = self.host()
        talker = self.opened()
        self.playing(talker)
        connection = self.greeted(host)
        took_s = talker("end")["us"] / 1e6
        self.assertGreater(took_s, 0.45)
        self.assertLess(took_s, 5)
        self.assertTrue(connection.is_hung_up())

    @undisturbed
    def test_a_daemon_that_is_not_there_is_not_waited_for(self):
        talker = self.opened()
        self.playing(talker)
        self.assertLess(min(self.end_and_begin(talker) for _ in range(3)), 0.4)

    def end_and_begin(self, talker):
        took_s = talker("end")["us"] / 1e6
        talker("begin", self.socket)
        self.playing(talker)
        return took_s

    def test_a_session_that_is_open_at_the_end_is_not_ended(self):
        thread = self.dutiful()
        talker = self.opened()
        self.playing(talker)
        talker("end")
        daemon.until(lambda: not thread.host.connections)
        self.assertIn("s", kinds(thread.heard))
        self.assertNotIn("x", kinds(thread.heard))


class Neighbours(case.Case):

    def test_a_child_of_fork_tells_nothing_and_disturbs_nothing(self):
        for command in ("fork", "fork-end"):
            with self.subTest(command):
                thread = self.dutiful()
                talker = self.opened()
                film = self.playing(talker)
                for _ in range(20):
                    self.assertEqual(talker(command)["child"], 0)
                talker("event", film, "custom", 7)
                talker("event", film, "close", USER)
                talker("end")
                daemon.until(lambda: "x" in kinds(thread.heard))
                self.assertEqual(kinds(thread.heard).count("p"), 1)
                self.assertEqual(kinds(thread.heard).count("s"), 1)
                self.assertNotIn(b"of a child", repr(thread.heard).encode())
                self.assertEqual(case.codes(thread.heard)[-1], 7)
                thread.stop()
                thread.host.go()

    def test_descriptors_that_are_closed_behind_its_back_end_the_thread(self):
        talker = self.opened()
        film = self.playing(talker)
        daemon.until(lambda: talker.task("tally"))
        self.assertEqual(talker("close-all")["status"], 0)
        daemon.until(lambda: not talker.task("tally"))
        talker("flood", film, 1000)
        talker("end")

    def test_two_clients_of_one_process_do_not_meet(self):
        thread = self.dutiful()
        talker = self.opened()
        film = self.playing(talker)
        talker("second", self.socket)
        talker("event", film, "custom", 7)
        talker("event", film, "close", USER)
        talker("end")
        daemon.until(lambda: kinds(thread.heard).count("x") == 1)
        self.assertEqual(kinds(thread.heard).count("p"), 2)
        titles = [m[0]["d"]["ct"] for m in thread.heard if m[0]["k"] == "s"]
        self.assertEqual(sorted(titles), ["Alps", "second"])


class Measured(case.Case):

    def test_streams_are_told_with_the_snapshots_and_once_more_when_detached(self):
        host = self.host()
        talker = self.opened()
        connection = self.greeted(host)
        film = self.playing(talker)
        self.assertEqual(talker("frames", film)["status"], 0)
        talker("render", 50)
        snapshot = connection.until("h", film)[-1]
        while [r["k"] for r in snapshot] != ["h", "f"]:
            snapshot = connection.until("h", film)[-1]
        talker("render", 25)
        self.assertEqual(talker("detach")["status"], 0)
        (last,) = connection.until("f", film)[-1]
        self.assertEqual(last["f"]["fr"], 75)

    def test_a_track_is_given_back(self):
        self.dutiful()
        talker = self.opened()
        film = self.playing(talker)
        self.assertEqual(talker("webrtc", film)["status"], 0)
        talker("unwebrtc")  # returns
        self.assertEqual(talker("title", film, "still here")["status"], 0)

    def test_figures_and_sessions_can_be_asked_for(self):
        talker = self.opened()
        film = self.playing(talker)
        daemon.until(lambda: talker("sessions")["count"] == 1)
        daemon.until(lambda: talker("play_time", film).get("value", 0) > 0)
        self.assertLess(talker("play_time", film + 1)["status"], 0)


if __name__ == "__main__":
    unittest.main()
