# SPDX-License-Identifier: Apache-2.0
"""A TCP relay between device and collector that stops in the middle of what the device says, or
cuts the connection in the middle of what either says."""
import contextlib
import dataclasses
import select
import socket
import struct
import threading

POLL_S = 0.1
CHUNK = 4096
RESET = struct.pack("ii", 1, 0)  # SO_LINGER: no orderly end


@dataclasses.dataclass
class Cut:
    """Where a connection ends, and how."""
    by_device: bool  # in what the device says; else the server
    left: int        # bytes that still pass
    is_fresh: bool   # counted from the beginning of the next connection; else from now on
    is_reset: bool
    done: threading.Event = dataclasses.field(default_factory=threading.Event)


class Relay:
    """From its port to the collector's, one connection at a time, until close(). A witness is told
    of each connection, open() and close(), and of all that is about to pass, saw(data,
    by_device)."""

    def __init__(self, port, to_port, witness=None):
        self._to = ("127.0.0.1", to_port)
        self._witness = witness
        self._cut = None
        self._left = None  # bytes of the device that still pass; None: all of them
        self.stuck = threading.Event()
        self._over = threading.Event()
        self._listener = socket.create_server(("127.0.0.1", port))
        self._listener.settimeout(POLL_S)
        self._thread = threading.Thread(target=self._serve)
        self._thread.start()

    def stop_after(self, count):
        """Lets that many more bytes of the device pass, keeps the rest back and sets `stuck`."""
        self._left = count

    def cut(self, cut):
        """Plays a Cut and sets its `done`; the way is clear afterwards."""
        self._cut = cut

    def close(self):
        self._over.set()
        self._thread.join()
        self._listener.close()

    def _serve(self):
        while not self._over.is_set():
            try:
                device, _ = self._listener.accept()
            except TimeoutError:
                continue
            with device, contextlib.suppress(OSError):  # one that breaks is like one that ends
                with socket.create_connection(self._to) as server:
                    self._pump(device, server)
            if self._witness:
                self._witness.close()

    def _pump(self, device, server):
        """Until one side ends, or all is over."""
        begun_for = self._cut
        if self._witness:
            self._witness.open()
        while not self._over.is_set():
            if self._cut is not begun_for and self._cut.is_fresh:
                return  # the next connection is the one
            for source in select.select([device, server], [], [], POLL_S)[0]:
                data = source.recv(CHUNK)
                if not data:
                    return
                passing, is_cut = self._cut_in(data, source is device)
                if self._witness:
                    self._witness.saw(passing, source is device)
                if source is device:
                    server.sendall(self._passing(passing))
                else:
                    device.sendall(passing)
                if is_cut:
                    self._end(device, server)
                    return

    def _cut_in(self, data, by_device):
        """What passes of the data, and whether the connection ends behind it."""
        cut = self._cut
        if cut is None or cut.done.is_set() or cut.by_device != by_device:
            return data, False
        passing = data[:cut.left]
        is_cut = len(data) > cut.left
        cut.left -= len(passing)
        return passing, is_cut

    def _end(self, *sides):
        for side in sides:
            if self._cut.is_reset:
                side.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
        self._cut.done.set()

    def _passing(self, data):
        if self._left is None:
            return data
        passing = data[:self._left]
        self._left -= len(passing)
        if self._left == 0:
            self.stuck.set()
        return passing
