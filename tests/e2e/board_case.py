# SPDX-License-Identifier: Apache-2.0
"""What tests of whole runs with a board have in common."""
import atexit
import functools
import os
import pathlib
import tempfile
import threading
import time
import types
import unittest

import agreement
import board
import devices
import qmp
import scenario

DELIVERY_S = 60
PREPARING = threading.Lock()  # cases may be set up side by side
UPLOADS_MORE = 3  # the first ones bring what waited; the notes on memory are up to a second old


def accepted(agents):
    """Uploads that were, as the device had it when it made the newest of these records."""
    return agreement.last(agents, "a").get("au", 0)


def prepare(maker):
    """What all cases with a board share, made once a run: `image` reports to `port`."""
    with PREPARING:
        return prepare_once(maker)


@functools.cache
def prepare_once(maker):
    holder = tempfile.TemporaryDirectory(dir=os.environ.get("TALLY_TEST_DIR"))
    atexit.register(holder.cleanup)
    shared = pathlib.Path(holder.name)
    certs = scenario.make_certificates(shared / "certs")
    scenario.make_operator(certs)
    port = board.choose_port()
    return types.SimpleNamespace(
        shared=shared, certs=certs, port=port,
        media=scenario.make_media(shared, 10, maker.stream_kbps),
        image=board.build(maker.board, shared / "firmware", certs, port))


class BoardCase(unittest.TestCase):
    maker = devices.Mps2

    @classmethod
    def setUpClass(cls):
        for name, value in vars(prepare(cls.maker)).items():
            setattr(cls, name, value)

    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(dir=self.shared))

    def start(self, maker, *arguments, **settings):
        process = maker(self.folder, *arguments, **settings)
        self.addCleanup(process.stop)
        return process

    def collector(self, *switches, **settings):
        return self.start(scenario.Collector, self.certs, *switches,
                          **{"port": self.port, **settings})

    def device(self, *switches, **settings):
        return self.start(self.maker, self.certs, self.port, self.image, *switches, **settings)

    def sender(self, device, *switches):
        return self.start(scenario.Sender, self.media, device, *switches)

    def held_device(self, *switches):
        """A board that has not run yet, and the monitor to let it."""
        path = self.folder / "qmp"
        device = self.device(*qmp.switches(path), *switches)
        monitor = qmp.Monitor(path)
        self.addCleanup(monitor.close)
        return device, monitor

    def until(self, what, found, device):
        """What found() returns once that is something."""
        deadline = time.monotonic() + DELIVERY_S
        while time.monotonic() < deadline:
            result = found()
            if result:
                return result
            time.sleep(0.1)
        return self.fail(f"not in {DELIVERY_S} s: {what}; the UART's last lines:\n"
                         + device.log.read_text(errors="replace")[-2000:])

    def stored_rows(self, collector):
        return agreement.record_rows(collector.rows("SELECT * FROM records"),
                                     agreement.last(collector.records("a"), "a"))

    def await_delivery(self, collector, device):
        """Waits until every record is stored once and the agent knows that its uploads are accepted
        again; its newest word on itself."""
        before = accepted(collector.records("a"))

        def delivered():
            agents = collector.records("a")
            whole = all(row.agrees for row in self.stored_rows(collector))
            return agents[-1] if whole and accepted(agents) >= before + UPLOADS_MORE else None

        agent = self.until("every record stored once", delivered, device)
        self.assertEqual(len(collector.rows("SELECT DISTINCT boot FROM records")), 1)
        self.assertEqual(collector.records()[0]["k"], "b")
        return agent
