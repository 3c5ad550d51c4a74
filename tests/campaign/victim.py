# SPDX-License-Identifier: Apache-2.0
"""A box in QEMU with its own server and relay, and one life of it: from power on to a SIGKILL."""
import contextlib
import os
import signal
import socket
import sqlite3
import threading
import time

import aims
import board
import flash_phase
import qmp
import scenario
from relay import Relay
from wire_phase import Phase, WirePhase

INSTANT_S = 0.01   # so long a phase lasts whose end is not seen
FLOW_BYTES = 4096  # of trace in flight: QEMU waits for its reader, a few words ahead at most


class Box:
    """One identity: its firmware, its certificates, the flash of now, and the server of now."""

    def __init__(self, machine, image, certs, media, port, collector=None):
        self.machine, self.image, self.certs, self.media = machine, image, certs, media
        self._port = port
        self._program = collector
        self.folder = None
        self.collector = None
        self.relay = None
        self.wire = None

    def renew(self, folder, dice):
        """A flash with another past, a server that knows nothing, and a folder for both."""
        self.close()
        self.folder = folder
        self.flash = folder / "flash.img"
        self.machine.make(self.flash, dice)
        self._fault = folder / "fault"
        self.start_collector()
        self.open_relay()

    def start_collector(self):
        port = self.collector.port if self.collector else 0
        program = {"program": self._program} if self._program else {}
        self.collector = scenario.Collector(self.folder, self.certs, "--fault-now", self._fault,
                                            "--fault-delay", "1", port=port, **program)

    def spoil(self, fault):
        """The server answers that way from now on; None: as it should."""
        if fault is None:
            self._fault.unlink(missing_ok=True)
        else:
            new = self._fault.with_suffix(".new")
            new.write_text(fault)
            os.replace(new, self._fault)

    def open_relay(self):
        self.wire = self.wire or Witness(self.collector.database)
        self.relay = Relay(self._port, self.collector.port, self.wire)

    def close_relay(self):
        if self.relay:
            self.relay.close()
        self.relay = None

    def look(self):
        return self.machine.look(self.flash)

    def close(self):
        self.close_relay()
        if self.collector:
            self.collector.stop()
        self.collector = self.wire = None


class Witness:
    """Sees all that is about to pass a relay; tells the run of now."""

    def __init__(self, database):
        self._database = database
        self._uploads = 0
        self._phase = WirePhase(self._has_replied)
        self.tell = None

    def serve(self, tell):
        """From now on the run of now is told; None: nobody."""
        self._phase.open()
        self.tell = tell

    @property
    def phase(self):
        return self._phase.phase

    def open(self):
        self._uploads = self._count()
        self._phase.open()

    def close(self):
        """What an answer began goes on without a connection."""
        if self.phase is not Phase.REPLY:
            self._phase.open()

    def saw(self, data, by_device):
        phase = self._phase.saw(data, by_device)
        if self.tell:
            self.tell(phase, len(data))

    def _has_replied(self):
        """Whether the server has stored an upload since it was asked last."""
        before, self._uploads = self._uploads, self._count()
        return self._uploads > before

    def _count(self):
        with contextlib.closing(sqlite3.connect(self._database, timeout=10)) as database:
            return database.execute("SELECT count(*) FROM uploads").fetchone()[0]


