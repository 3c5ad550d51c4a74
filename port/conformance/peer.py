#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""The peers of the conformance kit, on a machine that the device reaches.

    peer.py [ADDRESS]     prints "echo PORT", "ending PORT" and "refusing PORT"; runs until killed

Needs nothing but Python 3. `echo` sends back what it receives, `ending` what TALLY_CONFORMANCE_ENDING_BYTES
says and then ends the stream, and nobody listens at `refusing`.
"""

import socket
import sys
import threading

ENDING_BYTES = 1000  # TALLY_CONFORMANCE_ENDING_BYTES
SILENCE_S = 60  # of a device that has gone


def echo(connection):
    while data := connection.recv(4096):
        connection.sendall(data)


def ending(connection):
    held = b""
    while len(held) < ENDING_BYTES:
        data = connection.recv(ENDING_BYTES - len(held))
        if not data:
            return
        held += data
    connection.sendall(held)
    connection.shutdown(socket.SHUT_WR)
    while connection.recv(4096):
        pass


def talk(connection, behave):
    with connection:
        connection.settimeout(SILENCE_S)
        try:
            behave(connection)
        except OSError:
            pass  # the device closes as it likes


def serve(server, behave):
    while True:
        try:
            connection, _ = server.accept()
        except OSError:
            return  # the server was closed
        threading.Thread(target=talk, args=(connection, behave), daemon=True).start()


class Peers:
    """All three, while the context lasts; `ports` by name."""

    def __init__(self, address=""):
        self._servers = [socket.create_server((address, 0), backlog=64) for _ in range(2)]
        self._refusing = socket.socket()
        self._refusing.bind((address, 0))  # taken, but not listening
        self.ports = dict(zip(("echo", "ending", "refusing"),
                              (s.getsockname()[1] for s in [*self._servers, self._refusing])))

    def __enter__(self):
        for server, behave in zip(self._servers, (echo, ending)):
            threading.Thread(target=serve, args=(server, behave), daemon=True).start()
        return self

    def __exit__(self, *_):
        for server in [*self._servers, self._refusing]:
            server.close()


def main():
    with Peers(*sys.argv[1:2]) as peers:
        for name, port in peers.ports.items():
            print(name, port, flush=True)
        threading.Event().wait()


if __name__ == "__main__":
    main()
