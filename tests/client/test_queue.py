# SPDX-License-Identifier: Apache-2.0
"""What waits for a daemon that is slow, absent or dies at any moment.

These players are built with a limit for events that lets floods through (CMakeLists.txt).
"""
import os
import random
import signal
import unittest

import case
import daemon
from case import codes

ROOM = 65536  # TALLY_CLIENT_QUEUE_BYTES
LAST = 1499   # of so many events that they need more


def summed(messages, key):
    """What all sums of group a told of a loss."""
    return sum(r.get("a", {}).get(key, 0) for m in messages for r in m if r["k"] == "a")


class Slow(case.Case):

    def opened(self, **options):
        return super().opened(program="TALLY_LOUD_TALKER", **options)

    def test_hooks_return_while_the_daemon_stands_still(self):
        """A whole flood is told before the daemon, stopped by a signal, reads a byte."""
        keeper = os.fork()
        if keeper == 0:
            daemon.Dutiful(self.host()).join()
        try:
            daemon.until(lambda: os.path.exists(self.socket))
            talker = self.opened()
            daemon.until(lambda: talker("stats")["is_connected"])
            film = self.playing(talker)
            os.kill(keeper, signal.SIGSTOP)
            refused = talker("flood", film, 100_000)["refused"]
            self.assertGreater(refused, 0)  # the ring is smaller than the flood
            os.kill(keeper, signal.SIGCONT)
            daemon.until(lambda: talker("stats")["waiting"] == 0)
        finally:
            os.kill(keeper, signal.SIGKILL)
            os.waitpid(keeper, 0)

    def test_losses_that_were_counted_are_the_losses_that_were_told(self):
        host = self.host()
        talker = self.opened()
        film = self.playing(talker)
        connection = self.greeted(host)  # and is not read from until the flood is over
        refused = talker("flood", film, 100_000)["refused"]
        daemon.until(talker.is_asleep)
        trailer = self.playing(talker)
        refused += talker("pour", trailer, LAST)["refused"]
        daemon.until(lambda: talker("stats")["dropped"] > 0)
        heard = []

        def is_told():
            while connection.has_more():
                heard.append(connection.receive())
                connection.answer()
            return summed(heard, "ao") >= talker("stats")["dropped"]

        daemon.until(is_told, "the losses")
        self.assertEqual(summed(heard, "ae"), refused)
        self.assertEqual(summed(heard, "ao"), talker("stats")["dropped"])
        for session in (film, trailer):
            told = codes(m for m in heard if m[0].get("s") == session)
            self.assertEqual(told, sorted(set(told)))

    def test_no_more_waits_than_there_is_room_for_and_the_oldest_goes(self):
        talker = self.opened()
        film = self.playing(talker)
        talker("pour", film, LAST + 1)
        daemon.until(lambda: talker("stats")["dropped"] > 0)
        connection = self.greeted(self.host())
        heard = []
        while codes(heard)[-1:] != [LAST]:
            connection.hear(heard, lambda h, most=len(heard): len(h) > most)
            connection.answer()
        kept = codes(heard)
        self.assertEqual(kept, list(range(kept[0], LAST + 1)))
        self.assertGreater(kept[0], 0)
        self.assertLess(sum(map(len, connection.messages[2:])), ROOM + 8192)

    def test_a_daemon_that_answers_late_is_told_nothing_twice(self):
        host = self.host()
        talker = self.opened()
        film = self.playing(talker)
        connection = self.greeted(host)
        talker("pour", film, 200)
        heard = []
        connection.hear(heard, lambda h: codes(h)[-1:] == [199])
        self.assertEqual(codes(heard), list(range(200)))
        self.assertGreaterEqual(talker("stats")["waiting"], 200)
        self.assertFalse([m for m in self.rest(connection) if m[0]["k"] == "e"])
        connection.answer(100)
        waiting = daemon.until(lambda: 0 < talker("stats")["waiting"] <= 120)
        self.assertTrue(waiting)
        connection.settle(talker)

    @staticmethod
    def rest(connection):
        heard = []
        while connection.has_more(1.2):
            heard.append(connection.receive())
            if len(heard) > 3:
                break
        return heard

    def test_half_of_the_room_is_sent_ahead_of_answers(self):
        host = self.host()
        talker = self.opened()
        film = self.playing(talker)
        connection = self.greeted(host)
        talker("pour", film, 1000)
        heard = []
        while connection.has_more(0.5):
            heard.append(connection.receive())
        events = [raw for raw, m in zip(connection.messages[1:], heard) if m[0]["k"] == "e"]
        self.assertLess(sum(map(len, events)), ROOM // 2)
        self.assertGreater(sum(len(e) + 12 for e in events), ROOM // 2 - 2048)


class Ledger:
    """What the daemon acknowledged, and what it saw of each event."""

    def __init__(self):
        self.acknowledged = set()
        self.seen = set()
        self.unanswered = []

    def take(self, case_, message):
        for code in codes([message]):
            case_.assertNotIn(code, self.acknowledged, "acknowledged, and sent again")
            self.seen.add(code)
            self.unanswered.append(code)

    def answer(self):
        self.acknowledged.update(self.unanswered)
        self.unanswered = []


class Mortal(case.Case):

    def test_daemons_that_die_at_any_moment_lose_nothing_and_hear_nothing_twice(self):
        seed = int(os.environ.get("TALLY_SEED", random.randrange(1 << 32)))
        print(f"TALLY_SEED={seed}", flush=True)
        dice = random.Random(seed)
        host = self.host()
        talker = self.opened(program="TALLY_LOUD_TALKER")
        film = self.playing(talker)
        ledger = Ledger()
        told = 0
        for _ in range(25):
            connection = self.greeted(host)
            for _ in range(dice.randrange(30)):
                if dice.random() < 0.4:
                    talker("event", film, "custom", told)
                    told += 1
                if connection.has_more(0.01):
                    ledger.take(self, connection.receive())
                if dice.random() < 0.3:
                    connection.answer()
                    ledger.answer()
            # Answers that the player has not read yet are read ahead of the end.
            connection.hang_up()
            ledger.unanswered = []
        connection = self.greeted(host)
        while talker("stats")["waiting"] > 0 or connection.has_more(0.1):
            while connection.has_more(0.1):
                ledger.take(self, connection.receive())
            connection.answer()
            ledger.answer()
        self.assertEqual(ledger.acknowledged, set(range(told)))
        self.assertEqual(talker("stats")["dropped"], 0)


if __name__ == "__main__":
    unittest.main()