class Run:
    """The power is on, until the aim is met or stop() is called."""

    def __init__(self, box, aim, stream=()):
        """`stream`: what the sender is told."""
        self.box = box
        self.over = threading.Event()  # the power is gone
        self.flash = flash_phase.FlashPhase(box.machine.area)
        self.wire_at_end = Phase.IDLE
        self._notes_at_reply = 0
        self._replied_at = None
        self._erased_at = 0
        self._lock = threading.Lock()
        self._aim = aim
        self._stream = stream
        box.wire.serve(self._on_wire)
        self._start()
        self._within(aim.started())

    def _start(self):
        ours, theirs = socket.socketpair()
        theirs.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, FLOW_BYTES)
        self._monitor = self.box.folder / "qmp"
        self._monitor.unlink(missing_ok=True)
        traced = flash_phase.switches() if self.box.machine.flash else []
        self.began = time.monotonic()
        self.device = Unpinned(self.box.folder, self.box.machine.board, self.box.image, *traced,
                               "-no-reboot", "-qmp", f"unix:{self._monitor},server=on,wait=off",
                               store=self.box.flash, errors=theirs)
        theirs.close()
        self.sender = scenario.Sender(self.box.folder, self.box.media, self.device, *self._stream)
        self._reader = threading.Thread(target=self._read, args=(ours,))
        self._reader.start()

    # ---- while the power is on ----------------------------------------------------------------

    def set_link(self, up):
        if not self.over.is_set():
            with contextlib.suppress(OSError, ValueError, RuntimeError):  # it may die meanwhile
                monitor = qmp.Monitor(self._monitor)
                monitor.set_link(up)
                monitor.close()

    def signal(self, number):
        with self._lock:
            if not self.over.is_set():
                self.device.signal(number)

    @property
    def has_died(self):
        """By itself."""
        return not self.over.is_set() and self.device.has_ended

    def _within(self, seconds):
        if seconds == 0:
            self._kill()
        elif seconds is not None:
            timer = threading.Timer(seconds, self._kill)
            timer.daemon = True
            timer.start()

    def _on_wire(self, phase, size):
        if phase is Phase.REPLY and self._replied_at is None:
            self._replied_at, self._notes_at_reply = time.monotonic(), self.flash.notes
        elif phase is Phase.UPLOAD:
            self._replied_at = None
        self._within(self._aim.wire(phase, size))

    def _read(self, trace):
        """QEMU's trace and its complaints, to the end."""
        with trace, trace.makefile(encoding="utf-8", errors="replace") as lines, \
                open(self.box.folder / "qemu.log", "a", encoding="utf-8") as log:
            for line in lines:
                log.write(line)
                event = self.flash.take(line)
                if event == "erase":
                    self._erased_at = time.monotonic()
                if event and not self.over.is_set():
                    self._within(self._aim.flash(event, self.flash))

    def _kill(self):
        with self._lock:
            if self.over.is_set():
                return
            self.wire_at_end = self.box.wire.phase
            self._killed_at = time.monotonic()
            self.lasted_s = self._killed_at - self.began
            self.device.signal(signal.SIGKILL)
            self.over.set()

    def stop(self):
        """The power is gone by now, or at once."""
        self._kill()
        self.device.stop()
        self._reader.join()
        self.box.wire.serve(None)
        self.has_told_end = self.sender.stop(signal.SIGKILL) != -signal.SIGKILL

    # ---- afterwards ---------------------------------------------------------------------------

    def hit(self, has_record):
        """The phase in which the power went, by flash and wire. `has_record`: of this boot."""
        flash, wire = self.flash, self.wire_at_end
        if self._replied_at is not None and self._is_noting(flash):
            return aims.ACK
        if flash.is_within and flash.entry.is_record:
            return aims.WRITE
        if flash.is_erasing and self._killed_at - self._erased_at < INSTANT_S:
            return aims.ERASE
        if wire is Phase.HANDSHAKE:
            return aims.HANDSHAKE
        if wire is Phase.UPLOAD:
            return aims.UPLOAD
        return aims.STREAM if has_record else aims.BOOT

    def _is_noting(self, flash):
        """Behind an answer: nothing of it is noted yet, or the note of a second ring is begun. Of a
        board without a trace of its flash only the first instants count."""
        if not self.box.machine.flash:
            return self._killed_at - self._replied_at < INSTANT_S
        notes = flash.notes - self._notes_at_reply
        return notes == 0 or (notes == 1 and flash.is_within and flash.entry.is_checkpoint)


class Unpinned(board.Board):
    """With its sender wherever there is room: their pace is not judged here."""
    pace = None

    def signal(self, number):
        self._process.send_signal(number)

    @property
    def has_ended(self):
        return self._process.poll() is not None
