# SPDX-License-Identifier: Apache-2.0
"""GnuTLS as a server: as much of its C interface as HTTP needs, by ctypes.

Constants are those of gnutls/gnutls.h, which have been the same since 3.6.
"""
import contextlib
import ctypes
import ctypes.util

SERVER = 1
CREDENTIALS_CERTIFICATE = 1
FORMAT_PEM = 1
CERTIFICATE_REQUIRE = 2
SHUT_WR = 1
ALERT_FATAL = 2
INTERNAL_ERROR = 80  # RFC 8446 6
E_AGAIN = -28
E_INTERRUPTED = -52


class Datum(ctypes.Structure):
    _fields_ = [("data", ctypes.c_void_p), ("size", ctypes.c_uint)]


def load():
    library = ctypes.CDLL("libgnutls.so.30")
    library.gnutls_strerror.restype = ctypes.c_char_p
    library.gnutls_protocol_get_name.restype = ctypes.c_char_p
    for name in ("gnutls_record_recv", "gnutls_record_send"):
        function = getattr(library, name)
        function.restype = ctypes.c_ssize_t
        function.argtypes = [ctypes.c_void_p, ctypes.c_char_p, ctypes.c_size_t]
    library.gnutls_transport_set_int2.argtypes = [ctypes.c_void_p, ctypes.c_int, ctypes.c_int]
    return library


_LIBRARY = load()


def call(name, *values):
    """Raises OSError for what GnuTLS does not do."""
    result = getattr(_LIBRARY, name)(*values)
    while result in (E_AGAIN, E_INTERRUPTED):
        result = getattr(_LIBRARY, name)(*values)
    if result < 0:
        raise OSError(f"{name}: {_LIBRARY.gnutls_strerror(int(result)).decode()}")
    return result


class Session:
    """A stream like a socket."""

    def __init__(self, handle):
        self._handle = handle

    def told(self):
        protocol = Datum()
        has_alpn = _LIBRARY.gnutls_alpn_get_selected_protocol(self._handle,
                                                              ctypes.byref(protocol)) == 0
        version = _LIBRARY.gnutls_protocol_get_version(self._handle)
        return {"version": _LIBRARY.gnutls_protocol_get_name(version).decode()
                .replace("TLS", "TLSv"),
                "resumed": _LIBRARY.gnutls_session_is_resumed(self._handle) != 0,
                "alpn": ctypes.string_at(protocol.data, protocol.size).decode()
                if has_alpn else None}

    def recv(self, size):
        room = ctypes.create_string_buffer(size)
        got = call("gnutls_record_recv", self._handle, room, size)
        return room.raw[:got]

    def sendall(self, data):
        while data:
            data = data[call("gnutls_record_send", self._handle, data, len(data)):]

    def alert(self):
        """The end that a server in trouble gives a stream."""
        call("gnutls_alert_send", self._handle, ALERT_FATAL, INTERNAL_ERROR)


class GnuTls:
    """A server's credentials and its ticket key."""

    def __init__(self, version, certificate, key, devices):
        self._priority = b"NORMAL:-VERS-ALL:+VERS-" + version.replace("TLSv", "TLS").encode()
        self._credentials = ctypes.c_void_p()
        call("gnutls_certificate_allocate_credentials", ctypes.byref(self._credentials))
        call("gnutls_certificate_set_x509_key_file", self._credentials, str(certificate).encode(),
             str(key).encode(), FORMAT_PEM)
        call("gnutls_certificate_set_x509_trust_file", self._credentials, str(devices).encode(),
             FORMAT_PEM)
        self._tickets = Datum()
        call("gnutls_session_ticket_key_generate", ctypes.byref(self._tickets))

    def _prepare(self, handle, connection):
        call("gnutls_priority_set_direct", handle, self._priority, None)
        call("gnutls_credentials_set", handle, CREDENTIALS_CERTIFICATE, self._credentials)
        _LIBRARY.gnutls_certificate_server_set_request(handle, CERTIFICATE_REQUIRE)
        _LIBRARY.gnutls_session_set_verify_cert(handle, None, 0)
        call("gnutls_session_ticket_enable_server", handle, ctypes.byref(self._tickets))
        name = ctypes.create_string_buffer(b"http/1.1")
        protocol = Datum(ctypes.cast(name, ctypes.c_void_p), len(name) - 1)
        call("gnutls_alpn_set_protocols", handle, ctypes.byref(protocol), 1, 0)
        _LIBRARY.gnutls_transport_set_int2(handle, connection.fileno(), connection.fileno())

    @contextlib.contextmanager
    def session(self, connection):
        """A connection after the handshake."""
        handle = ctypes.c_void_p()
        call("gnutls_init", ctypes.byref(handle), SERVER)
        try:
            self._prepare(handle, connection)
            call("gnutls_handshake", handle)
            yield Session(handle)
            _LIBRARY.gnutls_bye(handle, SHUT_WR)
        finally:
            _LIBRARY.gnutls_deinit(handle)
