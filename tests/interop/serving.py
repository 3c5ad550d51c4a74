# SPDX-License-Identifier: Apache-2.0
"""What the servers of these tests have in common: HTTP over any stream, and an end by pid.

A server tells, of each connection, what its own TLS library says of it:

    {"version": "TLSv1.3", "resumed": False, "alpn": "http/1.1" or None}
"""
import ctypes
import os
import pathlib
import signal
import socket
import subprocess
import threading
import time

ACCEPTED = b"HTTP/1.1 204 No Content\r\n\r\n"
TLS12 = "TLSv1.2"
TLS13 = "TLSv1.3"
VERSIONS = (TLS12, TLS13)

_LIBC = ctypes.CDLL(None, use_errno=True)
_PR_SET_PDEATHSIG = 1


def _die_with_parent():
    _LIBC.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


def await_true(what, condition, seconds=60):
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if condition():
            return
        time.sleep(0.01)
    raise AssertionError(f"{what} within {seconds} s")


def await_server(server, condition):
    """One that does not come up leaves nothing behind."""
    try:
        await_true(f"{type(server).__name__} listens", condition)
    except AssertionError:
        server.stop()
        raise


class Program:
    """A process of ours: ends when it is told to, or with us."""

    def __init__(self, *command, **more):
        self.process = subprocess.Popen([str(word) for word in command],
                                        preexec_fn=_die_with_parent, **more)

    def stop(self):
        if self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(timeout=60)
            except subprocess.TimeoutExpired:
                self.process.kill()
        self.process.wait()


class Request:
    """The first whole request in what has been received so far."""

    def __init__(self, data):
        head, separator, rest = data.partition(b"\r\n\r\n")
        self.is_whole = False
        if not separator:
            return
        lines = head.decode("latin-1").split("\r\n")
        self.line = lines[0]
        self.headers = {name.strip().lower(): value.strip() for name, _, value in
                        (line.partition(":") for line in lines[1:])}
        length = int(self.headers.get("content-length", 0))
        self.body = rest[:length]
        self.rest = rest[length:]
        self.is_whole = len(rest) >= length


def serve_stream(receive, send, answer):
    """Requests of one connection until it ends. `answer` turns a request into bytes, or None."""
    data = b""
    while True:
        request = Request(data)
        if request.is_whole:
            data = request.rest
            reply = answer(request)
            if reply is None:
                return
            send(reply)
            continue
        more = receive()
        if not more:
            return
        data += more


class Listener:
    """Accepts on a free port of the loopback; one thread a connection."""

    def __init__(self, answer=None):
        self.requests = []
        self.connections = []
        self._answer = answer or (lambda request: ACCEPTED)
        self._threads = []
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.port = self._listening.getsockname()[1]
        self._thread = threading.Thread(target=self._accept)
        self._thread.start()

    def _accept(self):
        while True:
            try:
                connection, _ = self._listening.accept()
            except OSError:
                return  # closed by stop()
            connection.settimeout(60)
            thread = threading.Thread(target=self._run, args=(connection,))
            self._threads.append(thread)
            thread.start()

    def _run(self, connection):
        try:
            self.talk(connection)
        except OSError:
            pass  # the device's own report says what became of it
        finally:
            connection.close()

    def talk(self, connection):
        serve_stream(lambda: connection.recv(65536), connection.sendall, self.take)

    def take(self, request):
        self.requests.append(request)
        return self._answer(request)

    def stop(self):
        self._listening.shutdown(socket.SHUT_RDWR)
        self._listening.close()
        self._thread.join()
        for thread in self._threads:
            thread.join()


def free_port():
    """Free a moment ago: for servers that cannot choose one themselves."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return probe.getsockname()[1]


def is_listening(port):
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def owner_of_servers():
    """Whom a server that must not be root runs as, for Popen: nobody, or whoever we are."""
    return {"user": "nobody", "group": "nogroup", "extra_groups": []} if os.geteuid() == 0 else {}


def readable(path):
    """Lets that owner read a file."""
    pathlib.Path(path).chmod(0o644)
