# SPDX-License-Identifier: Apache-2.0
"""How far a TLS connection has come, told from the records that pass and nothing else.

A relay sees no plain text. But in TLS 1.3 a client's Finished is the only record of its length: a
head of 4 bytes, a hash and the type, which Mbed TLS fills up to 16, and the tag. In 1.2 nothing
encrypted but its Finished, which is of type handshake, comes before what is sent.
"""
import enum

HANDSHAKE, APPLICATION = 22, 23
HEADER_BYTES = 5
CLIENT_HELLO = 1
TAG_BYTES, FILLED_TO = 16, 16
FINISHED_BYTES = {-(-(4 + hash_bytes + 1) // fill) * fill + TAG_BYTES
                  for hash_bytes in (32, 48) for fill in (1, FILLED_TO)}
SELECTED_TLS_1_3 = bytes.fromhex("002b00020304")  # the extension in a ServerHello


class Phase(enum.Enum):
    """Of one connection, in the order they come."""
    IDLE = 0        # no connection, or not a byte of it
    HANDSHAKE = 1   # a ClientHello has come, the client's Finished has not
    OPEN = 2        # nothing has been sent yet
    UPLOAD = 3      # a request is on its way
    REPLY = 4       # and so is the answer


class Records:
    """Cuts what one side says into TLS records: (type, payload)."""

    def __init__(self):
        self._rest = b""

    def of(self, data):
        self._rest += data
        while len(self._rest) >= HEADER_BYTES:
            end = HEADER_BYTES + int.from_bytes(self._rest[3:5], "big")
            if len(self._rest) < end:
                return
            record, self._rest = self._rest[:end], self._rest[end:]
            yield record[0], record[HEADER_BYTES:]

    @property
    def begun(self):
        """The type of a record that has not come whole, or None."""
        return self._rest[0] if self._rest else None


class WirePhase:
    """Follows one connection after the other. `replied()` says whether the server has dealt with
    an upload since it was asked last: session tickets come in records like those of a reply."""

    def __init__(self, replied):
        self._replied = replied
        self.open()

    def open(self):
        """A new connection, of which nothing has passed."""
        self.phase = Phase.IDLE
        self._is_1_3 = False
        self._device, self._server = Records(), Records()

    def saw(self, data, by_device):
        """Takes note of what passes; what phase it is now."""
        if by_device:
            for kind, payload in self._device.of(data):
                self._device_said(kind, payload)
            if self._device.begun == APPLICATION and self.phase in (Phase.OPEN, Phase.REPLY):
                self.phase = Phase.UPLOAD
        else:
            for kind, payload in self._server.of(data):
                self._server_said(kind, payload)
        return self.phase

    def _device_said(self, kind, payload):
        if self.phase is Phase.IDLE:
            if kind == HANDSHAKE and payload[:1] == bytes([CLIENT_HELLO]):
                self.phase = Phase.HANDSHAKE
        elif self.phase is Phase.HANDSHAKE:
            if kind == APPLICATION and not self._is_1_3:
                self.phase = Phase.UPLOAD  # TLS 1.2
            elif kind == APPLICATION and len(payload) in FINISHED_BYTES:
                self.phase = Phase.OPEN
        elif kind == APPLICATION:
            self.phase = Phase.UPLOAD

    def _server_said(self, kind, payload):
        if self.phase is Phase.HANDSHAKE and kind == HANDSHAKE and SELECTED_TLS_1_3 in payload:
            self._is_1_3 = True
        elif self.phase is Phase.UPLOAD and kind == APPLICATION and self._replied():
            self.phase = Phase.REPLY
