# SPDX-License-Identifier: Apache-2.0
"""A player's side of the socket, written from agent/SPEC.md with a CBOR library of its own."""
import os
import socket
import time

import cbor2

MESSAGE_BYTES = 8192

# What these players measure: the keys of each group in a row.
MEASURED = {"d": "cisx", "e": "et", "p": "fppaptsesrxe"}


def now_ms():
    return time.clock_gettime_ns(time.CLOCK_BOOTTIME) // 1000000


def encode(*records):
    return b"".join(cbor2.dumps(record, canonical=True) for record in records)


def record(kind, at_ms=None, **fields):
    return {"k": kind, "u": now_ms() if at_ms is None else at_ms, **fields}


def greeting(version=1):
    return record("p", v=version, c=MEASURED)


class Player:
    """One connection. What is sent and what was answered are counted alike on both sides."""

    def __init__(self, path, greets=True, connects_s=10):
        self.path = path
        self.taken = 0
        self.refused = 0
        self.sent = 0
        self.socket = self._connect(connects_s)
        if greets:
            self.send(greeting())

    def _connect(self, seconds):
        """Until there is a tallyd."""
        deadline = time.monotonic() + seconds
        address = "\0" + self.path[1:] if self.path.startswith("@") else self.path
        while True:
            connection = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
            connection.settimeout(60)
            try:
                connection.connect(address)
                return connection
            except (FileNotFoundError, ConnectionRefusedError, BlockingIOError):
                connection.close()
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.01)

    def send_bytes(self, data):
        self.socket.sendall(data)
        self.sent += 1

    def send(self, *records):
        self.send_bytes(encode(*records))

    def hear(self):
        """One answer; False: the daemon has closed the connection."""
        try:
            data = self.socket.recv(64)
        except ConnectionResetError:
            data = b""
        if not data:
            return False
        answer = cbor2.loads(data)
        assert cbor2.dumps(answer, canonical=True) == data, data.hex()
        assert set(answer) <= {"n", "z"} and answer.get("z") != 0, answer
        assert self.taken <= answer["n"] <= self.sent, answer
        self.taken, self.refused = answer["n"], answer.get("z", 0)
        return True

    def settle(self):
        """Until all that was sent is dealt with; returns how many messages were refused so far."""
        while self.taken < self.sent:
            if not self.hear():
                raise ConnectionError("closed before all was answered")
        return self.refused

    def await_end(self):
        """Until the daemon closes the connection."""
        while self.hear():
            pass

    def close(self):
        self.socket.close()


class Film:
    """A session that plays, as a player tells it: each snapshot is of all there was so far."""

    def __init__(self, player, number, content=None):
        self.player = player
        self.number = number
        self.content = content or f"film-{number}"
        self.began_ms = now_ms()
        self.play_ms = 0
        self.id = int.from_bytes(os.urandom(6), "big")

    def dimensions(self):
        return {"ci": self.content, "sx": self.id}

    def figures(self):
        return {"pa": 1, "fp": 1, "pt": self.play_ms, "xe": self.play_ms, "se": 2}

    def begin(self):
        self.player.send(record("s", s=self.number, d=self.dimensions()))

    def snapshot(self, play_ms=None):
        self.play_ms = self.play_ms + 100 if play_ms is None else play_ms
        self.player.send(record("h", s=self.number, p=self.figures()))

    def end(self, reason=0):
        self.player.send(record("x", s=self.number, d=self.dimensions(),
                                p={**self.figures(), "sr": reason}))
