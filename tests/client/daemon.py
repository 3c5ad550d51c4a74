# SPDX-License-Identifier: Apache-2.0
"""A daemon that does what a test says, and a player (talker.c) that does too.

What players send is decoded by cbor2, which shares nothing with tally.
"""
import io
import json
import os
import select
import socket
import subprocess
import tempfile
import threading
import time

import cbor2

PATIENCE_S = 60  # this machine stands still now and then
SNAPSHOT = "h"


class Gone(Exception):
    """The player has hung up."""


class Late(Exception):
    """What was waited for did not come."""


def records(message):
    """The records of a message, a CBOR sequence."""
    stream = io.BytesIO(message)
    found = []
    while stream.tell() < len(message):
        found.append(cbor2.load(stream))
    return found


def now_ms():
    return time.clock_gettime_ns(time.CLOCK_BOOTTIME) // 1_000_000


def until(condition, what="a condition"):
    """The first value of `condition` that is true."""
    end = time.monotonic() + PATIENCE_S
    while time.monotonic() < end:
        value = condition()
        if value:
            return value
        time.sleep(0.005)
    raise Late(what)


class Connection:
    """One player, as its daemon sees it."""

    def __init__(self, end):
        self.end = end
        self.taken = 0
        self.messages = []  # the raw ones, as they came

    def has_more(self, timeout_s=0.0):
        return bool(select.select([self.end], [], [], timeout_s)[0])

    def receive(self, timeout_s=PATIENCE_S):
        """The records of the next message."""
        if not self.has_more(timeout_s):
            raise Late("a message")
        try:
            message = self.end.recv(65536)
        except ConnectionResetError:
            message = self.end.recv(65536)  # what came before that is there all the same
        if not message:
            raise Gone()
        self.taken += 1
        self.messages.append(message)
        return records(message)

    def until(self, kind, session=None):
        """Takes messages up to one of this kind, and returns all of them."""
        taken = []
        while True:
            taken.append(self.receive())
            first = taken[-1][0]
            if first["k"] == kind and session in (None, first.get("s")):
                return taken

    def hear(self, heard, is_enough):
        """Takes messages into `heard` until it is enough; returns it."""
        end = time.monotonic() + PATIENCE_S
        while not is_enough(heard):
            if time.monotonic() > end:
                raise Late("enough")
            heard.append(self.receive())
        return heard

    def answer(self, done=None, refused=None):
        said = {"n": self.taken if done is None else done}
        if refused is not None:
            said["z"] = refused
        self.say(cbor2.dumps(said))

    def say(self, anything):
        self.end.send(anything)

    def settle(self, talker):
        """Takes and answers all there is until nothing waits; returns what came."""
        taken = []

        def is_settled():
            while self.has_more():
                taken.append(self.receive())
                self.answer()
            return talker("stats")["waiting"] == 0

        self.answer()
        until(is_settled, "all to be acknowledged")
        return taken

    def hang_up(self):
        self.end.close()

    def is_hung_up(self):
        """Whether the player is gone, with all it had sent."""
        try:
            while True:
                self.receive()
        except Gone:
            return True


class Daemon:
    """Listens by a name, as long as it is to be there."""

    def __init__(self, name, backlog=8):
        self.name = name
        self.listener = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self.listener.bind("\0" + name[1:] if name.startswith("@") else name)
        self.listener.listen(backlog)
        self.connections = []

    def accept(self, timeout_s=PATIENCE_S):
        if not select.select([self.listener], [], [], timeout_s)[0]:
            raise Late("a connection")
        connection = Connection(self.listener.accept()[0])
        self.connections.append(connection)
        return connection

    def has_caller(self, timeout_s=0.0):
        return bool(select.select([self.listener], [], [], timeout_s)[0])

    def go(self):
        self.listener.close()
        if not self.name.startswith("@"):
            os.unlink(self.name)
        for connection in self.connections:
            connection.hang_up()


class Dutiful(threading.Thread):
    """Accepts all players and answers at once whatever is no snapshot."""

    def __init__(self, daemon):
        super().__init__(daemon=True)
        self.host = daemon
        self.heard = []  # lists of records
        self.is_over = False
        self.start()

    def run(self):
        while not self.is_over:
            ends = [c.end for c in self.host.connections] + [self.host.listener]
            for end in select.select(ends, [], [], 0.05)[0]:
                if end is self.host.listener:
                    self.host.accept()
                else:
                    self.serve(end)

    def serve(self, end):
        connection = next(c for c in self.host.connections if c.end is end)
        try:
            heard = connection.receive()
            self.heard.append(heard)
            if heard[0]["k"] != SNAPSHOT:
                connection.answer()
        except (Gone, OSError):
            self.host.connections.remove(connection)
            connection.hang_up()

    def stop(self):
        self.is_over = True
        self.join()


class Talker:
    """The program of talker.c."""

    def __init__(self, program, wrapper=(), **environment):
        self.errors = tempfile.TemporaryFile("w+")
        self.process = subprocess.Popen(
            [*wrapper, program], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            stderr=self.errors, text=True, bufsize=1,
            env={k: v for k, v in os.environ.items() if not k.startswith("TALLY_")} | environment)

    def __call__(self, command, *arguments):
        self.process.stdin.write(" ".join(str(a) for a in (command, *arguments)) + "\n")
        line = self.process.stdout.readline()
        if not line:
            raise AssertionError(f"the player died at {command}: {self.said()}")
        return json.loads(line)

    def said(self):
        """What it wrote to standard error."""
        self.errors.seek(0)
        return self.errors.read()

    def quit(self):
        """Its exit code, standard input being closed."""
        self.process.stdin.close()
        code = self.process.wait(PATIENCE_S)
        self.process.stdout.close()
        return code

    def kill(self):
        self.process.kill()
        self.process.wait()

    def clear(self):
        if self.process.returncode is None:
            self.kill()
        for stream in (self.process.stdin, self.process.stdout, self.errors):
            try:
                stream.close()
            except BrokenPipeError:
                pass

    def task(self, name):
        """The folder under /proc of its thread of this name, or None."""
        tasks = f"/proc/{self.process.pid}/task"
        for number in os.listdir(tasks):
            with open(f"{tasks}/{number}/comm", encoding="utf-8") as comm:
                if comm.read().strip() == name:
                    return f"{tasks}/{number}"
        return None

    def is_asleep(self):
        """Whether the thread has taken all that was told."""
        with open(f"{self.task('tally')}/stat", encoding="utf-8") as stat:
            return stat.read().rpartition(")")[2].split()[0] == "S"

    def descriptors(self):
        return len(os.listdir(f"/proc/{self.process.pid}/fd"))
