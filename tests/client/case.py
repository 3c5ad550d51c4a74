# SPDX-License-Identifier: Apache-2.0
"""What the tests of libtally-client have in common."""
import os
import pathlib
import sys
import tempfile
import unittest

import daemon

sys.path.append(str(pathlib.Path(__file__).resolve().parents[1] / "lanes"))

USER = 1     # enum tally_stop
CUSTOM = 22  # enum tally_event_type


class Case(unittest.TestCase):

    def setUp(self):
        scratch = tempfile.TemporaryDirectory()
        self.addCleanup(scratch.cleanup)
        self.socket = os.path.join(scratch.name, "tallyd.sock")

    def host(self):
        """A daemon that is there from now on."""
        host = daemon.Daemon(self.socket)
        self.addCleanup(lambda: host.listener.fileno() < 0 or host.go())
        return host

    def dutiful(self):
        thread = daemon.Dutiful(self.host())
        self.addCleanup(thread.stop)
        return thread

    def talker(self, program="TALLY_TALKER", wrapper=(), **environment):
        """A player with its client open."""
        talker = daemon.Talker(os.environ[program], wrapper, **environment)
        self.addCleanup(talker.clear)
        return talker

    def opened(self, **options):
        talker = self.talker(**options)
        self.assertEqual(talker("begin", self.socket)["open"], 1)
        return talker

    def playing(self, talker):
        """The number of a session that plays."""
        session = talker("open")["session"]
        talker("title", session, "Alps")
        talker("event", session, "play", 0)
        talker("event", session, "first_frame", 0)
        return session

    def greeted(self, host):
        connection = host.accept()
        greeting = connection.receive()
        self.assertEqual([r["k"] for r in greeting], ["p"])
        return connection


def kinds(messages, without="hva"):
    """The letters of all messages but of those that come by themselves."""
    return "".join(m[0]["k"] for m in messages if m[0]["k"] not in without)


def codes(messages):
    """The codes of all custom events, in order."""
    return [m[0]["e"]["ec"] for m in messages if m[0]["k"] == "e" and m[0]["e"]["et"] == CUSTOM]
