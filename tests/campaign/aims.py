# SPDX-License-Identifier: Apache-2.0
"""When the power goes: in each phase of a box's life, at a place that is drawn before.

An aim is told what the flash and the wire do, and answers with the seconds until the power goes, or
None. What it hit is judged afterwards, by where flash and wire stood (victim.py): a machine that
stalls may make it miss.
"""
from wire_phase import Phase

BOOT, STREAM, WRITE, ERASE, HANDSHAKE, UPLOAD, ACK = PHASES = (
    "boot", "stream", "spool write", "erase", "handshake", "upload", "ack")
BOOT_S = 0.6         # a box has its first record not long after that
RECORDS_MOST = 12    # the one that is cut is among the first of its boot
WORDS_MOST = 6       # QEMU may be that many ahead of its reader, and the shortest have 12
HANDSHAKE_PARTS = 4  # pieces of it that pass a relay, at least
UPLOAD_BYTES = 2500


class Aim:
    """At nothing: the power stays."""

    def __repr__(self):
        return f"{type(self).__name__} {vars(self)}"

    def started(self):
        """The box gets its power."""

    def flash(self, event, flash):
        """An event of a FlashPhase."""

    def wire(self, phase, size):
        """So many bytes are about to pass, in this phase."""


class Boot(Aim):
    def __init__(self, dice):
        self._after_s = dice.uniform(0, BOOT_S)

    def started(self):
        return self._after_s


class Stream(Aim):
    """Some time behind the first record in the flash or the first word on the wire."""

    def __init__(self, dice):
        self._after_s = dice.uniform(0.2, 3)

    def flash(self, event, flash):
        return self._once() if flash.records > 0 else None

    def wire(self, phase, size):
        return self._once()

    def _once(self):
        after_s, self._after_s = self._after_s, None
        return after_s


class Write(Aim):
    """Between two parts of a record, or between two words of one of the first."""

    def __init__(self, dice):
        self._is_torn = dice.random() < 0.5
        self._record = dice.randint(1, RECORDS_MOST)
        self._word = dice.randint(1, WORDS_MOST)

    def flash(self, event, flash):
        if event == "part" and flash.entry.is_record and self._is_torn:
            return 0
        is_record = event == "word" and flash.entry.is_record and flash.records + 1 >= self._record
        return 0 if is_record and flash.words >= self._word else None


class Erase(Aim):
    def __init__(self, dice):
        self._number = dice.randint(1, 2)
        self._after_s = dice.choice((0, 0, dice.uniform(0, 0.002)))

    def flash(self, event, flash):
        return self._after_s if event == "erase" and flash.erases >= self._number else None


class Handshake(Aim):
    def __init__(self, dice):
        self._part = dice.randint(1, HANDSHAKE_PARTS)
        self._after_s = dice.choice((0, 0, dice.uniform(0, 0.01)))
        self._passed = 0

    def wire(self, phase, size):
        if phase is not Phase.HANDSHAKE:
            return None
        self._passed += 1
        return self._after_s if self._passed >= self._part else None


class Upload(Aim):
    def __init__(self, dice):
        self._upload = dice.randint(1, 3)
        self._bytes = dice.randint(0, UPLOAD_BYTES)
        self._before = Phase.IDLE
        self._passed = 0

    def wire(self, phase, size):
        if phase is Phase.UPLOAD and self._before is not phase:
            self._upload -= 1
            self._passed = 0
        self._before = phase
        self._passed += size if phase is Phase.UPLOAD else 0
        hit = self._upload <= 0 and phase is Phase.UPLOAD
        # A short upload is cut before its answer comes.
        return (0 if self._passed >= self._bytes else 0.004) if hit else None


class Ack(Aim):
    """With the answer still on its way, or before the box has noted all that it says."""

    def __init__(self, dice):
        self._reply = dice.randint(1, 3)
        self._after_s = dice.choice((0, dice.uniform(0, 0.01), None))
        self._words = dice.randint(1, WORDS_MOST)
        self._before = Phase.IDLE

    def wire(self, phase, size):
        self._reply -= phase is Phase.REPLY and self._before is not phase
        self._before = phase
        return self._after_s if self._reply <= 0 and phase is Phase.REPLY else None

    def flash(self, event, flash):
        if self._reply > 0 or event != "word" or not flash.entry.is_checkpoint:
            return None
        self._words -= 1
        return 0 if self._words <= 0 else None


KINDS = dict(zip(PHASES, (Boot, Stream, Write, Erase, Handshake, Upload, Ack)))
OF_THE_WIRE = (BOOT, STREAM, HANDSHAKE, UPLOAD, ACK)  # known of a board without a traced flash
