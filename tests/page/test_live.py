# SPDX-License-Identifier: Apache-2.0
"""The page goes on by itself: records that arrive, a collector that is started again, rows that somebody
changes; and devices whose records are not what they should be."""
import contextlib
import json
import sqlite3
import unittest
import urllib.parse

import cbor2
import figures
from browser import DESKTOP
from made import Life, Street, View
from page_case import PageCase

SHOWN = """return JSON.parse(
document.querySelector(`#devices [data-${arguments[0]}]`)?.dataset.value ?? "null")"""
CHANGE = "UPDATE records SET {} = ? WHERE device = ? AND boot = ? AND seq = ?"


class Live(PageCase):
    def setUp(self):
        super().setUp()
        self.browser.resize(DESKTOP)
        self.collector = self.serve()
        self.street = Street(self.collector.database, self.registry)

    def mark(self):
        """Something that a page which is loaded anew has not."""
        self.browser.run("window.marked = true")

    def assert_marked(self):
        self.assertTrue(self.browser.run("return window.marked"), "the page was loaded anew")

    def open_device(self, device):
        self.open(self.collector, "/device?" + urllib.parse.urlencode({"device": device}))

    def change(self, column, value, device, boot, seq):
        with contextlib.closing(sqlite3.connect(self.collector.database)) as database, database:
            changed = database.execute(CHANGE.format(column), (value, device, boot, seq)).rowcount
        self.assertEqual(changed, 1)

    # ---- by itself --------------------------------------------------------------------------

    def test_an_empty_page_fills_as_devices_come(self):
        self.open(self.collector)
        self.mark()
        self.assertIn("No device", self.browser.run("return document.body.innerText"))
        life, view = self.street.move_in("stb-0001", seconds=4)
        self.await_shown(self.collector)
        self.assertEqual(self.browser.run(SHOWN, "metric='p.pt'"), 4000)
        view.play(3)
        life.upload()
        self.await_shown(self.collector)
        self.assertEqual(self.browser.run(SHOWN, "metric='p.pt'"), 7000)
        view.end()
        life.upload()
        self.await_shown(self.collector)
        self.assertEqual(self.browser.run(SHOWN, "figure='state'"), "ended")
        self.assert_marked()
        self.assertEqual(self.compared(self.collector), [])
        self.assertEqual(self.complaints(), [])

    def test_a_device_s_page_follows_its_session(self):
        life, view = self.street.move_in("stb-0001", seconds=4)
        self.open_device("stb-0001")
        self.mark()
        for _ in range(3):
            view.play(2)
            view.stall(700)
            life.upload()
            self.await_shown(self.collector)
            self.assertEqual(self.compared(self.collector), [])
        self.assert_marked()
        self.assertEqual(self.complaints(), [])

    def test_a_collector_that_is_started_again_is_found_again(self):
        life, view = self.street.move_in("stb-0001", seconds=4)
        self.open(self.collector)
        self.mark()
        self.collector.stop()
        self.browser.until("the page says that nobody answers",
                           "return document.documentElement.dataset.live === 'waiting'")
        view.play(2)
        life.upload()
        self.serve(page=self.collector.page)
        self.await_shown(self.collector)
        self.assertEqual(self.browser.run(SHOWN, "metric='p.pt'"), 6000)
        self.assert_marked()
        self.assertEqual(self.compared(self.collector), [])

    # ---- the comparison can fail ------------------------------------------------------------

    def test_a_row_that_is_changed_is_the_one_difference(self):
        life, _ = self.street.move_in("stb-0001", seconds=6)
        self.street.move_in("stb-0002", seconds=6)
        self.open(self.collector)
        self.assertEqual(self.compared(self.collector), [])
        seq, record = self.database(self.collector).newest("stb-0001", life.boot, {"h"}, 1)
        record["p"]["sd"] += 1

        self.change("bytes", cbor2.dumps(record, canonical=True), "stb-0001", life.boot, seq)
        self.assertEqual(self.found(), {("stb-0001", seq, "p.sd")})
        self.open_device("stb-0001")
        self.assertEqual(self.found(), {("stb-0001", seq, "p.sd")})
        self.open_device("stb-0002")
        self.assertEqual(self.found(), set())

    def test_a_row_that_is_changed_behind_its_bytes_is_the_one_difference(self):
        life, _ = self.street.move_in("stb-0001", seconds=6)
        self.open(self.collector)
        self.mark()
        seq, record = self.database(self.collector).newest("stb-0001", life.boot, {"a"})
        record["a"]["ap"] += 1
        self.change("json", json.dumps(record), "stb-0001", life.boot, seq)
        self.browser.until("the page shows it by itself", SHOWN + " === arguments[1]",
                           "metric='a.ap'", record["a"]["ap"])
        self.assertEqual(self.found(), {("stb-0001", seq, "a.ap")})
        self.assert_marked()

    def found(self):
        return {(each.device, each.seq, each.what) for each in self.compared(self.collector)}

    # ---- devices that are not as they should be ---------------------------------------------

    def test_a_session_cut_by_a_boot_is_not_going_on(self):
        first, _ = self.street.move_in("stb-0001", seconds=4)
        again, _ = self.street.move_in("stb-0001", seconds=2)
        self.open_device("stb-0001")
        self.assertEqual(self.compared(self.collector), [])
        states = {each["boot"]: each["value"] for each in figures.read(self.browser)
                  if each["figure"] == "state"}
        self.assertEqual(states, {first.boot: "cut", again.boot: "playing"})

    def test_refused_uploads_are_told(self):
        self.street.move_in("stb-0001", seconds=2)
        self.street.refuse("stb-0001", 422, "record 3: <b>k</b> missing")
        self.open_device("stb-0001")
        self.assertEqual(self.compared(self.collector), [])
        self.assertIn("record 3: <b>k</b> missing",
                      self.browser.run("return document.getElementById('refused').innerText"))

    def test_of_another_registry_nothing_is_said_to_be_unmeasured(self):
        life = Life(self.collector.database, self.registry, "stb-0001", 77, 1_700_000_000_000)
        life.begin()
        view = View(life, 1, "seed")
        view.start()
        view.play(3)
        life.upload(registry=self.registry.version + 1)
        self.open(self.collector)
        self.assertEqual(self.compared(self.collector), [])
        self.open_device("stb-0001")
        self.assertEqual(self.compared(self.collector), [])
        self.assertEqual({each["state"] for each in figures.read(self.browser) if each["metric"]},
                         {"told", "unknown", "none"})

    def test_records_of_any_shape_that_is_accepted_can_be_looked_at(self):
        self.watch_odd("odd", ODD, newer=0)
        self.watch_odd("odder", ODDER, newer=1)
        self.open(self.collector)
        self.assertEqual(self.browser.run("return document.querySelectorAll('#devices tbody tr')"
                                          ".length"), 2)
        self.assertEqual(self.complaints(), [])

    def watch_odd(self, device, shapes, newer):
        """Each shape is the last word of a session of its own."""
        life = Life(self.collector.database, self.registry, device, 77, 1_700_000_000_000)
        life.begin()
        for number, (kind, groups) in enumerate(shapes, 1):
            view = View(life, number, number)
            view.start()
            view.play(2)
            life.put(kind, number, **groups)
            life.put("a" if kind == "h" else "d")
        life.upload(registry=self.registry.version + newer)
        self.open_device(device)
        for number, shape in enumerate(shapes, 1):
            with self.subTest(shape=shape):
                self.browser.run("document.querySelector(`#sessions a[href$='session=${arguments[0]}']`)"
                                 ".click()", number)
                self.browser.until("the session is there", "return document.getElementById("
                                   "'session-title').textContent.startsWith(arguments[0])",
                                   f"Session {number} ")
                self.assertEqual(self.complaints(), [])
        self.browser.run("document.getElementById('records').open = true")
        self.browser.until("records are listed", "return document.querySelector('#raw .record')")
        self.browser.run("document.querySelectorAll('#raw .record').forEach((one) => one.open = true)")
        self.browser.until("they are open",
                           "return !document.querySelector('#raw .record:not(:has(pre))')")


