# SPDX-License-Identifier: Apache-2.0
"""Hand-made transport stream packets, for tests that need no picture in them."""

from ts import NULL_PID, PCR_HZ, PCR_MODULUS, TransportStream

VIDEO_PID = 0x100


def packet(pid, counter, payload=True, pcr=None, discontinuity=False):
    """One packet of 188 bytes; `pcr` in 27 MHz ticks."""
    adaptation = _adaptation(pcr, discontinuity, payload)
    control = (0x20 if adaptation else 0) | (0x10 if payload else 0) | counter % 16
    head = bytes([0x47, pid >> 8, pid & 0xFF, control])
    return (head + adaptation).ljust(188, b"\xff")


def _adaptation(pcr, discontinuity, payload):
    if pcr is None and not discontinuity and payload:
        return b""
    flags = (0x80 if discontinuity else 0) | (0x10 if pcr is not None else 0)
    fields = bytes([flags])
    if pcr is not None:
        base, extension = divmod(pcr % PCR_MODULUS, 300)
        fields += (base << 15 | 0x3F << 9 | extension).to_bytes(6, "big")
    length = len(fields) if payload else 183
    return bytes([length]) + fields.ljust(length, b"\xff")


def stream(seconds, first_pcr=0, packets_per_second=1000):
    """A video PID with a PCR every 20 packets and a null packet in every tenth place."""
    packets = []
    counter = 0
    for number in range(int(seconds * packets_per_second)):
        if number % 10 == 9:
            packets.append(packet(NULL_PID, 0))
            continue
        ticks = first_pcr + number * PCR_HZ // packets_per_second
        packets.append(packet(VIDEO_PID, counter, pcr=ticks if number % 20 == 0 else None))
        counter += 1
    return TransportStream(b"".join(packets))
