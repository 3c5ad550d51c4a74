# SPDX-License-Identifier: Apache-2.0
"""A TCP relay between device and collector that stops in the middle of what the device says."""
import contextlib
import select
import socket
import threading

POLL_S = 0.1
CHUNK = 4096


class Relay:
    """From its port to the collector's, one connection at a time, until close()."""

    def __init__(self, port, to_port):
        self._to = ("127.0.0.1", to_port)
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

    def _pump(self, device, server):
        """Until one side ends, or all is over."""
        while not self._over.is_set():
            for source in select.select([device, server], [], [], POLL_S)[0]:
                data = source.recv(CHUNK)
                if not data:
                    return
                if source is device:
                    server.sendall(self._passing(data))
                else:
                    device.sendall(data)

    def _passing(self, data):
        if self._left is None:
            return data
        passing = data[:self._left]
        self._left -= len(passing)
        if self._left == 0:
            self.stuck.set()
        return passing