# What a device may say as far as the collector is concerned: keys that nobody knows hold anything.
ODD = (
    ("h", {}), ("h", {"p": {}}), ("h", {"p": {}, "l": {}, "i": {}, "m": {}}), ("h", {"zz": 5}),
    ("h", {"zz": {"aa": 1}, "yy": [1, {"x": [2]}]}), ("h", {"p": {"pt": 1 << 53, "xe": 1}}),
    ("h", {"p": {"..": 1, ".": 2, "__": 3, "<b": 4, "~": [1, {"x": [2]}]}}),
    ("h", {"l": {"lb": [0, 0, 0, 0, 0], "lt": [-5, -9, 3, 1, 0]}}), ("e", {}), ("e", {"e": {}}),
    ("e", {"e": {"et": 1, "ec": -(1 << 53)}}), ("r", {"sn": 9}), ("r", {"sn": 9, "r": {"rl": -7}}),
    ("f", {"sn": 9, "f": {}}), ("r", {"sn": 65_535, "r": {"rx": 1, "rl": 5, "ry": 1}}),
    ("t", {"sn": 9}), ("j", {"sn": 9, "j": {"jl": -1}}), ("j", {"sn": 9}), ("o", {"sn": 1}),
    ("x", {}), ("x", {"p": {}, "d": {}}), ("s", {}), ("s", {"c": {}}), ("s", {"c": {"zz": 1}}),
    ("q", {"p": {"pt": 5}}), ("Q", {"e": {"et": 2}}),
)
# And what a newer one may: other values of lists, groups in other records.
ODDER = (
    ("h", {"p": {"se": 99, "sr": 77}}), ("h", {"e": {"et": 3}, "r": {"rl": 1}}),
    ("e", {"e": {"et": 99}, "p": {"se": 1}}), ("s", {"d": {"ki": 77, "dy": 99, "pl": 9}}),
    ("x", {"p": {"se": 99, "sr": -1}}), ("r", {"sn": 9, "p": {"pt": 5}, "f": {"fr": 3}}),
)


if __name__ == "__main__":
    unittest.main()
