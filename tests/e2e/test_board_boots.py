# SPDX-License-Identifier: Apache-2.0
"""A board that starts again and again: asked to, by its watchdog, by a fault, without power. What is
durable is not the board's to say: tally-spool reads it from the file that is the board's store."""
import json
import signal
import unittest

from board_case import DELIVERY_S, BoardCase
from spool_image import read_image

RESETS = 6
LOOP_RESETS = 3  # from the third in a row on the box is in a boot loop, see boards/box/README.md

# Of the registry.
RESET_POWER_ON, RESET_SOFTWARE, RESET_WATCHDOG, RESET_FAULT = 1, 2, 3, 4
STOP_SHUTDOWN, STOP_ZAP, STOP_SUSPENDED = 4, 5, 11
KIND_ZAP = 1

STARTED = "agent: started"
JOINED = "session: opened"


class BoardBoots(BoardCase):
    spool_at, spool_bytes = 0, 256 * 4096  # in the store, see boards/mps2-an385/stores.c
    geometry = ()
    # Each instruction takes 64 ns of the guest's time: what computes without end does so for a
    # second or two until the watchdog's 10 s are over.
    fast = ("-icount", "shift=6,align=off,sleep=on")

    def setUp(self):
        super().setUp()
        self.store = self.folder / "store"
        self.away = self.collector()
        self.away.stop()

    def boot(self, *switches):
        return self.device(*switches, store=self.store)

    def waiting(self):
        """What waits in the store; the board does not run."""
        image = self.folder / "spool"
        with open(self.store, "rb") as store:
            store.seek(self.spool_at)
            image.write_bytes(store.read(self.spool_bytes))
        return read_image(image, *self.geometry)

    def cut_power(self, device):
        self.assertEqual(device.stop(signal.SIGKILL), -signal.SIGKILL)
        return self.waiting()

    def stored(self):
        return {(row["boot"], row["seq"]): row
                for row in self.away.rows("SELECT * FROM records")}

    def boots(self):
        """The boot records that are stored, in the order of the boots."""
        rows = self.away.rows("SELECT json FROM records WHERE kind = 'b'")
        return sorted((json.loads(row["json"]) for row in rows), key=lambda boot: boot["b"]["bc"])

    def ends(self):
        """The sessions that are over, in the order of their ends."""
        rows = self.away.rows("SELECT json FROM records WHERE kind = 'x' ORDER BY upload_id, seq")
        return [json.loads(row["json"]) for row in rows]

    def await_stored(self, waiting, device):
        """Until all that was seen in the store is stored, as it was there, once."""
        expected = {(each.boot, each.number): each.data for each in waiting}

        def delivered():
            return expected.keys() <= self.stored().keys()

        self.until("all that waited is stored", delivered, device)
        stored = self.stored()
        for key, data in expected.items():
            self.assertEqual(stored[key]["bytes"], data)

    # ---- the power --------------------------------------------------------------------------

    def test_what_waits_and_what_is_set_outlives_the_power(self):
        device = self.boot()
        device.await_line("session: opened", DELIVERY_S)
        device.await_line("W uplink: failed, status", DELIVERY_S)
        waiting = self.cut_power(device)
        self.assertEqual([each.kind for each in waiting][:2], ["b", "s"])

        self.collector()
        device = self.boot()
        self.await_stored(waiting, device)
        first, second = self.until("both boots", lambda: self.boots()[1:] and self.boots(), device)
        self.assertEqual([boot["b"]["re"] for boot in (first, second)], 2 * [RESET_POWER_ON])
        self.assertEqual([boot["b"]["bc"] for boot in (first, second)], [1, 2])
        self.assertEqual(second["b"]["bb"], waiting[0].boot)
        # Nobody saw the end of the first boot's session, so nobody says when it was.
        self.assertEqual([row["kind"] for row in self.stored().values()
                          if row["boot"] == waiting[0].boot and row["kind"] == "x"], [])

    # ---- resets -----------------------------------------------------------------------------

    def hang(self, device, times):
        """Lets the board hang until its watchdog has reset it so often."""
        for resets in range(times):
            running = JOINED if resets < LOOP_RESETS else "boot loop"
            before = resets if resets < LOOP_RESETS else resets - LOOP_RESETS
            self.until(f"boot {resets + 1}", lambda: device.count(running) > before, device)
            device.command("hang")
            self.until(f"reset {resets + 1}",
                       lambda: device.count("reset: watchdog") > resets, device)
        self.until("the last boot", lambda: device.count(STARTED) > times, device)

    def test_a_boot_loop_keeps_what_was_there_and_says_so(self):
        device = self.boot(*self.fast)
        self.hang(device, RESETS)
        self.assertEqual(device.count("\nWATCHDOG "), RESETS)
        waiting = self.cut_power(device)
        boots = [each.boot for each in waiting if each.kind == "b"]
        # In the loop no session begins, and after two such boots the record of a boot is held back.
        sessions = [each.boot for each in waiting if each.kind == "s"]
        self.assertEqual(sessions, boots[:LOOP_RESETS])
        self.assertEqual(len(boots), LOOP_RESETS + 2)

        self.collector()
        device = self.boot()
        self.await_stored(waiting, device)
        records = self.boots()[:len(boots)]
        self.assertEqual([boot["b"]["bc"] for boot in records], list(range(1, len(boots) + 1)))
        self.assertEqual([boot["b"]["re"] for boot in records],
                         [RESET_POWER_ON] + (len(boots) - 1) * [RESET_WATCHDOG])
        self.assertEqual([boot["b"].get("bb") for boot in records], [None, *boots[:-1]])
        self.assertEqual([row["kind"] for row in self.stored().values()
                          if row["boot"] in boots and row["kind"] == "x"], [])

    def test_each_way_to_leave_a_channel_ends_its_session_for_its_own_reason(self):
        self.collector()
        device = self.boot()
        device.await_line(JOINED, DELIVERY_S)
        sender = self.sender(device, "--seconds", "60")

        def heartbeat(session):
            return lambda: [record for record in self.away.records("h")
                            if record["s"] == session and record["p"].get("pt", 0) > 0]

        self.until("a first session that plays", heartbeat(1), device)
        device.command("zap")
        self.until("a second session that plays", heartbeat(2), device)
        device.command("standby")
        self.until("standby", lambda: device.count("command: ok") == 2, device)
        sender.stop()
        device.command("resume")
        self.until("a third session", lambda: device.count(JOINED) == 3, device)
        device.command("restart")
        self.until("a restart", lambda: device.count("reset: software") == 1, device)
        self.until("the next session", lambda: device.count(JOINED) == 4, device)
        device.command("fault")
        self.until("a fault", lambda: device.count("reset: fault") == 1, device)
        boots = self.until("three boots", lambda: self.boots()[2:] and self.boots(), device)
        self.assertEqual([boot["b"]["re"] for boot in boots],
                         [RESET_POWER_ON, RESET_SOFTWARE, RESET_FAULT])
        ends = self.ends()
        self.assertEqual([(end["s"], end["p"]["sr"]) for end in ends],
                         [(1, STOP_ZAP), (2, STOP_SUSPENDED), (3, STOP_SHUTDOWN)])
        self.assertEqual(ends[1]["d"]["ki"], KIND_ZAP)
        self.assertGreater(ends[1]["p"]["zd"], 0)

    # ---- the console ------------------------------------------------------------------------

    def test_what_is_no_command_is_said_to_be_none(self):
        device = self.boot()
        device.await_line(JOINED, DELIVERY_S)
        for line, answer in (("\x00\xff" * 2000, "bad argument"), ("zap" * 20, "bad argument"),
                             ("resume", "wrong state for this call"), ("zap", "ok")):
            before = device.count(f"command: {answer}")
            device.command(line)
            self.until(answer, lambda: device.count(f"command: {answer}") > before, device)


if __name__ == "__main__":
    unittest.main()
