# SPDX-License-Identifier: Apache-2.0
"""A server for devices that are measured: takes every upload over mutual TLS, and hangs up."""
import http.server
import ssl
import threading


class _Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self):
        size = int(self.headers["Content-Length"])
        body = self.rfile.read(size)
        if len(body) < size:
            return  # the device went away
        self.server.bodies.append(body)
        self.send_response_only(204)
        self.send_header("Connection", "close")
        self.end_headers()

    def log_message(self, *_):
        """The figures are the news."""


class _Server(http.server.ThreadingHTTPServer):
    bodies = None

    def handle_error(self, request, client_address):
        """A device whose heap is too small hangs up in mid-handshake; that is its business."""


class Server:
    """Runs while the context lasts; `bodies` is what was uploaded."""

    def __init__(self, certs):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.verify_mode = ssl.CERT_REQUIRED
        context.load_verify_locations(certs / "ca.pem")
        context.load_cert_chain(certs / "server.pem", certs / "server.key")
        self._server = _Server(("127.0.0.1", 0), _Handler)
        self._server.bodies = self.bodies = []
        # Handshakes belong to the threads of their connections, not to the one that accepts.
        self._server.socket = context.wrap_socket(self._server.socket, server_side=True,
                                                  do_handshake_on_connect=False)
        self.port = self._server.server_address[1]
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.1,))

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *_):
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()
